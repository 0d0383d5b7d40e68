"""Returned lines on their way from the block where they were sold to the blocks where they come back."""

from collections import defaultdict
from typing import Protocol

import numpy as np

from datagen.arrays import Columns, Ints

# What a return needs to know of its line: the line's id, the day when it comes back, the instant before which it cannot, what it
# shares with the line, and how much of the line it gives back (positive).
CARRIED = (
    "original", "day", "not_before", "book", "customer", "store", "promotion", "unit_price", "currency",
    "quantity", "discount", "tax",
)  # fmt: skip


class Carried(Protocol):
    """Rows with a column for each name of CARRIED, in order of the day when they come back."""

    def put(self, source: int, rows: Ints, counts: Ints) -> None:
        """What a block leaves to the blocks after it; `counts` says how many of the rows are for each."""

    def take(self, target: int) -> Ints:
        """What the blocks before have left to a block, in their order."""


class CarriedInMemory:
    """For blocks that are made in order, one after the other."""

    def __init__(self) -> None:
        self._left: dict[int, list[Ints]] = defaultdict(list)

    def put(self, source: int, rows: Ints, counts: Ints) -> None:
        for target, part in enumerate(np.split(rows, np.cumsum(counts)), start=source + 1):
            if len(part):
                self._left[target].append(part)

    def take(self, target: int) -> Ints:
        return np.concatenate([nothing_carried(), *self._left.pop(target, [])])


def nothing_carried() -> Ints:
    return np.zeros((0, len(CARRIED)), dtype=np.int64)


def packed(columns: Columns) -> Ints:
    return np.stack([columns[name] for name in CARRIED], axis=1)


def unpacked(rows: Ints) -> Columns:
    """By name, in order of the day when they come back."""
    rows = rows[np.argsort(rows[:, CARRIED.index("day")], kind="stable")]
    return {name: rows[:, place] for place, name in enumerate(CARRIED)}
