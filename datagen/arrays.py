"""Arrays that the generator's parts hand to each other: types, units and the draws they share.

Days are int64 days since 1970, instants int64 microseconds since 1970 UTC, money int64 cents.
"""

import zlib
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt

from datagen.plan import ShopPlan

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]
Columns = dict[str, Ints]

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
EPOCH = date(1970, 1, 1)


def random_for(plan: ShopPlan, name: str, *parts: int) -> np.random.Generator:
    """The random numbers of one table, step or block: a child of the plan's seed, so that no part disturbs another."""
    key = (zlib.crc32(name.encode()), *parts)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(plan.seed, spawn_key=key)))


def day_number(day: date) -> int:
    return (day - EPOCH).days


def instant_of(moment: datetime) -> int:
    elapsed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return elapsed.days * DAY + elapsed.seconds * SECOND


def draw_rows(random: np.random.Generator, shares: npt.ArrayLike, rows: Ints) -> Ints:
    """One category for each entry of `rows`, by the shares in that row of the table `shares`."""
    chance, drawn = random.random(len(rows)), np.zeros(len(rows), dtype=np.int64)
    for row, weights in enumerate(np.asarray(shares, dtype=np.float64)):
        bounds = np.cumsum(weights)[:-1] / weights.sum()
        of_row = np.flatnonzero(rows == row)
        drawn[of_row] = np.searchsorted(bounds, chance[of_row], side="right")
    return drawn


def draw_weighted(random: np.random.Generator, cumulative: Floats, count: int) -> Ints:
    """Positions drawn by weight, from running totals of the weights."""
    drawn: Ints = np.searchsorted(cumulative, random.random(count) * cumulative[-1], side="right")
    return np.minimum(drawn, len(cumulative) - 1)


def draw_shares(random: np.random.Generator, shares: npt.ArrayLike, count: int) -> Ints:
    """Categories drawn by their shares."""
    return draw_weighted(random, np.cumsum(np.asarray(shares, dtype=np.float64)), count)


def draw_sorted(random: np.random.Generator, cumulative: Floats, count: int) -> Ints:
    """Positions drawn by weight, in ascending order: sums of exponential steps are sorted uniforms, and cost no sort."""
    steps = np.cumsum(random.standard_exponential(count + 1))
    drawn = np.searchsorted(cumulative, steps[:-1] * (cumulative[-1] / steps[-1]), side="right")
    return np.minimum(drawn, len(cumulative) - 1)


def order_of(instants: Ints) -> Ints:
    """Positions in order of their instants, equal ones as they were. Packed with their position they are sorted much faster."""
    index_bits = len(instants).bit_length()
    since = instants - instants.min()
    if int(since.max()).bit_length() + index_bits > 63:
        return np.argsort(instants, kind="stable")
    packed = since << index_bits | np.arange(len(instants))
    packed.sort()
    return packed & ((1 << index_bits) - 1)


def half_up(amounts: Floats) -> Ints:
    """Cents, rounded half up: how the shop rounds money."""
    return np.floor(amounts + 0.5).astype(np.int64)
