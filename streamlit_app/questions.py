"""What pages ask of the API, as values: a question is a path with parameters, so what is shown can be cited and exported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from api.client import (
    Body,
    BookRow,
    GenreRow,
    Interval,
    MemberList,
    Ranking,
    RegionRow,
    Summary,
    Timeseries,
    Window,
)

Answer = TypeVar("Answer")
Filters = Mapping[str, Sequence[str]]

MOST_MEMBERS = 1_000


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


def by_region(
    measure: str, level: str, limit: int, window: Window, filters: Filters, comparison: str = ""
) -> Question[Body[Ranking[RegionRow]]]:
    """Sales by country, region or store."""
    asked = {"measure": measure, "level": level, "limit": limit, "comparison": comparison}
    return question(f"By {level}", "sales-by-region", (measure,), window, filters, **asked)


def by_genre(
    measure: str, level: str, limit: int, window: Window, filters: Filters, comparison: str = ""
) -> Question[Body[Ranking[GenreRow]]]:
    """Sales by genre or subgenre."""
    asked = {"measure": measure, "level": level, "limit": limit, "comparison": comparison}
    return question(f"By {level}", "sales-by-genre", (measure,), window, filters, **asked)


def members(filters: Sequence[str]) -> Question[Body[dict[str, MemberList]]]:
    """What filters may name."""
    return question("What filters may name", "members", of=tuple(filters), limit=MOST_MEMBERS)
