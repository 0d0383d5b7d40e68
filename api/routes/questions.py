"""What can be asked at all, and questions of one's own."""

import re
from datetime import date
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request, Response
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from api.answers import shown_row
from api.asking import Asking
from api.callers import caller_of
from api.params import COUNTS_OF_PEOPLE, After, Pinned, Value, WindowQuery
from api.rendering import render
from api.routes.analytics import PREFIX
from api.shapes.bodies import Body, Table
from api.shapes.dictionary import Dictionary
from api.view import MODEL, view_of
from warehouse.planner import Question
from warehouse.semantic import Dimension, Selection

METRICS, DIMENSIONS = tuple(MODEL.metrics), tuple(MODEL.dimensions)
FILTERS = (*MODEL.dimensions, *MODEL.selections)
MOST_DIMENSIONS, MOST_FILTER_VALUES, MOST_ROWS = 4, 200, 5_000

router = APIRouter(prefix=PREFIX, tags=["analytics"])

Names = Annotated[tuple[Value, ...], Field(max_length=20)]
FilterValue = Annotated[str, Field(max_length=300)] | Annotated[int, Field(ge=-(2**62), le=2**62)]


class OwnQuestion(WindowQuery):
    """Metrics by dimensions over a window; as JSON."""

    metrics: Names = Field(min_length=1, description="what is measured: names of `metrics/`")
    dimensions: Annotated[tuple[Value, ...], Field(max_length=MOST_DIMENSIONS)] = ()
    filters: dict[Value, Annotated[tuple[FilterValue, ...], Field(min_length=1, max_length=MOST_FILTER_VALUES)]] = (
        Field(default_factory=dict, max_length=10)
    )
    order_by: Value | None = Field(None, description="a metric, largest first, or a dimension; else the dimensions")
    limit: int = Field(1_000, ge=1, le=MOST_ROWS)
    after: After = 0

    @field_validator("metrics", "dimensions", "filters")
    @classmethod
    def are_known(cls, given: Any, info: Any) -> Any:
        known = {"metrics": METRICS, "dimensions": DIMENSIONS, "filters": FILTERS}[info.field_name]
        unknown = [name for name in given if name not in known]
        if unknown:
            raise PydanticCustomError(
                "name", "no {found}; there are {known}", {"found": unknown[0][:60], "known": ", ".join(known)}
            )
        return given if info.field_name == "filters" else tuple(dict.fromkeys(given))

    @field_validator("filters")
    @classmethod
    def are_of_their_type(cls, given: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        return {name: tuple(_typed(name, value) for value in values) for name, values in given.items()}

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if self.order_by is not None and self.order_by not in (*self.metrics, *self.dimensions):
            raise PydanticCustomError("order", "order_by is one of the metrics or dimensions asked for")
        if self.dimensions and set(COUNTS_OF_PEOPLE) & set(self.metrics):
            raise PydanticCustomError("people", "customers are counted over a whole window, by no dimension")
        return self


def _typed(name: str, value: Any) -> Any:
    """A value as its dimension has it. Raises PydanticCustomError for one of another type."""
    kind = MODEL.dimensions[name].type if name in MODEL.dimensions else "string"
    if kind == "date" and isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif (kind == "bigint" and isinstance(value, int)) or (kind == "string" and isinstance(value, str)):
        return value
    wanted = {"date": "a date, YYYY-MM-DD", "bigint": "a whole number"}.get(kind, "a text")
    raise PydanticCustomError(
        "type", "{name} is {wanted}, not {found}", {"name": name, "wanted": wanted, "found": str(value)[:60]}
    )


@router.get("/metrics/", name="metrics", operation_id="metrics", response_model=Dictionary)
@router.get("/metrics", name="metrics", include_in_schema=False, response_model=None)
def metrics(request: Request) -> Response:
    """The dictionary: every metric in sight with its meaning, and what numbers may be cut and filtered by."""
    view = view_of(caller_of(request))
    dimensions: dict[str, Dimension | Selection] = {**MODEL.dimensions, **MODEL.selections}
    return render(
        {
            "metrics": [
                {
                    "name": name,
                    "label": MODEL.metrics[name].label,
                    "unit": MODEL.metrics[name].unit,
                    "meaning": MODEL.metrics[name].meaning,
                    "adds_up": MODEL.metrics[name].is_additive,
                }
                for name in view.metrics
            ],
            "dimensions": [
                {"name": name, "label": dimensions[name].label, "can_group": name in MODEL.dimensions}
                for name in view.columns(dimensions)
            ],
        }
    )


@router.post("/query/", name="query", operation_id="query", response_model=Body[Table])
def query(request: Request, question: OwnQuestion, pinned: Pinned = None) -> Response:
    """Any metrics by any dimensions. Rows come a page at a time, and `row_count` says how many there are."""
    asking = Asking(request, question, pinned)
    asking.answers.view.require(question.filters)
    asking.filters = question.filters
    asked = Question(
        tuple(question.metrics),
        asking.window.first,
        asking.window.until,
        tuple(question.dimensions),
        dict(question.filters),
        order_by=question.order_by or "",
        limit=question.limit,
    )
    found = asking.answers.page(asked, question.after)
    count = found[0]["row_count"] if found else 0
    rows = [_row(row, asked.dimensions, asked.metrics) for row in found]
    last = question.after + len(rows)
    data = {"rows": rows, "row_count": count, "is_truncated": last < count}
    return asking.respond("query", data, lambda: rows, following=last if last < count else None)


def _row(row: dict[str, Any], dimensions: tuple[str, ...], metrics: tuple[str, ...]) -> dict[str, Any]:
    shown = shown_row({name: row[name] for name in metrics})
    return {**{name: row[name] for name in dimensions}, **{name: shown[name] for name in metrics}}
