"""Orders: lines bought together, by whom, where and when.

Readers have tastes. Books of one author, or of one genre, find themselves in one order more often than chance would have it, and
customers come back for the genre they like.
"""

from dataclasses import dataclass

import numpy as np

from datagen.anomalies import Anomaly
from datagen.arrays import DAY, HOUR, SECOND, Flags, Ints, draw_rows, draw_weighted
from datagen.arrival import MOST_DAYS_LATE, created_at
from datagen.books import Books
from datagen.demand import Lines
from datagen.people import Buyers
from datagen.places import COUNTRIES, STORE
from datagen.plan import ShopPlan
from datagen.promotions import Promotions
from datagen.season import window_days
from datagen.stores import Stores

# By channel in the order of places.CHANNELS.
NEW_ORDER_SHARES = np.array((0.55, 0.75, 0.60, 0.25, 0.30))
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
# Lines that lie beside others of their author, and of their genre; the rest lie anywhere.
SAME_AUTHOR_SHARE, SAME_GENRE_SHARE = 0.25, 0.4
LANGUAGE_BITS, CHANNEL_BITS, KEY_BITS = 2, 3, 63
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
    created: Ints


@dataclass(frozen=True)
class Basket:
    """Lines in order of their orders: book position, position of the order, number of the line in it."""

    book: Ints
    order: Ints
    number: Ints


@dataclass(frozen=True)
class Counter:
    """Where and to whom orders go: everything beside the lines themselves."""

    books: Books
    stores: Stores
    buyers: Buyers
    promotions: Promotions
    anomalies: tuple[Anomaly, ...] = ()


def is_thin(plan: ShopPlan) -> bool:
    """Whether the plan's days are too thin for lines of one day to make orders of more than one."""
    first, end = window_days(plan)
    return plan.sales < LINES_OF_A_BUSY_DAY * (end - first)


def make_orders(
    random: np.random.Generator, lines: Lines, counter: Counter, last: int, is_thin: bool
) -> tuple[Orders, Basket]:
    """Orders that arrive before the day `last`; where days are thin, they gather lines of several days."""
    books = counter.books
    sequence, is_first = _grouped(random, lines, books, is_thin)
    starts = np.flatnonzero(is_first)
    order = np.cumsum(is_first) - 1
    book = lines.book[sequence]
    first_book, channel = book[starts], lines.channel[sequence][starts]
    day = np.maximum.reduceat(lines.day[sequence], starts)
    late = np.minimum(lines.late[sequence][starts], last - 1 - day)
    country = draw_rows(random, COUNTRY_SHARES, books.language[first_book])
    sold_at = time_of_day(random, channel, day)
    orders = Orders(
        store=_stores(random, counter.stores, channel, country, day),
        channel=channel,
        country=country,
        customer=_customers(random, counter.buyers, channel, country, books.genre[first_book], sold_at),
        promotion=_promotions(random, counter.promotions, channel, day),
        sold_at=sold_at,
        created=created_at(random, sold_at, late),
    )
    return orders, Basket(book, order, np.arange(len(order)) - starts[order] + 1)


def time_of_day(random: np.random.Generator, channel: Ints, day: Ints) -> Ints:
    """An instant on the day, at an hour when the channel sells."""
    hour = draw_rows(random, HOURS, channel)
    return day * DAY + hour * HOUR + random.integers(0, HOUR // SECOND, len(day)) * SECOND


def _grouped(random: np.random.Generator, lines: Lines, books: Books, is_thin: bool) -> tuple[Ints, Flags]:
    """A sequence in which the lines of an order lie together, and where orders begin.

    Lines of an order have one channel, language, day and arrival; the same book twice is rare.
    """
    language = books.language[lines.book]
    group = lines.channel << LANGUAGE_BITS | language
    day = lines.day - lines.day[0]
    if is_thin:
        place, span = group * (day[-1] + 1) + day, THIN_SPAN_DAYS
    else:
        cell = day * (MOST_DAYS_LATE + 1) + lines.late
        place, span = cell << (LANGUAGE_BITS + CHANNEL_BITS) | group, 0
    sequence = _sorted_by(place, _neighbourhood(random, books, lines.book))
    book, group, day = lines.book[sequence], group[sequence], day[sequence]
    is_first = random.random(len(sequence)) < NEW_ORDER_SHARES[lines.channel[sequence]]
    is_first[0] = True
    is_first[1:] |= np.diff(group) != 0
    is_first[1:] |= np.diff(day) > span
    is_first[1:] |= np.diff(book) == 0
    is_first[2:] |= book[2:] == book[:-2]
    if not is_thin:
        is_first[1:] |= np.diff(lines.late[sequence]) != 0
    return sequence, is_first


def _neighbourhood(random: np.random.Generator, books: Books, book: Ints) -> Ints:
    """A number from 0 to 2 to the 16th for each line: beside its author's, within its genre's, or anywhere."""
    chance, spread = random.random(len(book)), random.random(len(book))
    shelf = books.shelf[book]
    low, width = books.genre_from[books.genre[book]], books.genre_width[books.genre[book]]
    place = np.where(chance < SAME_AUTHOR_SHARE + SAME_GENRE_SHARE, low + spread * width, spread)
    return (np.where(chance < SAME_AUTHOR_SHARE, shelf, place) * 2**16).astype(np.int64)


def _sorted_by(place: Ints, neighbourhood: Ints) -> Ints:
    """Positions in order of place, then neighbourhood. Packed into one number each they are sorted many times faster."""
    index_bits = len(place).bit_length()
    free = KEY_BITS - index_bits - int(place.max()).bit_length()
    near = neighbourhood >> max(16 - free, 0)
    packed = (place << min(free, 16) | near) << index_bits | np.arange(len(place))
    packed.sort()
    return packed & ((1 << index_bits) - 1)


def _stores(random: np.random.Generator, stores: Stores, channel: Ints, country: Ints, day: Ints) -> Ints:
    store = stores.remote(channel, country)
    for n in range(len(COUNTRIES)):
        walk_ins = np.flatnonzero((channel == STORE) & (country == n))
        bookstores = stores.bookstores_of(n)
        drawn = bookstores[draw_weighted(random, np.cumsum(stores.weight[bookstores]), len(walk_ins))]
        store[walk_ins] = stores.open_or_flagship(drawn, day[walk_ins])
    return store


def _customers(
    random: np.random.Generator, buyers: Buyers, channel: Ints, country: Ints, genre: Ints, at: Ints
) -> Ints:
    customer = buyers.draw(random, country, channel, genre, at)
    is_anonymous = (channel == STORE) & (random.random(len(channel)) < ANONYMOUS_SHARE)
    return np.where(is_anonymous, -1, customer)


def _promotions(random: np.random.Generator, promotions: Promotions, channel: Ints, day: Ints) -> Ints:
    takes_part = HAS_PROMOTIONS[channel] & (random.random(len(channel)) < PROMOTION_SHARE)
    return np.where(takes_part, promotions.position_on(day), -1)
