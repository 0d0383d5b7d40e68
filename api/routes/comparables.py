"""Books found by their words, and books like one with the way they were launched."""

from datetime import timedelta
from statistics import quantiles
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.answers import Answers
from api.asking import Asking
from api.params import BookQuery, FindBooksQuery, Isbn, Pinned, WindowQuery, refuse_repeated
from api.routes.analytics import PREFIX
from api.routes.books import LAUNCH_WEEKS, shown_column
from api.shapes.bodies import Body
from api.shapes.books import Comparables, FoundBook
from api.windows import Window
from warehouse.books import plan_search
from warehouse.launch import plan_comparables

MOST_COMPARABLES = 50
# Fewer have no middle half to speak of.
FEWEST = 4

router = APIRouter(prefix=PREFIX, tags=["analytics"], dependencies=[Depends(refuse_repeated)])


@router.get("/books/", name="find-books", operation_id="find_books", response_model=Body[list[FoundBook]])
@router.get("/books", name="find-books", include_in_schema=False, response_model=None)
def find_books(request: Request, query: Annotated[FindBooksQuery, Query()], pinned: Pinned = None) -> Response:
    """Books whose title, author or ISBN contains a text, those that begin with it first."""
    asking = Asking(request, WindowQuery.model_validate({}), pinned)
    rows = asking.answers.looked_up(plan_search(query.search, asking.answers.view.scope, query.limit))
    found = [{name: shown_column(name, value) for name, value in row.items()} for row in rows]
    return asking.respond("books", found, lambda: rows)


@router.get(
    "/books/{isbn13}/comparables/", name="comparables", operation_id="comparables", response_model=Body[Comparables]
)
@router.get("/books/{isbn13}/comparables", name="comparables", include_in_schema=False, response_model=None)
def comparables(
    request: Request, isbn13: Annotated[Isbn, Path()], query: Annotated[BookQuery, Query()], pinned: Pinned = None
) -> Response:
    """Books of the genre and format of one, published nearest to it, and the middle of their net units by week since publication."""
    asking = Asking(request, query, pinned)
    answers = asking.answers
    answers.check({"book": (isbn13,)})
    books = _launched(answers, isbn13)
    weeks = _weeks(answers, books)
    return asking.respond(f"comparables_{isbn13}", {"books": books, "weeks": weeks}, lambda: weeks)


def _launched(answers: Answers, isbn13: str) -> list[dict[str, Any]]:
    """Those whose launch the data has from its first day."""
    first, last = answers.publication.data_from, answers.publication.data_through
    found = answers.looked_up(plan_comparables(isbn13, answers.view.scope, 4 * MOST_COMPARABLES))
    return [row for row in found if first and last and first <= row["published_on"] <= last][:MOST_COMPARABLES]


def _weeks(answers: Answers, books: list[dict[str, Any]]) -> list[dict[str, Any]]:
    last = answers.publication.data_through
    if last is None or len(books) < FEWEST:
        return []
    published = {book["isbn13"]: book["published_on"] for book in books}
    window = Window(min(published.values()), last)
    units = answers.launch_weeks(window, tuple(published), LAUNCH_WEEKS)
    weeks = []
    for week in range(1, LAUNCH_WEEKS + 1):
        whole = [isbn13 for isbn13, day in published.items() if day + timedelta(weeks=week, days=-1) <= last]
        if len(whole) < FEWEST:
            break
        sold = [units.get((isbn13, week), 0) for isbn13 in whole]
        lower, median, upper = quantiles(sold, n=4, method="inclusive")
        weeks.append({"week": week, "book_count": len(whole), "lower": lower, "median": median, "upper": upper})
    return weeks
