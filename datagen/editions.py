"""Which formats each work appears in, and when."""

from dataclasses import dataclass

import numpy as np

from datagen.arrays import Flags, Ints, draw_rows, random_for
from datagen.plan import ShopPlan
from datagen.season import on_tuesday, window_days
from datagen.sizes import sizes_of
from datagen.works import Works

FORMATS = ("hardcover", "trade_paperback", "mass_market", "board", "ebook", "audiobook")
HARDCOVER, TRADE_PAPERBACK, MASS_MARKET, BOARD, EBOOK, AUDIOBOOK = range(6)

# Rows in the order of genres: fiction, nonfiction, children's, textbooks; columns are FORMATS.
FIRST_FORMAT_SHARES = (
    (0.35, 0.60, 0.05, 0.00, 0.00, 0.00),
    (0.38, 0.62, 0.00, 0.00, 0.00, 0.00),
    (0.27, 0.45, 0.00, 0.28, 0.00, 0.00),
    (0.25, 0.75, 0.00, 0.00, 0.00, 0.00),
)
# How readily a further edition follows.
FURTHER_FORMAT_WEIGHTS = np.array(
    (
        (0.00, 0.90, 0.55, 0.00, 1.30, 0.55),
        (0.00, 0.80, 0.00, 0.00, 0.90, 0.35),
        (0.00, 0.70, 0.00, 0.15, 0.40, 0.10),
        (0.00, 0.20, 0.00, 0.00, 0.60, 0.00),
    )
)
# Days a further edition comes after the first: earliest and latest.
EARLIEST_DELAY = np.array((0, 270, 360, 180, 0, 0))
LATEST_DELAY = np.array((1, 420, 550, 540, 30, 90))


@dataclass(frozen=True)
class Editions:
    """Editions in order of publication."""

    work: Ints
    format: Ints
    published: Ints


def make_editions(plan: ShopPlan, works: Works) -> Editions:
    """One first edition per work, then the further ones that follow soonest, up to the planned number of books."""
    random = random_for(plan, "books_book formats")
    work_count = len(works.title)
    first = draw_rows(random, FIRST_FORMAT_SHARES, works.kind)
    delay = random.integers(EARLIEST_DELAY, LATEST_DELAY, (work_count, len(FORMATS)))
    delay[np.arange(work_count), first] = 0
    published = np.maximum(on_tuesday(works.published[:, None] + delay), works.published[:, None])
    is_first = np.arange(len(FORMATS)) == first[:, None]
    may_follow = ~is_first & (published < window_days(plan)[1])
    chosen = is_first | _soonest(random, works.kind, may_follow, sizes_of(plan).books - work_count)
    work, format_ = np.nonzero(chosen)
    order = np.argsort(published[work, format_], kind="stable")
    return Editions(work[order], format_[order], published[work, format_][order])


def _soonest(random: np.random.Generator, kind: Ints, may_follow: Flags, count: int) -> Flags:
    """The `count` further editions whose weighted waiting times are shortest: a draw without repetition."""
    weights = np.where(may_follow, FURTHER_FORMAT_WEIGHTS[kind], 0.0)
    waits = np.full(weights.shape, np.inf)
    np.divide(random.exponential(size=weights.shape), weights, out=waits, where=weights > 0)
    soonest = np.zeros(waits.size, dtype=bool)
    soonest[np.argsort(waits, axis=None)[:count]] = True
    soonest &= np.isfinite(waits).ravel()
    return soonest.reshape(waits.shape)
