"""Sales analytics: the summary, a series over time, and rankings of books, regions and genres."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.answers import Answers
from api.errors import PublicationGoneError
from api.params import GenreQuery, Pinned, RankingQuery, SummaryQuery, TimeseriesQuery, refuse_repeated
from api.shapes import Body, BookRow, GenreRow, Ranking, RegionRow, Summary, Timeseries
from warehouse.ranking import BOOK_DIMENSIONS

PREFIX = "/api/analytics"

router = APIRouter(prefix=PREFIX, tags=["analytics"], dependencies=[Depends(refuse_repeated)])


def get(name: str, shape: object) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Serve `/api/analytics/<name>/`; the form without the slash answers too, undocumented."""

    def register(handler: Callable[..., Response]) -> Callable[..., Response]:
        router.add_api_route(f"/{name}/", handler, name=name, response_model=shape, operation_id=handler.__name__)
        router.add_api_route(f"/{name}", handler, name=name, include_in_schema=False, response_model=None)
        return handler

    return register


def served(request: Request, pinned: int | None) -> Answers:
    """Answers from the serving publication. Raises PublicationGoneError where the request wants another."""
    generation = request.app.state.warehouse.current()
    number = generation.publication.generation
    if pinned not in (None, number):
        raise PublicationGoneError(
            f"publication {pinned} no longer serves, {number} does; ask again without X-Data-Version"
        )
    return Answers(generation, request.app.state.cache)


@get("summary", Body[Summary])
def summary(request: Request, query: Annotated[SummaryQuery, Query()], pinned: Pinned = None) -> Response:
    """Every metric over the window, and with `comparison=previous_period` over the equally long window before."""
    answers = served(request, pinned)
    window = answers.window(query)
    before = window.before() if query.comparison == "previous_period" else None
    data = {"current": answers.metrics(window), "previous": answers.metrics(before) if before else None}
    return answers.response(data, window, compared=before)


@get("timeseries", Body[Timeseries])
def timeseries(request: Request, query: Annotated[TimeseriesQuery, Query()], pinned: Pinned = None) -> Response:
    """Metrics by day, week, month, quarter or year; buckets without a sale are there, with zeros."""
    answers = served(request, pinned)
    window = answers.window(query)
    data = {"buckets": answers.series(window, query.interval, query.metrics)}
    return answers.response(data, window, interval=query.interval)


@get("top-books", Body[Ranking[BookRow]])
def top_books(request: Request, query: Annotated[RankingQuery, Query()], pinned: Pinned = None) -> Response:
    """Books that sold most, under the labels of their current version."""
    return _ranking(request, query, pinned, BOOK_DIMENSIONS, _book)


@get("sales-by-region", Body[Ranking[RegionRow]])
def sales_by_region(request: Request, query: Annotated[RankingQuery, Query()], pinned: Pinned = None) -> Response:
    """Sales by region and country of the store."""
    return _ranking(request, query, pinned, ("country", "region"), _region)


@get("sales-by-genre", Body[Ranking[GenreRow]])
def sales_by_genre(request: Request, query: Annotated[GenreQuery, Query()], pinned: Pinned = None) -> Response:
    """Sales by genre, or by genre and subgenre, of the book version sold."""
    dimensions = ("genre", "subgenre") if query.level == "subgenre" else ("genre",)
    return _ranking(request, query, pinned, dimensions, _genre)


Row = dict[str, Any]


def _ranking(
    request: Request, query: RankingQuery, pinned: int | None, dimensions: tuple[str, ...], labels: Callable[[Row], Row]
) -> Response:
    answers = served(request, pinned)
    window = answers.window(query)
    rows, groups = answers.ranking(window, dimensions, query.measure, query.limit)
    return answers.response({"rows": [_labelled(row, labels(row)) for row in rows], **groups}, window)


def _labelled(row: Row, labels: Row) -> Row:
    sums = ("gross_units", "return_units", "net_units", "gross_revenue", "net_revenue", "net_revenue_share")
    return {"rank": row["rank"], **labels, **{name: row[name] for name in sums}}


def _book(row: Row) -> Row:
    return {
        "isbn13": row["isbn13"],
        "title": row["title"] or "Unknown book",
        "author_names": row["author_names"].split("; ") if row["author_names"] else [],
        "publisher": row["publisher"],
        "genre": row["genre"],
        "format": row["format"],
    }


def _region(row: Row) -> Row:
    return {"region": row["region"], "country": row["country"]}


def _genre(row: Row) -> Row:
    return {"genre": row["genre"], "subgenre": row.get("subgenre")}
