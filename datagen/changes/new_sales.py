"""New orders: of the day itself, and late ones of earlier days."""

from dataclasses import dataclass

import numpy as np

from datagen.amounts import Amounts, line_amounts
from datagen.arrays import DAY, SECOND, Columns, Flags, Ints, draw_shares, draw_weighted
from datagen.arrival import EARLIEST_DAYS, LATENESS_SHARES, LATEST_DAYS, USUAL_DELAY
from datagen.changes.clock import SimulatedClock
from datagen.changes.pool import pool_totals
from datagen.changes.read import taken
from datagen.orders import HAS_PROMOTIONS, NEW_ORDER_SHARES, PROMOTION_SHARE, time_of_day
from datagen.places import PARITY
from datagen.promotions import Promotions

# Share of the day's orders: the generator's 60,000 customers per million lines, two thirds of whom join meanwhile.
NEW_CUSTOMER_SHARE = 0.06
OF_THE_ORDER = ("store", "country", "customer", "promotion", "sold_at", "created")


@dataclass(frozen=True)
class NewSales:
    """Lines in order of their orders, as columns of sales_sale; and who of the buyers is new.

    In `customer`, 0 is none and -n is the n-th of `newcomers`, which hold country, region, segment and the instant of joining.
    """

    lines: Columns
    is_late: Flags
    newcomers: Columns


def make_new_sales(clock: SimulatedClock, pool: Columns, promotions: Promotions, count: int, even: bool) -> NewSales:
    """`count` lines. The promotion of a line is its position, -1 for none."""
    random = clock.random("new sales")
    drawn = taken(pool, draw_weighted(random, pool_totals(pool, clock), count))
    # Lines of an order are of one store.
    drawn = taken(drawn, np.lexsort((random.random(count), drawn["store"])))
    is_first = random.random(count) < NEW_ORDER_SHARES[drawn["channel"]]
    is_first |= np.diff(drawn["store"], prepend=-1) != 0
    starts, order = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    orders = _orders(clock, random, drawn, starts, even)
    orders["promotion"] = _promotions(random, promotions, orders["channel"], orders["sold_at"] // DAY)
    orders["customer"], newcomers = _with_newcomers(clock, random, orders)
    lines = {name: orders[name][order] for name in OF_THE_ORDER}
    amounts = _amounts(drawn, lines["promotion"], promotions)
    lines |= {
        "order": order,
        "number": np.arange(count) - starts[order] + 1,
        "original": np.zeros(count, dtype=np.int64),
        "book": drawn["book"],
        "unit_price": amounts.unit_price,
        "quantity": amounts.quantity,
        "discount": amounts.discount,
        "tax": amounts.tax,
    }
    return NewSales(lines, lines["sold_at"] < clock.start, newcomers)


def _orders(clock: SimulatedClock, random: np.random.Generator, drawn: Columns, starts: Ints, even: bool) -> Columns:
    """What the lines of an order share; the buyer is the one of the line that its first was drawn after."""
    names = ("store", "channel", "country", "customer", "region", "segment")
    orders = {name: drawn[name][starts] for name in names}
    day = clock.number - _days_late(clock, random, len(starts), even)
    if len(starts):
        # No line is sold before its book came out or its store opened.
        day = np.maximum(day, np.maximum.reduceat(np.maximum(drawn["published"], drawn["opened"]), starts))
    day = np.clip(day, clock.first_number, clock.number)
    sold_at = time_of_day(random, orders["channel"], day)
    at_once = np.minimum(sold_at + random.exponential(USUAL_DELAY, len(day)).astype(np.int64), (day + 1) * DAY - 1)
    later = clock.start + random.integers(0, DAY, len(day))
    created = np.where(day < clock.number, later, at_once)
    return orders | {"sold_at": clock.squeezed(sold_at), "created": clock.squeezed(created)}


def _days_late(clock: SimulatedClock, random: np.random.Generator, count: int, even: bool) -> Ints:
    """0 for most; late orders by the generator's curve, or evenly over the life of the shop."""
    lateness = draw_shares(random, LATENESS_SHARES, count)
    by_curve = random.integers(EARLIEST_DAYS[lateness], LATEST_DAYS[lateness] + 1)
    evenly = random.integers(1, clock.number - clock.first_number + 1, count)
    return np.where((lateness > 0) & even, evenly, by_curve)


def _promotions(random: np.random.Generator, promotions: Promotions, channel: Ints, day: Ints) -> Ints:
    takes_part = HAS_PROMOTIONS[channel] & (random.random(len(channel)) < PROMOTION_SHARE)
    running = promotions.position_on(day) if len(promotions.starts) else np.full(len(day), -1)
    return np.where(takes_part, running, -1)


def _with_newcomers(clock: SimulatedClock, random: np.random.Generator, orders: Columns) -> tuple[Ints, Columns]:
    """Some of the known buyers give way to people of their region and segment who join just before they buy."""
    customer = orders["customer"].copy()
    known = np.flatnonzero((customer > 0) & (orders["sold_at"] >= clock.start))
    count = min(max(round(len(customer) * NEW_CUSTOMER_SHARE), 1), len(known))
    of_new = np.sort(random.choice(known, count, replace=False)) if count else known[:0]
    customer[of_new] = -1 - np.arange(count)
    joined = orders["sold_at"][of_new] - random.integers(30, 900, count) * SECOND
    newcomers = {name: orders[name][of_new] for name in ("country", "region", "segment")}
    return customer, newcomers | {"created": np.maximum(joined, clock.start)}


def _amounts(drawn: Columns, promotion: Ints, promotions: Promotions) -> Amounts:
    percent = np.zeros(len(promotion), dtype=np.int64)
    is_promoted = promotion >= 0
    percent[is_promoted] = promotions.percent[promotion[is_promoted]]
    price = local_price(drawn["price"], drawn["currency"], drawn["country"])
    return line_amounts(drawn["channel"], drawn["country"], drawn["format"], price, drawn["quantity"], percent)


def local_price(price: Ints, currency: Ints, country: Ints) -> Ints:
    """The list price in the country's currency: of about the same worth, with the same ending."""
    whole = np.maximum(np.rint(price // 100 * PARITY[currency] / PARITY[country]), 1).astype(np.int64)
    return np.where(currency == country, price, whole * 100 + price % 100)
