"""Windows of business dates and the buckets they fall into. Both ends of a window belong to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Interval = Literal["day", "week", "month", "quarter", "year"]
Comparison = Literal["previous_period", "52_weeks", "year"]

FIFTY_TWO_WEEKS = 364
ONE_DAY = timedelta(days=1)
WEEKDAYS = {"monday": 0, "saturday": 5, "sunday": 6}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAYS = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}


@dataclass(frozen=True)
class Window:
    """Business dates `first` to `last`, both included."""

    first: date
    last: date

    @property
    def day_count(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def until(self) -> date:
        """The day after the last, for half-open questions."""
        return self.last + ONE_DAY

    def before(self, kind: Comparison = "previous_period") -> "Window":
        """What it is compared with: the equally long window that ends where it begins, the same days a year ago, or the same
        weekdays 52 weeks ago."""
        if kind == "year":
            return Window(_year_before(self.first), _year_before(self.last))
        shift = timedelta(days=FIFTY_TWO_WEEKS if kind == "52_weeks" else self.day_count)
        return Window(self.first - shift, self.last - shift)

    def grown_to(self, count: int) -> "Window":
        """That many days ending where it ends."""
        return Window(self.last - timedelta(days=count - 1), self.last)

    def first_days(self, count: int) -> "Window":
        """No more than that many of its days."""
        return Window(self.first, min(self.last, self.first + timedelta(days=count - 1)))


def _year_before(day: date) -> date:
    # The day before 1 March of a year without a 29 February is its 28th.
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def days_per(interval: Interval) -> int:
    """The fewest days a whole bucket has."""
    return DAYS[interval]


def buckets(window: Window, interval: Interval, week_start: str) -> Iterator[Window]:
    """The whole buckets that the window touches, in order; the first and last may reach beyond it."""
    start = bucket_start(window.first, interval, week_start)
    while start <= window.last:
        following = _next_start(start, interval)
        yield Window(start, following - ONE_DAY)
        start = following


def bucket_start(day: date, interval: Interval, week_start: str) -> date:
    """First day of the bucket that a day is in; weeks begin on `week_start` (monday, saturday or sunday)."""
    if interval == "day":
        return day
    if interval == "week":
        return day - timedelta(days=(day.weekday() - WEEKDAYS[week_start]) % 7)
    length = MONTHS[interval]
    return date(day.year, (day.month - 1) // length * length + 1, 1)


def _next_start(start: date, interval: Interval) -> date:
    if interval in ("day", "week"):
        return start + timedelta(days=DAYS[interval])
    month = start.month + MONTHS[interval]
    return date(start.year + month // 13, (month - 1) % 12 + 1, 1)
