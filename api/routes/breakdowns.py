"""Numbers by member: any metrics of each, and what each did to the change from one window to another."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.answers import rounded
from api.asking import Asking
from api.params import MEMBERS, PLACES, BreakdownQuery, MoversQuery, Pinned, refuse_repeated
from api.rankings import BOOKS
from api.routes.analytics import PREFIX
from api.shapes.analytics import Breakdown, Movement
from api.shapes.bodies import Body
from warehouse.ranking import BOOK_DIMENSIONS

router = APIRouter(prefix=PREFIX, tags=["analytics"], dependencies=[Depends(refuse_repeated)])

Row = dict[str, Any]


@router.get("/breakdown/", name="breakdown", operation_id="breakdown", response_model=Body[Breakdown])
@router.get("/breakdown", name="breakdown", include_in_schema=False, response_model=None)
def breakdown(request: Request, query: Annotated[BreakdownQuery, Query()], pinned: Pinned = None) -> Response:
    """Any metrics of each member, in order of the first metric, and of all together."""
    asking = Asking(request, query, pinned)
    answers, dimensions, metrics = asking.answers, MEMBERS[query.by], tuple(dict.fromkeys(query.metrics))
    before = answers.compared(asking.window, query.compared_with)
    found = answers.breakdown(asking.window, dimensions, metrics, query.limit, asking.filters)
    earlier = answers.members_of(before.window, dimensions, metrics, asking.filters) if before else {}
    rows = [
        {
            "members": {name: row[name] for name in dimensions},
            "metrics": {name: rounded(name, row[name]) for name in metrics},
            "previous": earlier.get(tuple(row[name] for name in dimensions)),
        }
        for row in found
    ]
    count = found[0]["row_count"] if found else 0
    totals = [
        answers.members_of(window, (), metrics, asking.filters)[()] if window else None
        for window in (asking.window, before.window if before else None)
    ]
    data = {
        "rows": rows,
        "total": {"metrics": totals[0], "previous": totals[1]},
        "row_count": count,
        "is_truncated": len(rows) < count,
    }
    return asking.respond("breakdown", data, lambda: [_line(row, bool(before)) for row in rows], compared=before)


@router.get("/movers/", name="movers", operation_id="movers", response_model=Body[Movement])
@router.get("/movers", name="movers", include_in_schema=False, response_model=None)
def movers(request: Request, query: Annotated[MoversQuery, Query()], pinned: Pinned = None) -> Response:
    """What the change of a measure is made up of: the largest gains and losses by member; with `other` they add up to it."""
    asking = Asking(request, query, pinned)
    asking.answers.view.require((query.measure,))
    dimensions = BOOK_DIMENSIONS if query.by == "book" else PLACES[query.by]
    before = asking.answers.compared(asking.window, query.comparison)
    assert before is not None
    found = asking.answers.movement(
        asking.window, before.window, dimensions, query.measure, query.limit, asking.filters
    )
    totals = asking.answers.members_of(asking.window, (), (query.measure,), asking.filters)[()]
    earlier = asking.answers.members_of(before.window, (), (query.measure,), asking.filters)[()]
    data = _movement(found, dimensions, query.measure, totals[query.measure], earlier[query.measure])
    rows = [*data["gains"], *data["losses"]]
    return asking.respond(
        "movers",
        data,
        lambda: [
            *({"line": "row", **_flat(row)} for row in rows),
            {"line": "other", **data["other"]},
            {"line": "total", **data["total"]},
        ],
        compared=before,
    )


def _movement(found: list[Row], dimensions: tuple[str, ...], measure: str, now: Any, then: Any) -> Row:
    rows = [
        {
            "members": BOOKS.labels(row) if dimensions == BOOK_DIMENSIONS else {name: row[name] for name in dimensions},
            **{name: rounded(measure, row[name]) for name in ("current", "previous", "change")},
        }
        for row in found
    ]
    count = found[0]["member_count"] if found else 0
    total = {"current": now, "previous": then, "change": now - then}
    listed = {name: sum(row[name] for row in rows) for name in total}
    return {
        "gains": [row for row in rows if row["change"] > 0],
        # The largest loss first, as the largest gain.
        "losses": [row for row in reversed(rows) if row["change"] < 0],
        "other": {**{name: total[name] - listed[name] for name in total}, "count": count - len(rows)},
        "total": {**total, "count": count},
    }


def _line(row: Row, is_compared: bool) -> Row:
    previous = row["previous"] or dict.fromkeys(row["metrics"]) if is_compared else {}
    return {**row["members"], **row["metrics"], **{f"previous_{name}": value for name, value in previous.items()}}


def _flat(row: Row) -> Row:
    members = {name: ", ".join(value) if isinstance(value, list) else value for name, value in row["members"].items()}
    return {**members, **{name: value for name, value in row.items() if name != "members"}}
