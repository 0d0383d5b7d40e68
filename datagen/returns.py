"""Returns: lines of their own that give back a sold line, in whole or in part.

A line that comes back is chosen in the block where it arrived, and carried to the block where it comes back.
"""

from math import erf, log, sqrt

import numpy as np

from datagen.arrays import Floats, Ints
from datagen.places import EDUCATION, WHOLESALE

# How likely a line comes back, by channel and by format (places.CHANNELS, editions.FORMATS): trade returns of unsold
# stock are many and come after one to three months, those of readers are few and come soon.
CHANNEL_RATES = np.array((0.025, 0.015, 0.025, 0.370, 0.080))
FORMAT_FACTORS = np.array((1.20, 0.84, 2.95, 0.70, 0.25, 0.25))
MEDIAN_LAG_DAYS = np.array((10.0, 6.0, 12.0, 60.0, 25.0))
LAG_SIGMA = 0.7
LONGEST_LAG_DAYS = 2_000
# Returns by channel, about: its share of lines times its rate.
SHARES_OF_RETURNS = np.array((0.12, 0.02, 0.15, 0.66, 0.05))
# Of a pile that did not sell most is sent back.
LEAST_OF_A_PILE = 0.4
# Lines looked at for each that is chosen.
CANDIDATES = 6


def lag_distribution(days: Floats) -> Floats:
    """Share of returns that have come back so many days after their line arrived, over all channels."""
    return np.interp(days, np.arange(LONGEST_LAG_DAYS + 1), _COME_BACK)


def choose_returned(
    random: np.random.Generator, arrived_on: Ints, channel: Ints, format_: Ints, starts: Ints, wanted: Ints
) -> tuple[Ints, Ints]:
    """Positions of `wanted` lines for each block in which they come back, and the days, which they are in order of; each once.

    The days of each block begin at `starts`.
    The likelier a line comes back, the shorter its waiting time; of those whose day lies in a block the shortest are taken.
    """
    if not wanted.sum():
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing
    waits = random.standard_exponential(len(channel)) / (CHANNEL_RATES[channel] * FORMAT_FACTORS[format_])
    line = _shortest(waits, int(wanted.sum()) * CANDIDATES)
    lag = np.ceil(random.lognormal(np.log(MEDIAN_LAG_DAYS)[channel[line]], LAG_SIGMA))
    day = arrived_on[line] + lag.astype(np.int64)
    block = np.searchsorted(starts, day, side="right") - 1
    by_block = np.argsort(block, kind="stable")
    line, day, block = line[by_block], day[by_block], block[by_block]
    rank = np.arange(len(line)) - np.searchsorted(block, block)
    is_taken = rank < np.append(wanted, 0)[block]
    # Where a block's own candidates are too few, others come back in it, at any time there is.
    found = np.bincount(block[is_taken], minlength=len(wanted))
    block_of_others = np.repeat(np.arange(len(wanted)), wanted - found)
    others = np.flatnonzero(~is_taken)[: len(block_of_others)]
    earliest = np.maximum(starts[block_of_others], arrived_on[line[others]])
    day[others] = earliest + (random.random(len(others)) * (starts[block_of_others + 1] - earliest)).astype(np.int64)
    taken = np.concatenate([np.flatnonzero(is_taken), others])
    taken = taken[np.argsort(day[taken], kind="stable")]
    return line[taken], day[taken]


def returned_quantity(random: np.random.Generator, channel: Ints, sold: Ints) -> Ints:
    """How many copies of each line come back: any number, of a reseller's pile the larger part."""
    by_the_pile = (channel == WHOLESALE) | (channel == EDUCATION)
    share = np.where(by_the_pile, LEAST_OF_A_PILE, 0.0)
    share += (1 - share) * random.random(len(sold))
    return 1 + np.minimum((share * sold).astype(np.int64), sold - 1)


def _shortest(waits: Floats, count: int) -> Ints:
    """Positions of about the shortest waits, in their order."""
    near = np.argpartition(waits, count)[:count] if count < len(waits) else np.arange(len(waits))
    return near[np.argsort(waits[near])]


def _come_back(days: int) -> float:
    """Share of returns that have come back after so many whole days; a part of a day counts as one."""
    if days < 1:
        return 0.0
    shares = (
        (1 + erf(log(days / median) / LAG_SIGMA / sqrt(2))) / 2 * share
        for median, share in zip(MEDIAN_LAG_DAYS.tolist(), SHARES_OF_RETURNS.tolist(), strict=True)
    )
    return sum(shares)


_COME_BACK: Floats = np.array([_come_back(days) for days in range(LONGEST_LAG_DAYS + 1)])
