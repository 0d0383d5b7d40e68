"""Customers, counted: new and repeat, by segment, and cohorts by the month of the first purchase."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from api.asking import Asking
from api.customers import complete_months, months_of, shown_cohort, shown_month
from api.params import Pinned, WindowQuery
from api.routes.analytics import PREFIX
from api.shapes.bodies import Body
from api.shapes.customers import Cohorts, CustomerMonths

router = APIRouter(prefix=f"{PREFIX}/customers", tags=["analytics"])


class NoChoice(BaseModel):
    """There is nothing to choose: two answers that differ by a little would tell of few people."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@router.get("/", name="customers", operation_id="customers", response_model=Body[CustomerMonths])
def customers(request: Request, query: Annotated[NoChoice, Query()], pinned: Pinned = None) -> Response:
    """New and repeat customers of the last complete months, and customers by segment."""
    asking, months = _asked(request, pinned)
    rows = [shown_month(month) for month in months]
    return asking.respond("customers", {"months": rows}, lambda: [_flat(row) for row in rows])


@router.get("/cohorts/", name="customer-cohorts", operation_id="customer_cohorts", response_model=Body[Cohorts])
def customer_cohorts(request: Request, query: Annotated[NoChoice, Query()], pinned: Pinned = None) -> Response:
    """Customers by the month they first bought in, and how many of them bought again in the months after."""
    asking, months = _asked(request, pinned)
    rows = [shown_cohort(month.first, months) for month in months]
    return asking.respond("cohorts", {"cohorts": rows}, lambda: [line for row in rows for line in _lines(row)])


def _asked(request: Request, pinned: int | None) -> tuple[Asking, list[Any]]:
    asking = Asking(request, WindowQuery.model_validate({}), pinned)
    asking.answers.view.require(("customers", "month", "segment"))
    asking.answers.columns |= dict.fromkeys(("customers", "month", "segment"))
    publication = asking.answers.publication
    window = complete_months(publication.data_from, publication.data_through)
    if window is None:
        return asking, []
    asking.window = window
    return asking, months_of(asking.answers, window)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    counts = {name: value for name, value in row.items() if name != "segments"}
    return {**counts, **{f"segment_{name}": count for name, count in row["segments"].items()}}


def _lines(row: dict[str, Any]) -> list[dict[str, Any]]:
    cells = zip(row["active"], row["ratio"], strict=True)
    about = {"cohort": row["cohort"], "customers": row["customers"]}
    return [
        {**about, "months_since": number, "active": count, "ratio": ratio}
        for number, (count, ratio) in enumerate(cells)
    ]
