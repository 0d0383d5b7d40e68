"""Rankings of books, regions and genres: what each row is called, and what it was in the window it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from api.answers import SUMS, Compared
from api.asking import Asking
from api.params import RankingQuery
from warehouse.ranking import BOOK_DIMENSIONS

Row = dict[str, Any]


@dataclass(frozen=True)
class Ranked:
    """What is ranked: the dimensions of a member, and the labels of its row."""

    dimensions: tuple[str, ...]
    labels: Callable[[Row], Row]


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
    return {"region": row.get("region"), "country": row["country"], "store": row.get("store")}


def _genre(row: Row) -> Row:
    return {"genre": row["genre"], "subgenre": row.get("subgenre")}


BOOKS = Ranked(BOOK_DIMENSIONS, _book)
REGIONS = {
    "country": Ranked(("country",), _region),
    "region": Ranked(("country", "region"), _region),
    "store": Ranked(("country", "region", "store"), _region),
}
GENRES = {"genre": Ranked(("genre",), _genre), "subgenre": Ranked(("genre", "subgenre"), _genre)}


def rank(asking: Asking, query: RankingQuery, ranked: Ranked, before: Compared | None) -> Row:
    """`rows` with rank, labels and sums, `other`, `total`, and `next`, the rank to go on after."""
    answers, filters = asking.answers, asking.filters
    answers.view.require((query.measure,))
    data = answers.ranking(asking.window, ranked.dimensions, query.measure, query.limit, query.after, filters)
    earlier = answers.previous(data["rows"], before.window, ranked.dimensions, filters) if before else None
    return {**data, "rows": [_labelled(row, ranked, query.measure, earlier) for row in data["rows"]]}


def _labelled(row: Row, ranked: Ranked, measure: str, earlier: dict[Any, Row] | None) -> Row:
    sums = dict.fromkeys((*SUMS, measure, "net_revenue_share"))
    shown = {"rank": row["rank"], **ranked.labels(row), **{name: row[name] for name in sums}}
    if earlier is None:
        return shown
    member = tuple(row[name] for name in ranked.dimensions)
    # The unknown book has no number to be found by.
    nothing = None if None in member else dict.fromkeys(SUMS, 0)
    return {**shown, "previous": earlier.get(member, nothing)}
