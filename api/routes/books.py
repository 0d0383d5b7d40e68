"""One book: what it is, its editions, how it sells, and how it was launched."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.answers import Answers, UnknownMemberError, rounded
from api.asking import Asking
from api.params import BookQuery, Isbn, Pinned, refuse_repeated
from api.routes.analytics import PREFIX
from api.shapes.bodies import Body
from api.shapes.books import BookDetail
from api.windows import Window
from warehouse.books import COLUMNS, plan_editions

LAUNCH_WEEKS = 52
LAUNCH_METRICS = ("net_units", "net_revenue")

router = APIRouter(prefix=PREFIX, tags=["analytics"], dependencies=[Depends(refuse_repeated)])


@router.get("/books/{isbn13}/", name="book", operation_id="book", response_model=Body[BookDetail])
@router.get("/books/{isbn13}", name="book", include_in_schema=False, response_model=None)
def book(
    request: Request, isbn13: Annotated[Isbn, Path()], query: Annotated[BookQuery, Query()], pinned: Pinned = None
) -> Response:
    """A book by its current ISBN: its labels, every edition of its work, its metrics over the window, and its launch week by week."""
    asking = Asking(request, query, pinned)
    found = _editions(asking.answers, isbn13)
    asking.filters = {"book": (isbn13,)}
    described, launch = found["book"], _launch(asking.answers, isbn13, found["book"]["published_on"])
    data = {**found, "metrics": asking.answers.metrics(asking.window, asking.filters), "launch": launch}
    return asking.respond(f"book_{isbn13}", data, lambda: [{**described, **week} for week in launch] or [described])


def _editions(answers: Answers, isbn13: str) -> dict[str, Any]:
    columns = answers.view.columns(COLUMNS)
    rows = answers.looked_up(plan_editions(isbn13, columns, answers.view.scope))
    shown = [{name: shown_column(name, row[name]) for name in columns} for row in rows]
    asked_for = [edition for edition, row in zip(shown, rows, strict=True) if row["is_asked_for"]]
    if not asked_for:
        raise UnknownMemberError("isbn13", [isbn13], [])
    return {"book": asked_for[0], "editions": shown}


def shown_column(name: str, value: Any) -> Any:
    """A column of a book as it goes out."""
    if name == "author_names":
        return value.split("; ") if value else []
    return rounded(name, value)


def _launch(answers: Answers, isbn13: str, published_on: date | None) -> list[dict[str, Any]]:
    """Weeks since publication, the first is 1; none where the day is unknown, none that has not begun."""
    last = answers.publication.data_through
    if published_on is None or last is None or last < published_on:
        return []
    window = Window(published_on, min(last, published_on + timedelta(weeks=LAUNCH_WEEKS, days=-1)))
    weeks: dict[int, dict[str, Any]] = {
        number: dict.fromkeys(LAUNCH_METRICS, 0) for number in range(1, (window.day_count + 6) // 7 + 1)
    }
    for day in answers.by_day(window, LAUNCH_METRICS, {"book": (isbn13,)}):
        week = weeks[(day["day"] - published_on).days // 7 + 1]
        for name in LAUNCH_METRICS:
            week[name] += day[name]
    return [
        {
            "week": number,
            "start": published_on + timedelta(weeks=number - 1),
            "is_complete": published_on + timedelta(weeks=number, days=-1) <= last,
            **{name: rounded(name, value) for name, value in sums.items()},
        }
        for number, sums in weeks.items()
    ]
