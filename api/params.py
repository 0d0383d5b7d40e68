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
from api.windows import Interval, days_per
from jobs_config.errors import ConfigError
from warehouse.permissions import load_permissions
from warehouse.semantic import load_model

DEFAULT_DAYS = 30
MOST_DAYS = 36_525
MOST_BUCKETS = 5_000
MOST_ROWS = 1_000
FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(2999, 12, 31)

# Counts of people need care cell by cell; the summary takes it, a series by day would undo it.
SERIES_METRICS = tuple(name for name in load_permissions().metrics_of("viewer", load_model()) if name != "customers")
DEFAULT_SERIES = ("net_revenue", "net_units", "gross_revenue", "return_units", "orders")


def _plain_date(value: Any) -> Any:
    # pydantic would also take 20240101, as seconds since 1970.
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise PydanticCustomError("date", "Input should be a date, YYYY-MM-DD")
    return value


def _in_range(value: date) -> date:
    if not FIRST_DATE <= value <= LAST_DATE:
        raise PydanticCustomError("date", f"Input should be a date from {FIRST_DATE} to {LAST_DATE}")
    return value


def _open_metric(value: str) -> str:
    if value not in SERIES_METRICS:
        raise PydanticCustomError("metric", "Input should be one of {metrics}", {"metrics": ", ".join(SERIES_METRICS)})
    return value


BusinessDate = Annotated[date, BeforeValidator(_plain_date), AfterValidator(_in_range)]
SeriesMetric = Annotated[str, BeforeValidator(_open_metric), Field(json_schema_extra={"enum": list(SERIES_METRICS)})]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="how many rows at most; what is left out is in `other`")]
Measure = Literal["net_revenue", "net_units"]
Pinned = Annotated[
    int | None, Header(alias="X-Data-Version", ge=1, description="the publication the answer must come from")
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


class SummaryQuery(WindowQuery):
    """What summary takes."""

    comparison: Literal["none", "previous_period"] = Field("none", description="also the equally long window before")


class TimeseriesQuery(WindowQuery):
    """What timeseries takes."""

    interval: Interval = Field("day", description="length of a bucket; weeks are retail weeks")
    metrics: tuple[SeriesMetric, ...] = Field(DEFAULT_SERIES, description="repeat the parameter for several")

    @model_validator(mode="after")
    def has_few_buckets(self) -> Self:
        if self.day_count > MOST_BUCKETS * days_per(self.interval):
            raise PydanticCustomError(
                "window", f"more than {MOST_BUCKETS} buckets; use a longer interval or a shorter window"
            )
        return self


class RankingQuery(WindowQuery):
    """What sales-by-region and top-books take."""

    limit: Limit = 10
    measure: Measure = Field("net_revenue", description="what rows are ordered by, largest first")


class GenreQuery(RankingQuery):
    """What sales-by-genre takes."""

    level: Literal["genre", "subgenre"] = "genre"


def refuse_repeated(request: Request) -> None:
    """A parameter given twice is an error: which one would hold? Only `metrics` is a list."""
    names = [name for name, _ in request.query_params.multi_items()]
    repeated = sorted({name for name in names if names.count(name) > 1 and name != "metrics"})
    if repeated:
        raise RequestValidationError(
            [
                {"type": "repeated", "loc": ("query", name), "msg": "given more than once", "input": None}
                for name in repeated
            ]
        )
