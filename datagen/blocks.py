"""How the sales of a shop are cut into blocks: spans of days on which rows arrive, and how many rows each holds.

Everything here follows from the plan and the demand alone, before a sale is drawn. So a block knows its ids, and what it owes to
later blocks, without having seen any other.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from datagen.arrays import Floats, Ints
from datagen.plan import ShopPlan
from datagen.returns import lag_distribution
from datagen.season import window_days
from datagen.sizes import sizes_of

# Large enough to spread the cost of a block, small enough for the cache and for a process's memory.
BLOCK_LINES = 500_000


@dataclass(frozen=True)
class Blocks:
    """Blocks by position, in order of time."""

    starts: Ints  # first day of each block, and the day after the last one
    lines: Ints  # sale lines that arrive
    returned: Ints  # lines of a block (row) that come back in a block (column)
    lost: Ints  # ids of rows that were deleted for good
    first_id: Ints

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def rows(self) -> Ints:
        """Rows of sales_sale in each block, returns included."""
        return self.lines + self.returned.sum(axis=0)


def make_blocks(plan: ShopPlan, arrived: Floats, block_lines: int) -> Blocks:
    """Blocks of about `block_lines` sale lines, from the demand that arrives on each day."""
    start, end = window_days(plan)
    returns = sizes_of(plan).returns
    sold = plan.sales - returns
    shares = np.cumsum(arrived) / arrived.sum()
    wanted = np.arange(1, ceil(sold / block_lines)) / ceil(sold / block_lines)
    cuts = np.unique(np.clip(np.searchsorted(shares, wanted) + 1, 1, len(arrived) - 1)) if len(wanted) else wanted
    starts = np.concatenate([[start], start + cuts, [end]]).astype(np.int64)
    lines = np.diff(np.rint(np.concatenate([[0], shares[starts[1:] - start - 1]]) * sold)).astype(np.int64)
    returned = _returned(starts, lines, returns)
    rows = lines + returned.sum(axis=0)
    lost = _split(rows.astype(np.float64), sizes_of(plan).tombstones)
    return Blocks(starts, lines, returned, lost, np.cumsum(rows + lost) - rows - lost + 1)


def _returned(starts: Ints, lines: Ints, returns: int) -> Ints:
    """How many lines of each block come back in each block, by the distribution of the time until they do."""
    middle = (starts[:-1] + starts[1:])[:, None] / 2
    until = lag_distribution(np.maximum(starts - middle, 0))
    expected = np.diff(until, axis=1) * lines[:, None]
    return _split(expected.ravel(), returns).reshape(expected.shape)


def _split(weights: Floats, total: int) -> Ints:
    """A total shared out by weight, in whole numbers."""
    if not weights.sum():
        return np.zeros(len(weights), dtype=np.int64)
    return np.diff(np.rint(np.cumsum(weights) / weights.sum() * total), prepend=0).astype(np.int64)
