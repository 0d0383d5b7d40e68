"""Returns: lines of their own that give back a sold line, in whole or in part."""

from dataclasses import dataclass

import numpy as np

from datagen.amounts import Amounts, part_of
from datagen.arrays import DAY, SECOND, Flags, Floats, Ints, random_for
from datagen.books import Books
from datagen.orders import Basket, Orders, time_of_day
from datagen.plan import ShopPlan
from datagen.season import window_days

# How likely a line comes back, by channel and by format (places.CHANNELS, editions.FORMATS): trade returns of unsold
# stock are many and come after one to three months, those of readers are few and come soon.
CHANNEL_RATES = np.array((0.040, 0.015, 0.040, 0.280, 0.100))
FORMAT_FACTORS = np.array((1.15, 0.90, 1.90, 0.70, 0.25, 0.25))
MEDIAN_LAG_DAYS = np.array((10.0, 6.0, 12.0, 60.0, 25.0))
LAG_SIGMA = 0.7


@dataclass(frozen=True)
class Returns:
    """Returns by position: the position of the line they give back, the instant, and how much of it (positive)."""

    line: Ints
    sold_at: Ints
    quantity: Ints
    discount: Ints
    tax: Ints


def make_returns(plan: ShopPlan, orders: Orders, basket: Basket, amounts: Amounts, books: Books, count: int) -> Returns:
    """`count` returns, at most one of each line, none before its sale or after the plan's last day."""
    random = random_for(plan, "sales_sale returns")
    channel = orders.channel[basket.order]
    lag = np.ceil(random.lognormal(np.log(MEDIAN_LAG_DAYS)[channel], LAG_SIGMA)).astype(np.int64)
    return_day = orders.sold_at[basket.order] // DAY + lag
    in_time = return_day < window_days(plan)[1]
    rate = CHANNEL_RATES[channel] * FORMAT_FACTORS[books.format[basket.book]]
    line = _chosen(random, np.where(in_time, rate, rate * 1e-9), count)
    sold, sold_at = amounts.quantity[line], orders.sold_at[basket.order[line]]
    quantity = 1 + (random.random(count) * sold).astype(np.int64)
    return Returns(
        line=line,
        sold_at=_returned_at(plan, random, channel[line], return_day[line], sold_at, in_time[line]),
        quantity=quantity,
        discount=part_of(amounts.discount[line], quantity, sold),
        tax=part_of(amounts.tax[line], quantity, sold),
    )


def _chosen(random: np.random.Generator, weight: Floats, count: int) -> Ints:
    """Positions drawn by weight without repetition: the shortest weighted waiting times."""
    waits = random.exponential(size=len(weight)) / weight
    return np.sort(np.argpartition(waits, count)[:count]) if count < len(weight) else np.arange(len(weight))


def _returned_at(
    plan: ShopPlan, random: np.random.Generator, channel: Ints, day: Ints, sold_at: Ints, in_time: Flags
) -> Ints:
    """At an hour when the channel works; a return whose day lies beyond the plan comes in the time there is."""
    end = window_days(plan)[1] * DAY
    hastened = sold_at + (random.random(len(day)) * (end - sold_at)).astype(np.int64) // SECOND * SECOND
    return np.where(in_time, time_of_day(random, channel, day), hastened)
