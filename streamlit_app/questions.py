"""What pages ask of the API, as values: a question is a path with parameters, so what is shown can be cited and exported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from api.client import (
    Body,
    BookDetail,
    BookRow,
    Breakdown,
    Comparables,
    Event,
    FoundBook,
    Interval,
    MemberList,
    Movement,
    Ranking,
    Summary,
    Timeseries,
    Window,
)

Answer = TypeVar("Answer")
Filters = Mapping[str, Sequence[str]]

MOST_MEMBERS = 1_000
# As many as a filter may name.
MOST_FOUND = 50


@dataclass(frozen=True)
class Question(Generic[Answer]):
    """`GET /api/analytics/<name>/` with parameters. `title` says what it is in words, `shown` the metrics that a page shows of it."""

    title: str
    name: str
    parameters: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    shown: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """What to ask the API for."""
        return f"/api/analytics/{self.name}/?{urlencode(self.parameters, doseq=True)}"


def question(
    title: str,
    name: str,
    shown: Sequence[str] = (),
    window: Window | None = None,
    filters: Filters | None = None,
    **asked: Any,
) -> Question[Any]:
    """A question over a window and what is chosen of it; parameters that are None or empty are left out."""
    days = {"from": window.first.isoformat(), "until": window.last.isoformat()} if window else {}
    given = {**days, **asked, **(filters or {})}
    parameters = tuple((name, _plain(value)) for name, value in given.items() if value not in (None, "", (), []))
    return Question(title, name, parameters, tuple(shown))


def _plain(value: Any) -> str | tuple[str, ...]:
    return str(value) if isinstance(value, str | int) else tuple(map(str, value))


def summary(metrics: Sequence[str], window: Window, filters: Filters, comparison: str) -> Question[Body[Summary]]:
    """Every metric over the window, and over the one it is compared with."""
    return question("All days together", "summary", metrics, window, filters, comparison=comparison)


def timeseries(
    metrics: Sequence[str], interval: Interval, window: Window, filters: Filters, comparison: str = ""
) -> Question[Body[Timeseries]]:
    """Metrics by bucket."""
    asked = {"interval": interval, "metrics": tuple(metrics), "comparison": comparison}
    return question(f"By {interval}", "timeseries", metrics, window, filters, **asked)


def top_books(
    measure: str, limit: int, window: Window, filters: Filters, comparison: str = "", after: int = 0
) -> Question[Body[Ranking[BookRow]]]:
    """Books that sold most."""
    asked = {"measure": measure, "limit": limit, "comparison": comparison, "after": after or None}
    return question("Books", "top-books", (measure,), window, filters, **asked)


def breakdown(
    by: str, metrics: Sequence[str], window: Window, filters: Filters, comparison: str = "", limit: int = 100
) -> Question[Body[Breakdown]]:
    """Metrics of each member of a dimension, in order of the first."""
    asked = {"by": by, "metrics": tuple(metrics), "limit": limit, "comparison": comparison}
    return question(f"By {by.replace('_', ' ')}", "breakdown", metrics, window, filters, **asked)


def movers(
    by: str, measure: str, window: Window, filters: Filters, comparison: str, limit: int = 5
) -> Question[Body[Movement]]:
    """What the change of a measure is made up of."""
    asked = {"by": by, "measure": measure, "limit": limit, "comparison": comparison}
    return question(f"What moved, by {by}", "movers", (measure,), window, filters, **asked)


def events(window: Window) -> Question[Body[list[Event]]]:
    """Feasts and trade events."""
    return question("Events", "events", window=window)


def book(isbn13: str, window: Window) -> Question[Body[BookDetail]]:
    """One book, its editions, its metrics and its launch."""
    return question("The book", f"books/{isbn13}", ("net_units", "net_revenue"), window)


def comparables(isbn13: str) -> Question[Body[Comparables]]:
    """Books like one, and how they were launched."""
    return question("Books like it", f"books/{isbn13}/comparables", ("net_units",))


def find_books(search: str) -> Question[Body[list[FoundBook]]]:
    """Books by title, author or ISBN."""
    return question("Books found", "books", search=search, limit=MOST_FOUND)


def members(filters: Sequence[str]) -> Question[Body[dict[str, MemberList]]]:
    """What filters may name."""
    return question("What filters may name", "members", of=tuple(filters), limit=MOST_MEMBERS)
