"""What a request may ask, and the only place that rejects input. Unknown and repeated parameters are errors."""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, Self

from fastapi import Header, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from api.auth.accounts import checked_member, checked_role, checked_username
from api.windows import Comparison, Interval, days_per
from jobs_config.errors import ConfigError
from warehouse.semantic import load_model

DEFAULT_DAYS = 30
MOST_DAYS = 36_525
MOST_BUCKETS = 5_000
MOST_ROWS = 1_000
FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(2999, 12, 31)

MOST_VALUES = 50

# Counts of people need care cell by cell; the summary takes it, a series by day would undo it.
COUNTS_OF_PEOPLE = ("customers",)
ASKABLE_METRICS = tuple(name for name in load_model().metrics if name not in COUNTS_OF_PEOPLE)
DEFAULT_SERIES = ("net_revenue", "net_units", "gross_revenue", "return_units", "orders")
RANKED_BY = tuple(name for name, metric in load_model().metrics.items() if metric.is_additive)

# What a member is told apart by: the dimension itself, and what it is part of.
PLACES = {
    "country": ("country",),
    "region": ("country", "region"),
    "store": ("country", "region", "store"),
    "channel": ("channel",),
    "genre": ("genre",),
    "subgenre": ("genre", "subgenre"),
    "format": ("format",),
    "publisher": ("publisher",),
    "imprint": ("publisher", "imprint"),
    "source": ("source",),
}
BANDS = {name: (name,) for name, dimension in load_model().dimensions.items() if dimension.line}
MEMBERS = {**PLACES, **BANDS}


def _plain_date(value: Any) -> Any:
    # pydantic would also take 20240101, as seconds since 1970.
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise PydanticCustomError("date", "Input should be a date, YYYY-MM-DD")
    return value


def _in_range(value: date) -> date:
    if not FIRST_DATE <= value <= LAST_DATE:
        raise PydanticCustomError("date", f"Input should be a date from {FIRST_DATE} to {LAST_DATE}")
    return value


def _one_of(names: tuple[str, ...]) -> AfterValidator:
    """A check that a text is one of the names. Which of them the caller may see is decided where the question is asked."""

    def known(value: str) -> str:
        if value not in names:
            raise PydanticCustomError("name", "Input should be one of {names}", {"names": ", ".join(names)})
        return value

    return AfterValidator(known)


BusinessDate = Annotated[date, BeforeValidator(_plain_date), AfterValidator(_in_range)]
SeriesMetric = Annotated[str, Field(json_schema_extra={"enum": list(ASKABLE_METRICS)}), _one_of(ASKABLE_METRICS)]
BrokenDownBy = Annotated[str, Field(json_schema_extra={"enum": list(MEMBERS)}), _one_of(tuple(MEMBERS))]
MovedBy = Annotated[str, Field(json_schema_extra={"enum": [*PLACES, "book"]}), _one_of((*PLACES, "book"))]
RankedBy = Annotated[str, Field(json_schema_extra={"enum": list(RANKED_BY)}), _one_of(RANKED_BY)]
Value = Annotated[str, Field(min_length=1, max_length=300)]
Values = Annotated[tuple[Value, ...], Field(max_length=MOST_VALUES)]
Isbn = Annotated[str, Field(pattern=r"^\d{13}$", max_length=13)]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="how many rows at most; what is left out is in `other`")]
After = Annotated[
    int, Field(ge=0, le=10_000_000, description="go on after the row of this `rank`: `next` of the answer before")
]
Pinned = Annotated[
    int | None,
    Header(
        alias="X-Data-Version",
        ge=1,
        description="the publication the answer must come from: the one that serves, or one before it that is kept",
    ),
]


def _as_account(check: Callable[[str], str]) -> AfterValidator:
    """A check of the accounts as one of a parameter."""

    def checked(value: str) -> str:
        try:
            return check(value)
        except ConfigError as error:
            raise PydanticCustomError("account", "{reason}", {"reason": str(error)}) from error

    return AfterValidator(checked)


Text = Annotated[str, Field(max_length=1_000)]
Username = Annotated[str, Field(max_length=64), _as_account(checked_username)]
Role = Annotated[str, Field(max_length=20), _as_account(checked_role)]
Member = Annotated[str, Field(max_length=500, description="`Parent` or `Parent / Child`"), _as_account(checked_member)]
Members = Annotated[tuple[Member, ...], Field(max_length=200)]


class RequestBody(BaseModel):
    """What a request's body may hold, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WindowQuery(BaseModel):
    """A window of business dates: `days` ending on the last day with data, or `from` and `until`, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    days: int | None = Field(
        None, ge=1, le=MOST_DAYS, description=f"business dates ending on data-through; {DEFAULT_DAYS} by default"
    )
    from_date: BusinessDate | None = Field(None, alias="from", description="first business date")
    until: BusinessDate | None = Field(None, description="last business date, included")

    @model_validator(mode="after")
    def is_one_window(self) -> Self:
        if self.days is not None and (self.from_date or self.until):
            raise PydanticCustomError("window", "give either days, or from and until")
        if (self.from_date is None) != (self.until is None):
            raise PydanticCustomError("window", "give from and until together")
        if self.from_date and self.until and self.until < self.from_date:
            raise PydanticCustomError("window", "until is before from")
        if self.day_count > MOST_DAYS:
            raise PydanticCustomError("window", f"a window has at most {MOST_DAYS} days")
        return self

    @property
    def day_count(self) -> int:
        """Days of the window."""
        if self.from_date and self.until:
            return (self.until - self.from_date).days + 1
        return self.days or DEFAULT_DAYS


class FilteredQuery(WindowQuery):
    """A window and what counts within it. Several values of one filter are alternatives; filters narrow each other."""

    region: Values = Field((), description="regions of the store; repeat for several")
    country: Values = Field((), description="countries of the store; repeat for several")
    store: Values = Field((), description="stores; repeat for several")
    channel: Values = Field((), description="channels of the store; repeat for several")
    genre: Values = Field((), description="genres of the book version sold; repeat for several")
    subgenre: Values = Field((), description="subgenres; repeat for several")
    publisher: Values = Field((), description="publishers, their imprints included; repeat for several")
    imprint: Values = Field((), description="imprints; repeat for several")
    format: Values = Field((), description="formats, such as ebook; repeat for several")
    author: Values = Field((), description="books by any of these authors; repeat for several")
    book: Annotated[tuple[Isbn, ...], Field(max_length=MOST_VALUES)] = Field(
        (), description="books, by ISBN-13 of today; repeat for several"
    )
    source: Values = Field((), description="sources, those outside default totals too; repeat for several")

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters that are given."""
        given = {name: getattr(self, name) for name in FILTERS}
        return {name: tuple(dict.fromkeys(values)) for name, values in given.items() if values}


FILTERS = tuple(name for name in FilteredQuery.model_fields if name not in WindowQuery.model_fields)

FilterName = Annotated[str, Field(json_schema_extra={"enum": list(FILTERS)}), _one_of(FILTERS)]


class ComparedQuery(FilteredQuery):
    """Also the numbers of another window."""

    comparison: Literal["none", "previous_period", "52_weeks", "year"] = Field(
        "none",
        description="also the equally long window before, the same weekdays 52 weeks ago, or the same days a year ago",
    )

    @property
    def compared_with(self) -> Comparison | None:
        """The kind of comparison, if any."""
        return None if self.comparison == "none" else self.comparison


class SummaryQuery(ComparedQuery):
    """What summary takes."""


class TimeseriesQuery(ComparedQuery):
    """What timeseries takes."""

    interval: Interval = Field("day", description="length of a bucket; weeks are retail weeks")
    metrics: Annotated[tuple[SeriesMetric, ...], Field(max_length=20)] = Field(
        DEFAULT_SERIES, description="repeat the parameter for several"
    )

    @model_validator(mode="after")
    def has_few_buckets(self) -> Self:
        if self.day_count > MOST_BUCKETS * days_per(self.interval):
            raise PydanticCustomError(
                "window", f"more than {MOST_BUCKETS} buckets; use a longer interval or a shorter window"
            )
        return self


class RankingQuery(ComparedQuery):
    """What top-books and the drill-downs take."""

    limit: Limit = 10
    after: After = 0
    measure: RankedBy = Field("net_revenue", description="what rows are ordered by, largest first")


class RegionQuery(RankingQuery):
    """What sales-by-region takes."""

    level: Literal["country", "region", "store"] = "region"


class GenreQuery(RankingQuery):
    """What sales-by-genre takes."""

    level: Literal["genre", "subgenre"] = "genre"


class MembersQuery(BaseModel):
    """What members takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Annotated[tuple[FilterName, ...], Field(min_length=1, max_length=len(FILTERS))] = Field(
        description="filters whose values are asked for; repeat for several"
    )
    search: str = Field("", max_length=100, description="only those that contain this, whatever the case")
    limit: Limit = 100


class BreakdownQuery(ComparedQuery):
    """What breakdown takes."""

    by: BrokenDownBy = Field(description="what the numbers are cut by")
    metrics: Annotated[tuple[SeriesMetric, ...], Field(min_length=1, max_length=20)] = Field(
        ("net_revenue", "net_units"), description="repeat the parameter for several; rows are in order of the first"
    )
    limit: Limit = 100


class MoversQuery(ComparedQuery):
    """What movers takes."""

    by: MovedBy = Field(description="what the change is made up of")
    measure: RankedBy = "net_revenue"
    limit: Annotated[int, Field(ge=1, le=100, description="gains at most, and losses at most")] = 5
    comparison: Literal["previous_period", "52_weeks", "year"] = "previous_period"


class FindBooksQuery(BaseModel):
    """What books takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    search: Annotated[str, Field(min_length=2, max_length=100)] = Field(
        description="what title, author or ISBN contains, whatever the case"
    )
    limit: Annotated[int, Field(ge=1, le=MOST_VALUES, description="books at most")] = 20


class EventsQuery(WindowQuery):
    """What events takes."""


class BookQuery(WindowQuery):
    """What a book's page takes."""


def refuse_repeated(request: Request) -> None:
    """A parameter given twice is an error: which one would hold? Only `metrics`, `of` and filters are lists."""
    names = [name for name, _ in request.query_params.multi_items()]
    repeated = sorted({name for name in names if names.count(name) > 1 and name not in ("metrics", "of", *FILTERS)})
    if repeated:
        raise RequestValidationError(
            [
                {"type": "repeated", "loc": ("query", name), "msg": "given more than once", "input": None}
                for name in repeated
            ]
        )
