"""Sales analytics: the summary, a series over time, rankings, and the way down from countries and genres."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.answers import SUMS
from api.asking import Asking
from api.params import (
    GenreQuery,
    Pinned,
    RankingQuery,
    RegionQuery,
    SummaryQuery,
    TimeseriesQuery,
    Value,
    refuse_repeated,
)
from api.rankings import BOOKS, GENRES, REGIONS, Ranked, rank
from api.shapes.analytics import BookRow, GenreRow, Ranking, RegionRow, Summary, Timeseries
from api.shapes.bodies import Body

PREFIX = "/api/analytics"

router = APIRouter(prefix=PREFIX, tags=["analytics"], dependencies=[Depends(refuse_repeated)])

Handler = Callable[..., Response]
Name = Annotated[Value, Path()]


def get(path: str, shape: object, name: str = "") -> Callable[[Handler], Handler]:
    """Serve `/api/analytics/<path>/`; the form without the slash answers too, undocumented."""

    def register(handler: Handler) -> Handler:
        named, operation = name or path, handler.__name__
        router.add_api_route(f"/{path}/", handler, name=named, response_model=shape, operation_id=operation)
        router.add_api_route(f"/{path}", handler, name=named, include_in_schema=False, response_model=None)
        return handler

    return register


@get("summary", Body[Summary])
def summary(request: Request, query: Annotated[SummaryQuery, Query()], pinned: Pinned = None) -> Response:
    """Every metric that one may see over the window, and with `comparison` over the window it is compared with."""
    asking = Asking(request, query, pinned)
    before = asking.answers.compared(asking.window, query.compared_with)
    current = asking.answers.metrics(asking.window, asking.filters)
    previous = asking.answers.metrics(before.window, asking.filters) if before else None
    rows = [("current", current), ("previous", previous)]
    return asking.respond(
        "summary",
        {"current": current, "previous": previous},
        lambda: [{"window": name, **_without_notes(row)} for name, row in rows if row],
        compared=before,
    )


@get("timeseries", Body[Timeseries])
def timeseries(request: Request, query: Annotated[TimeseriesQuery, Query()], pinned: Pinned = None) -> Response:
    """Metrics by day, week, month, quarter or year; buckets without a sale are there, with zeros."""
    asking = Asking(request, query, pinned)
    before = asking.answers.compared(asking.window, query.compared_with)
    series = [
        asking.answers.series(window, query.interval, query.metrics, asking.filters) if window else None
        for window in (asking.window, before.window if before else None)
    ]
    named = list(zip(("current", "previous"), series, strict=True))
    return asking.respond(
        "timeseries",
        {"buckets": series[0], "previous": series[1]},
        lambda: [{"window": name, **_flat_bucket(bucket)} for name, found in named for bucket in found or []],
        interval=query.interval,
        compared=before,
    )


@get("top-books", Body[Ranking[BookRow]])
def top_books(request: Request, query: Annotated[RankingQuery, Query()], pinned: Pinned = None) -> Response:
    """Books that sold most, under the labels of their current version."""
    return _ranking("top-books", request, query, pinned, BOOKS)


@get("sales-by-region", Body[Ranking[RegionRow]])
def sales_by_region(request: Request, query: Annotated[RegionQuery, Query()], pinned: Pinned = None) -> Response:
    """Sales by country, region or store."""
    return _ranking("sales-by-region", request, query, pinned, REGIONS[query.level])


@get("sales-by-genre", Body[Ranking[GenreRow]])
def sales_by_genre(request: Request, query: Annotated[GenreQuery, Query()], pinned: Pinned = None) -> Response:
    """Sales by genre, or by genre and subgenre, of the book version sold."""
    return _ranking("sales-by-genre", request, query, pinned, GENRES[query.level])


@get("regions", Body[Ranking[RegionRow]])
def regions(request: Request, query: Annotated[RankingQuery, Query()], pinned: Pinned = None) -> Response:
    """Countries."""
    return _ranking("regions", request, query, pinned, REGIONS["country"])


@get("regions/{country:name}", Body[Ranking[RegionRow]], "regions")
def regions_of_country(
    request: Request, country: Name, query: Annotated[RankingQuery, Query()], pinned: Pinned = None
) -> Response:
    """Regions of a country."""
    return _ranking("regions", request, query, pinned, REGIONS["region"], country=country)


@get("regions/{country:name}/{region:name}", Body[Ranking[RegionRow]], "regions")
def stores_of_region(
    request: Request, country: Name, region: Name, query: Annotated[RankingQuery, Query()], pinned: Pinned = None
) -> Response:
    """Stores of a region."""
    return _ranking("regions", request, query, pinned, REGIONS["store"], country=country, region=region)


@get("genres", Body[Ranking[GenreRow]])
def genres(request: Request, query: Annotated[RankingQuery, Query()], pinned: Pinned = None) -> Response:
    """Genres."""
    return _ranking("genres", request, query, pinned, GENRES["genre"])


@get("genres/{genre:name}", Body[Ranking[GenreRow]], "genres")
def subgenres_of_genre(
    request: Request, genre: Name, query: Annotated[RankingQuery, Query()], pinned: Pinned = None
) -> Response:
    """Subgenres of a genre."""
    return _ranking("genres", request, query, pinned, GENRES["subgenre"], genre=genre)


@get("genres/{genre:name}/{subgenre:name}", Body[Ranking[BookRow]], "genres")
def books_of_subgenre(
    request: Request, genre: Name, subgenre: Name, query: Annotated[RankingQuery, Query()], pinned: Pinned = None
) -> Response:
    """Books of a subgenre."""
    return _ranking("genres", request, query, pinned, BOOKS, genre=genre, subgenre=subgenre)


def _ranking(
    name: str, request: Request, query: RankingQuery, pinned: int | None, ranked: Ranked, **place: str
) -> Response:
    """`place` is what the path names: it narrows beside the filters of the query, and must be there."""
    asking = Asking(request, query, pinned)
    within = {part: (value,) for part, value in place.items()}
    asking.answers.check(within)
    asking.filters = _both(asking.filters, within)
    before = asking.answers.compared(asking.window, query.compared_with)
    data = rank(asking, query, ranked, before)
    following = data.pop("next")
    return asking.respond(name, data, lambda: _lines(data), compared=before, following=following)


def _both(filters: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    """Both narrow: of a filter that the path names too, only what both name is left."""
    narrowed = {
        name: tuple(value for value in values if name not in filters or value in filters[name])
        for name, values in place.items()
    }
    return {**filters, **narrowed}


def _without_notes(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "suppressed"}


def _flat_bucket(bucket: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in bucket.items() if name != "metrics"}, **bucket["metrics"]}


def _lines(data: dict[str, Any]) -> list[dict[str, Any]]:
    """A ranking as a table: its rows, then what is not listed and the total, so that the column adds up."""
    lines = []
    for row in data["rows"]:
        previous = row.get("previous") or {}
        plain = {name: value for name, value in row.items() if name != "previous"}
        lines.append({"line": "row", **plain, **{f"previous_{name}": previous[name] for name in SUMS if previous}})
    return [*lines, {"line": "other", **data["other"]}, {"line": "total", **data["total"]}]
