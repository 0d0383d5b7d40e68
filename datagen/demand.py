"""Which book sells on which day through which channel."""

from dataclasses import dataclass
from math import erf, log, sqrt

import numpy as np

from datagen.arrays import Floats, Ints, draw_rows, draw_weighted, random_for
from datagen.books import Books
from datagen.genres import CHILDREN, TEXTBOOK
from datagen.places import EDUCATION
from datagen.plan import ShopPlan
from datagen.season import COLLEGE, JUVENILE, TRADE, season_weights, weekday_of, weekday_weights, window_days

# Sales after publication: a lognormal density in weeks, whose mode is 2.4 weeks and which ends within a year
# (fitted to Yucesoy et al., EPJ Data Science 2018), and a backlist that sells evenly ever after.
LAUNCH_MEDIAN_DAYS = 8 * 7
LAUNCH_SIGMA = 1.1
LAUNCH_DAYS = 10 * 365
BACKLIST_PER_DAY = 0.11 / 365  # share of the first year's sales; leaves frontlist near a third of all units

# Shares of web, app, store, wholesale, education for a printed book, a textbook, and a digital one.
CHANNEL_SHARES = (
    (0.30, 0.08, 0.43, 0.15, 0.04),
    (0.25, 0.05, 0.18, 0.10, 0.42),
    (0.45, 0.55, 0.00, 0.00, 0.00),
)
PRINT, STUDY, DIGITAL = range(3)
BATCH = 500_000


@dataclass(frozen=True)
class Lines:
    """Sale lines by position: book position, day, channel."""

    book: Ints
    day: Ints
    channel: Ints


def draw_lines(plan: ShopPlan, books: Books, count: int) -> Lines:
    """Lines in no order. Candidates follow each book's own curve; season and weekday decide which of them stay."""
    random = random_for(plan, "sales_sale demand")
    curves = _Curves(plan, books)
    season, weekday = season_weights(plan), weekday_weights()
    kept: list[Lines] = []
    missing = count
    while missing > 0:
        book, day = curves.draw(random, min(BATCH, missing * 4))
        channel = draw_rows(random, CHANNEL_SHARES, _demand_kind(books)[book])
        chance = season[_season_kind(books, book, channel), day - curves.start] * weekday[channel, weekday_of(day)]
        stays = np.flatnonzero(random.random(len(book)) * season.max() * weekday.max() < chance)[:missing]
        kept.append(Lines(book[stays], day[stays], channel[stays]))
        missing -= len(stays)
    return Lines(*(np.concatenate([getattr(lines, name) for lines in kept]) for name in ("book", "day", "channel")))


class _Curves:
    """Sales of every book over its days in the shop, before season and weekday."""

    def __init__(self, plan: ShopPlan, books: Books) -> None:
        self.start, _ = window_days(plan)
        self.published = books.published
        self.first = np.maximum(self.start - books.published, 0)  # days since publication
        self.last = books.withdrawn - books.published
        self.launched_first, self.launched_last = _launched(self.first), _launched(self.last)
        launch = self.launched_last - self.launched_first
        backlist = BACKLIST_PER_DAY * (self.last - self.first)
        self.launch_share = launch / (launch + backlist)
        self.totals = np.cumsum(books.size * (launch + backlist))

    def draw(self, random: np.random.Generator, count: int) -> tuple[Ints, Ints]:
        """Book positions and days."""
        book = draw_weighted(random, self.totals, count)
        is_launch = random.random(count) < self.launch_share[book]
        chance = random.random(count)
        first, last = self.first[book], self.last[book]
        share = self.launched_first[book] + chance * (self.launched_last - self.launched_first)[book]
        since = np.where(is_launch, _launch_day(share), first + chance * (last - first))
        return book, self.published[book] + np.clip(since.astype(np.int64), first, last - 1)


def _demand_kind(books: Books) -> Ints:
    return np.where(books.is_digital, DIGITAL, np.where(books.kind == TEXTBOOK, STUDY, PRINT))


def _season_kind(books: Books, book: Ints, channel: Ints) -> Ints:
    by_kind = np.where(books.kind == CHILDREN, JUVENILE, np.where(books.kind == TEXTBOOK, COLLEGE, TRADE))
    return np.where(channel == EDUCATION, COLLEGE, by_kind[book])


_DAYS = np.arange(LAUNCH_DAYS + 1)
_LAUNCHED: Floats = np.array(
    [0.0, *((1 + erf(log(day / LAUNCH_MEDIAN_DAYS) / LAUNCH_SIGMA / sqrt(2))) / 2 for day in range(1, LAUNCH_DAYS + 1))]
)


def _launched(days: Ints) -> Floats:
    """Share of the launch that is over after so many days."""
    return _LAUNCHED[np.minimum(days, LAUNCH_DAYS)]


def _launch_day(share: Floats) -> Floats:
    """The day by which a share of the launch is over."""
    return np.interp(share, _LAUNCHED, _DAYS)
