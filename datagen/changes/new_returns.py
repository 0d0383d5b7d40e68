"""New returns of earlier lines."""

import numpy as np
from psycopg2 import extensions

from datagen.amounts import part_of
from datagen.arrays import DAY, SECOND, Columns, Ints, draw_shares
from datagen.arrival import USUAL_DELAY
from datagen.changes.clock import SimulatedClock
from datagen.changes.earlier import draw_lines
from datagen.changes.read import row_count, taken
from datagen.orders import time_of_day
from datagen.returns import CHANNEL_RATES, FORMAT_FACTORS, LAG_SIGMA, MEDIAN_LAG_DAYS

# Candidates for each return, of which those likely to come back are taken.
CANDIDATES = 4
# Returns by channel in the order of places.CHANNELS: the channels' shares of lines times CHANNEL_RATES, about.
LAG_SHARES = (0.17, 0.02, 0.20, 0.54, 0.07)


def make_returns(cursor: extensions.cursor, clock: SimulatedClock, count: int) -> Columns:
    """Up to `count` returns as columns of sales_sale, each of another line and an order of its own."""
    random = clock.random("returns")

    def days_back(size: int, reach: int) -> Ints:
        median = MEDIAN_LAG_DAYS[draw_shares(random, LAG_SHARES, size)] * reach
        return np.ceil(random.lognormal(np.log(median), LAG_SIGMA)).astype(np.int64)

    lines = draw_lines(cursor, clock, "returns", count * CANDIDATES, days_back)
    lines = taken(lines, np.flatnonzero((lines["is_returned"] == 0) & (lines["is_open"] == 1)))
    return _returns_of(clock, random, taken(lines, _likely(random, lines, count)))


def _likely(random: np.random.Generator, lines: Columns, count: int) -> Ints:
    """Lines drawn without repetition by how often their channel and format come back: the shortest waiting times."""
    waits = random.exponential(size=row_count(lines)) / CHANNEL_RATES[lines["channel"]]
    return np.sort(np.argsort(waits / FORMAT_FACTORS[lines["format"]], kind="stable")[:count])


def _returns_of(clock: SimulatedClock, random: np.random.Generator, lines: Columns) -> Columns:
    count, sold = row_count(lines), lines["quantity"]
    returned_at = time_of_day(random, lines["channel"], np.full(count, clock.number))
    created = returned_at + random.exponential(USUAL_DELAY, count).astype(np.int64) + SECOND
    quantity = 1 + (random.random(count) * sold).astype(np.int64)
    kept = {name: lines[name] for name in ("book", "store", "customer", "promotion", "country", "unit_price")}
    return kept | {
        "order": np.arange(count),
        "number": np.ones(count, dtype=np.int64),
        "original": lines["id"],
        "sold_at": clock.squeezed(returned_at),
        "created": clock.squeezed(np.minimum(created, clock.start + DAY - 1)),
        "quantity": -quantity,
        "discount": -part_of(lines["discount"], quantity, sold),
        "tax": -part_of(lines["tax"], quantity, sold),
    }
