"""Corrections, soft deletes and hard deletes of earlier lines."""

import math
from dataclasses import dataclass

import numpy as np
from psycopg2 import extensions

from datagen.amounts import part_of, rounded
from datagen.arrays import HOUR, SECOND, Columns, Ints, draw_shares
from datagen.arrival import EARLIEST_DAYS, LATENESS_SHARES, LATEST_DAYS
from datagen.changes.clock import SimulatedClock
from datagen.changes.earlier import draw_lines
from datagen.changes.kinds import DayCounts
from datagen.changes.read import row_count, taken

CORRECTIONS = ("quantity", "discount", "sold_at")
DISCOUNT_PERCENTS = np.array((0, 5, 10, 15, 20))
LONGEST_SHIFT = 36 * HOUR
# Some of the lines that are drawn were returned, or are today.
SPARE = 1.5

RETURNS_OF = "select id from sales_sale where original_sale_id = any(%(ids)s::bigint[]) order by id"


@dataclass(frozen=True)
class Touched:
    """Lines by what happens to them; no line is in two groups. `corrected` has the corrected values of the columns."""

    corrected: dict[str, Columns]
    soft_deleted: Ints
    hard_deleted: Ints
    returns_of_deleted: Ints


def touch_lines(
    cursor: extensions.cursor, clock: SimulatedClock, counts: DayCounts, untouchable: Ints, even: bool
) -> Touched:
    """Draw the lines of all groups at once. Lines that were returned are only ever deleted together with their returns."""
    random = clock.random("touched")
    wanted = math.ceil((counts.corrections + counts.soft_deletes + counts.hard_deletes) * SPARE)

    def days_back(size: int, reach: int) -> Ints:
        return _days_back(clock, random, size, reach, even)

    lines = draw_lines(cursor, clock, "touched", wanted, days_back)
    lines = taken(lines, np.flatnonzero(~np.isin(lines["id"], untouchable)))
    hard, rest = np.split(np.arange(row_count(lines)), [counts.hard_deletes])
    rest = rest[lines["is_returned"][rest] == 0]
    soft, corrected, _ = np.split(rest, [counts.soft_deletes, counts.soft_deletes + counts.corrections])
    return Touched(
        corrected=_corrected(clock, random, taken(lines, corrected)),
        soft_deleted=lines["id"][soft],
        hard_deleted=lines["id"][hard],
        returns_of_deleted=_returns_of(cursor, lines["id"][hard]),
    )


def _days_back(clock: SimulatedClock, random: np.random.Generator, size: int, reach: int, even: bool) -> Ints:
    """By the generator's curve of lateness, counted from the day before; or evenly over the life of the shop."""
    if even:
        return random.integers(1, clock.number - clock.first_number + 1, size)
    lateness = draw_shares(random, LATENESS_SHARES, size)
    return 1 + random.integers(EARLIEST_DAYS[lateness] * reach, LATEST_DAYS[lateness] * reach + reach)


def _corrected(clock: SimulatedClock, random: np.random.Generator, lines: Columns) -> dict[str, Columns]:
    """Each third has another column corrected, with the amounts that follow from it."""
    correct = (_other_quantity, _other_discount, _other_instant)
    # In a small shop, where a day has one correction, each kind has its turn.
    kind = (np.arange(row_count(lines)) + clock.number) % len(CORRECTIONS)
    return {
        name: correction(clock, random, taken(lines, np.flatnonzero(kind == place)))
        for place, (name, correction) in enumerate(zip(CORRECTIONS, correct, strict=True))
    }


def _other_quantity(clock: SimulatedClock, random: np.random.Generator, lines: Columns) -> Columns:
    """One copy more or less, and discount and tax in proportion."""
    sold = lines["quantity"]
    is_fewer = (sold > 1) & (random.random(len(sold)) < 0.5)
    quantity = np.where(is_fewer, sold - 1, sold + 1)
    discount, tax = (part_of(lines[name], quantity, sold) for name in ("discount", "tax"))
    return lines | {"quantity": quantity, "discount": discount, "tax": tax}


def _other_discount(clock: SimulatedClock, random: np.random.Generator, lines: Columns) -> Columns:
    """Another discount, and tax on what remains."""
    gross = lines["quantity"] * lines["unit_price"]
    percent = DISCOUNT_PERCENTS[random.integers(0, len(DISCOUNT_PERCENTS), len(gross))]
    drawn = rounded(gross * percent, 100)
    discount = np.where(drawn == lines["discount"], rounded(gross * (percent + 5), 100), drawn)
    taxed = np.maximum(gross - lines["discount"], 1)
    return lines | {"discount": discount, "tax": part_of(lines["tax"], gross - discount, taxed)}


def _other_instant(clock: SimulatedClock, random: np.random.Generator, lines: Columns) -> Columns:
    """Sold some hours earlier; where the book was not out yet, or the shop not open, later."""
    earliest = np.maximum(lines["published"], clock.first_number) * 24 * HOUR
    shift = random.integers(HOUR // SECOND, LONGEST_SHIFT // SECOND, row_count(lines)) * SECOND
    earlier, later = lines["sold_at"] - shift, np.minimum(lines["sold_at"] + shift, clock.end - 1)
    return lines | {"sold_at": np.where(earlier >= earliest, earlier, later)}


def _returns_of(cursor: extensions.cursor, ids: Ints) -> Ints:
    cursor.execute(RETURNS_OF, {"ids": ids.tolist()})
    return np.array([key for (key,) in cursor.fetchall()], dtype=np.int64)
