"""Orders: lines bought together, by whom, where and when."""

from dataclasses import dataclass

import numpy as np

from datagen.arrays import DAY, HOUR, SECOND, Flags, Ints, draw_rows, draw_weighted, random_for
from datagen.books import Books
from datagen.demand import Lines
from datagen.people import INSTITUTIONS, PEOPLE, RESELLERS, Customers
from datagen.places import COUNTRIES, STORE
from datagen.plan import ShopPlan
from datagen.promotions import Promotions
from datagen.season import window_days
from datagen.stores import Stores

# By channel in the order of places.CHANNELS.
NEW_ORDER_SHARES = np.array((0.55, 0.75, 0.60, 0.25, 0.30))
BUYERS_OF_CHANNEL = np.array((PEOPLE, PEOPLE, PEOPLE, RESELLERS, INSTITUTIONS))
HAS_PROMOTIONS = np.array((True, True, True, False, False))
# Lines of an order lie on one day. Where days are thin, an order may gather lines of the days just before it.
LINES_OF_A_BUSY_DAY = 50
THIN_SPAN_DAYS = 3

# Country of the buyer by language of the book, in the orders of works.LANGUAGES and places.COUNTRIES.
COUNTRY_SHARES = (
    (0.60, 0.21, 0.13, 0.06),
    (0.03, 0.03, 0.03, 0.91),
    (0.10, 0.08, 0.72, 0.10),
    (0.85, 0.05, 0.05, 0.05),
)
ANONYMOUS_SHARE = 0.3
PROMOTION_SHARE = 0.35

# Relative sales by hour of the day, from midnight: online, in shops, in offices.
ONLINE_HOURS = (3, 2, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 9, 8, 8, 8, 8, 9, 10, 12, 13, 12, 9, 5)
SHOP_HOURS = (0, 0, 0, 0, 0, 0, 0, 0, 1, 5, 8, 10, 12, 11, 11, 12, 12, 12, 9, 5, 1, 0, 0, 0)
OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 0, 3, 8, 12, 13, 12, 7, 10, 12, 11, 8, 3, 1, 0, 0, 0, 0, 0)
HOURS = np.array((ONLINE_HOURS, ONLINE_HOURS, SHOP_HOURS, OFFICE_HOURS, OFFICE_HOURS))


@dataclass(frozen=True)
class Orders:
    """Orders by position. Customer and promotion are positions, -1 for none."""

    store: Ints
    channel: Ints
    country: Ints
    customer: Ints
    promotion: Ints
    sold_at: Ints


@dataclass(frozen=True)
class Basket:
    """Lines in order of their orders: book position, position of the order, number of the line in it."""

    book: Ints
    order: Ints
    number: Ints


def make_orders(
    plan: ShopPlan, lines: Lines, books: Books, stores: Stores, customers: Customers, promotions: Promotions
) -> tuple[Orders, Basket]:
    random = random_for(plan, "sales_sale orders")
    sequence, is_first = _grouped(plan, random, lines, books.language[lines.book])
    starts = np.flatnonzero(is_first)
    order = np.cumsum(is_first) - 1
    channel = lines.channel[sequence][starts]
    day = np.maximum.reduceat(lines.day[sequence], starts)
    country = draw_rows(random, COUNTRY_SHARES, books.language[lines.book[sequence][starts]])
    sold_at = time_of_day(random, channel, day)
    orders = Orders(
        store=_stores(random, stores, channel, country, day),
        channel=channel,
        country=country,
        customer=_customers(random, customers, channel, country, sold_at),
        promotion=_promotions(random, promotions, channel, day),
        sold_at=sold_at,
    )
    return orders, Basket(lines.book[sequence], order, np.arange(len(order)) - starts[order] + 1)


def time_of_day(random: np.random.Generator, channel: Ints, day: Ints) -> Ints:
    """An instant on the day, at an hour when the channel sells."""
    hour = draw_rows(random, HOURS, channel)
    return day * DAY + hour * HOUR + random.integers(0, HOUR // SECOND, len(day)) * SECOND


def _grouped(plan: ShopPlan, random: np.random.Generator, lines: Lines, language: Ints) -> tuple[Ints, Flags]:
    """A sequence in which the lines of an order lie together, and where orders begin: same channel, language, day."""
    sequence = np.lexsort((random.random(len(lines.day)), lines.day, language, lines.channel))
    start, end = window_days(plan)
    span = 0 if len(lines.day) >= LINES_OF_A_BUSY_DAY * (end - start) else THIN_SPAN_DAYS
    is_first = random.random(len(sequence)) < NEW_ORDER_SHARES[lines.channel[sequence]]
    is_first[0] = True
    is_first[1:] |= np.diff(lines.channel[sequence]) != 0
    is_first[1:] |= np.diff(language[sequence]) != 0
    is_first[1:] |= np.diff(lines.day[sequence]) > span
    return sequence, is_first


def _stores(random: np.random.Generator, stores: Stores, channel: Ints, country: Ints, day: Ints) -> Ints:
    store = stores.remote(channel, country)
    for n in range(len(COUNTRIES)):
        walk_ins = np.flatnonzero((channel == STORE) & (country == n))
        bookstores = stores.bookstores_of(n)
        drawn = bookstores[draw_weighted(random, np.cumsum(stores.weight[bookstores]), len(walk_ins))]
        store[walk_ins] = stores.open_or_flagship(drawn, day[walk_ins])
    return store


def _customers(random: np.random.Generator, customers: Customers, channel: Ints, country: Ints, at: Ints) -> Ints:
    customer = customers.draw(random, country, BUYERS_OF_CHANNEL[channel], at)
    is_anonymous = (channel == STORE) & (random.random(len(channel)) < ANONYMOUS_SHARE)
    return np.where(is_anonymous, -1, customer)


def _promotions(random: np.random.Generator, promotions: Promotions, channel: Ints, day: Ints) -> Ints:
    takes_part = HAS_PROMOTIONS[channel] & (random.random(len(channel)) < PROMOTION_SHARE)
    return np.where(takes_part, promotions.position_on(day), -1)
