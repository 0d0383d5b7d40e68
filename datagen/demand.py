"""Which book sells on which day through which channel.

Books of one group that came out on one day sell alike but for their size. Such a segment is drawn first, by the demand of the day,
and then a book in it, by size: a day costs thousands of segments, not hundreds of thousands of books.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from datagen.anomalies import Anomaly
from datagen.arrays import Floats, Ints, draw_sorted, random_for
from datagen.arrival import MOST_DAYS_LATE, arrivals, arrived_by_day
from datagen.books import Books
from datagen.genres import CHILDREN, TEXTBOOK
from datagen.launch import sales_by_age
from datagen.places import CHANNELS, EDUCATION
from datagen.plan import ShopPlan
from datagen.promotions import Promotions, promotion_lift
from datagen.season import COLLEGE, JUVENILE, TRADE, season_weights, weekday_of, weekday_weights, window_days
from datagen.shocks import Shocks, make_shocks

# Shares of web, app, store, wholesale, education for a printed book, a textbook, and a digital one.
CHANNEL_SHARES = np.array(
    (
        (0.30, 0.08, 0.43, 0.15, 0.04),
        (0.25, 0.05, 0.18, 0.10, 0.42),
        (0.45, 0.55, 0.00, 0.00, 0.00),
    )
)
PRINT, STUDY, DIGITAL = range(3)
SEASONS = 3
# Weather, news, holidays of one place: no two like days sell alike.
DAILY_SIGMA = 0.03


@dataclass(frozen=True)
class Lines:
    """Sale lines by position, in order of their days: book position, day, days until the row arrives, channel."""

    book: Ints
    day: Ints
    late: Ints
    channel: Ints


@dataclass(frozen=True)
class Segments:
    """Books that sell alike: books lie behind each other by segment, each with the total of the sizes up to it."""

    book: Ints
    size_totals: Floats
    from_size: Floats  # by segment: the total before its first book
    size: Floats
    group: Ints
    published: Ints
    withdrawn: Ints
    shocked: Ints  # day of a late shock, or beyond the plan
    shock: Floats  # its height, in shares of the first year's sales per day
    planted: Ints  # position of the anomaly that befalls its one book, -1 for none


class Demand:
    """Demand of a plan's books over its days."""

    def __init__(
        self, plan: ShopPlan, books: Books, promotions: Promotions, anomalies: tuple[Anomaly, ...] = ()
    ) -> None:
        self.start, self.end = window_days(plan)
        planted = np.full(len(books.work), -1)
        for number, anomaly in enumerate(anomalies):
            if anomaly.book >= 0:
                planted[anomaly.book] = number
        self.segments = _segments(books, make_shocks(plan, books), planted)
        self._anomalies = [
            (segment, anomalies[number]) for segment, number in enumerate(self.segments.planted) if number >= 0
        ]
        # By group of books, day and channel.
        self.by_channel = _by_channel(plan, promotions)
        self._by_group = self.by_channel.sum(axis=2)

    @cached_property
    def arriving(self) -> Floats:
        """Lines sold on each day of the plan (row) by days until they arrive (column), in no unit."""
        totals = [self._weights(day).sum() for day in range(self.start, self.end)]
        return arrivals(np.array(totals))

    @property
    def arrived(self) -> Floats:
        """Lines that arrive on each day, in the same unit."""
        return arrived_by_day(self.arriving)

    def draw(self, random: np.random.Generator, first: int, last: int, count: int) -> Lines:
        """`count` lines that arrive from the day `first` until before the day `last`."""
        day, late = self._draw_days(random, first, last, count)
        segment = np.empty(count, dtype=np.int64)
        days, begins = np.unique(day, return_index=True)
        for sold_on, begin, end in zip(days.tolist(), begins, [*begins[1:], count], strict=True):
            of_day = draw_sorted(random, np.cumsum(self._weights(sold_on)), end - begin)
            random.shuffle(of_day)  # or lines that arrive late would be of other books than those in time
            segment[begin:end] = of_day
        return Lines(self._draw_books(random, segment), day, late, self._draw_channels(random, segment, day))

    def _draw_days(self, random: np.random.Generator, first: int, last: int, count: int) -> tuple[Ints, Ints]:
        oldest = max(first - MOST_DAYS_LATE, self.start)
        sold_on = np.arange(oldest, last)[:, None]
        arrives_on = sold_on + np.arange(MOST_DAYS_LATE + 1)
        arrives_here = (first <= arrives_on) & (arrives_on < last)
        weights = np.where(arrives_here, self.arriving[oldest - self.start : last - self.start], 0.0)
        cell = draw_sorted(random, np.cumsum(weights), count)
        return oldest + cell // (MOST_DAYS_LATE + 1), cell % (MOST_DAYS_LATE + 1)

    def _weights(self, day: int) -> Floats:
        """Demand of each segment on a day, before a channel is chosen."""
        segments = self.segments
        age = day - segments.published
        curve = np.where(day < segments.withdrawn, sales_by_age(age), 0.0)
        after_shock = day - segments.shocked
        curve += np.where(after_shock >= 0, segments.shock / np.sqrt(np.maximum(after_shock, 0) + 1.0), 0.0)
        weights: Floats = segments.size * curve * self._by_group[segments.group, day - self.start]
        for segment, anomaly in self._anomalies:
            if anomaly.first <= day <= anomaly.last:
                weights[segment] *= anomaly.factor
        return weights

    def _draw_books(self, random: np.random.Generator, segment: Ints) -> Ints:
        segments = self.segments
        place = segments.from_size[segment] + random.random(len(segment)) * segments.size[segment]
        drawn = np.searchsorted(segments.size_totals, place, side="right")
        return segments.book[np.minimum(drawn, len(segments.book) - 1)]

    def _draw_channels(self, random: np.random.Generator, segment: Ints, day: Ints) -> Ints:
        bounds = np.cumsum(self.by_channel, axis=2)
        bounds /= bounds[:, :, -1:]
        row = self.segments.group[segment] * (self.end - self.start) + day - self.start
        chance = random.random(len(segment))
        flat = bounds.reshape(-1, len(CHANNELS))
        return sum((chance >= flat[row, channel]).astype(np.int64) for channel in range(len(CHANNELS) - 1))


def _by_channel(plan: ShopPlan, promotions: Promotions) -> Floats:
    """Demand by group of books, day of the plan and channel, for a segment of size one at an even curve."""
    start, end = window_days(plan)
    season, weekday = season_weights(plan), weekday_weights()[:, weekday_of(np.arange(start, end))].T
    noise = np.exp(random_for(plan, "daily demand").normal(0, DAILY_SIGMA, (end - start, len(CHANNELS))))
    tables = np.empty((SEASONS * len(CHANNEL_SHARES), end - start, len(CHANNELS)))
    for season_kind in range(SEASONS):
        for demand_kind, shares in enumerate(CHANNEL_SHARES):
            seasons = np.repeat(season[season_kind][:, None], len(CHANNELS), axis=1)
            seasons[:, EDUCATION] = season[COLLEGE]
            lift = promotion_lift(plan, promotions, is_digital=demand_kind == DIGITAL)
            tables[_group(season_kind, demand_kind)] = shares * seasons * weekday * noise * lift
    return tables


def _group(season_kind: Ints | int, demand_kind: Ints | int) -> Ints | int:
    return season_kind * len(CHANNEL_SHARES) + demand_kind


def _segments(books: Books, shocks: Shocks, planted: Ints) -> Segments:
    by_kind = np.where(books.kind == CHILDREN, JUVENILE, np.where(books.kind == TEXTBOOK, COLLEGE, TRADE))
    demand_kind = np.where(books.is_digital, DIGITAL, np.where(books.kind == TEXTBOOK, STUDY, PRINT))
    keys = np.stack([_group(by_kind, demand_kind), books.published, books.withdrawn, shocks.day, planted])
    order = np.lexsort(keys[::-1])
    begins = np.flatnonzero(np.any(np.diff(keys[:, order], axis=1, prepend=-1), axis=0))
    size_totals = np.cumsum(books.size[order])
    before = np.concatenate([[0.0], size_totals])[begins]
    group, published, withdrawn, shocked, planted_here = keys[:, order[begins]]
    return Segments(
        book=order,
        size_totals=size_totals,
        from_size=before,
        size=np.diff(np.append(before, size_totals[-1])),
        group=group,
        published=published,
        withdrawn=withdrawn,
        shocked=shocked,
        shock=shocks.height[order[begins]],
        planted=planted_here,
    )
