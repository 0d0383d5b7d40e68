"""Planted anomalies: things that happen in a shop and that somebody should notice, with an answer key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from datagen.arrays import EPOCH, Floats, Ints, random_for
from datagen.books import Books
from datagen.launch import sales_by_age
from datagen.places import STORE
from datagen.plan import ShopPlan
from datagen.season import window_days
from datagen.stores import FLAGSHIPS, REMOTE_STORES, Stores

STOCK_OUT, DEMAND_SPIKE, PRICE_ERROR, MISSING_SHOP_DAY = "stock_out", "demand_spike", "price_error", "missing_shop_day"
# In turn: how many days each lasts, and by how much it changes demand.
KINDS = ((STOCK_OUT, 14, 0.0), (DEMAND_SPIKE, 1, 30.0), (PRICE_ERROR, 2, 1.0), (MISSING_SHOP_DAY, 1, 1.0))
PRICE_DIVISOR = 10
# Nothing happens so near to either end of the plan that there is no before and after.
QUIET_DAYS = 30
# Of the books that sell best on the day, so that the anomaly is seen.
BEST_SELLERS = 40


@dataclass(frozen=True)
class Anomaly:
    """What happened when, both days included, to which book or store; positions, -1 for none."""

    kind: str
    first: int
    last: int
    factor: float
    book: int = -1
    store: int = -1

    @property
    def answer(self) -> dict[str, object]:
        """As it stands in the answer key: rows of the shop by their ids."""
        days = {
            "first_day": str(EPOCH + timedelta(days=self.first)),
            "last_day": str(EPOCH + timedelta(days=self.last)),
        }
        row = {"book_id": self.book + 1} if self.book >= 0 else {"store_id": self.store + 1}
        return {"kind": self.kind, **days, **row}


def make_anomalies(plan: ShopPlan, books: Books, stores: Stores) -> tuple[Anomaly, ...]:
    """As many as the plan asks for, the kinds in turn, each of another book or of a day of some store."""
    return tuple(_drawn(plan, books, stores))


def wrong_prices(anomalies: tuple[Anomaly, ...], book: Ints, day: Ints, price: Ints) -> Ints:
    """Prices of lines, a tenth where the book's price is wrong on the day."""
    for anomaly in anomalies:
        if anomaly.kind == PRICE_ERROR:
            is_wrong = (book == anomaly.book) & (anomaly.first <= day) & (day <= anomaly.last)
            price = np.where(is_wrong, price // PRICE_DIVISOR, price)
    return price


def _drawn(plan: ShopPlan, books: Books, stores: Stores) -> Iterator[Anomaly]:
    random = random_for(plan, "anomalies")
    start, end = window_days(plan)
    taken: set[int] = set()
    for number in range(plan.anomalies):
        kind, days, factor = KINDS[number % len(KINDS)]
        first = int(random.integers(start + QUIET_DAYS, end - QUIET_DAYS))
        if kind == MISSING_SHOP_DAY:
            yield Anomaly(kind, first, first, factor, store=int(random.choice(_bookstores(stores, first))))
        else:
            expected = _expected(books, first, first + days)
            expected[list(taken)] = 0.0
            book = int(random.choice(np.argsort(expected)[-BEST_SELLERS:]))
            taken.add(book)
            yield Anomaly(kind, first, first + days - 1, factor, book=book)


def _expected(books: Books, first: int, last: int) -> Floats:
    """What books sell about on the day, of those that are there all the time."""
    is_there = (books.published <= first) & (last < books.withdrawn)
    return np.where(is_there, books.size * sales_by_age(first - books.published), 0.0)


def _bookstores(stores: Stores, day: int) -> Ints:
    """Stores that are open on the day, but for the flagships, which take over what others cannot sell."""
    may_miss = np.arange(len(stores.channel)) >= REMOTE_STORES + FLAGSHIPS
    return np.flatnonzero(may_miss & (stores.channel == STORE) & (stores.opened <= day) & (day < stores.closed))
