"""What a storm's writers do to rows: each kind of write changes a few rows in the open transaction, or finds none to change.

A write gives the table and keys it changed. It takes only rows that nobody has locked, so writers do not wait for each other.
"""

import itertools
import random as randoms
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from psycopg2.extensions import cursor as Cursor

# (table, key) of each row that was changed.
Changed = list[tuple[str, int]]

FEW = 4
SKEW_SECONDS = 5.0

ANY_LINE = "true"
LIVE = "deleted_at is null"
SOFT_DELETED = "deleted_at is not null"
NOT_RETURNED = "not exists (select from sales_sale as back where back.original_sale_id = sales_sale.id)"
PICK = """
select id from sales_sale where id >= %(from_id)s and {condition} order by id limit 1 for update skip locked
"""
# Other values that differ from those before: an instant anew, and amounts that fit each other.
OTHER_VALUES = """
sold_at = %(sold_at)s,
quantity = case kind when 'sale' then %(quantity)s else -%(quantity)s end,
discount_amount = 0,
tax_amount = round(unit_price * %(quantity)s * 0.06, 2) * case kind when 'sale' then 1 else -1 end
"""
UPDATE = f"update sales_sale set {OTHER_VALUES} where id = %(id)s"
UPDATE_WITH_TIME = f"update sales_sale set {OTHER_VALUES}, updated_at = {{time}} where id = %(id)s"
TIED_TIME = "date_trunc('second', clock_timestamp())"
SKEWED_TIME = "clock_timestamp() + %(skew)s * interval '1 second'"
SOFT_DELETE = "update sales_sale set deleted_at = now() where id = %(id)s"
RESTORE = "update sales_sale set deleted_at = null where id = %(id)s"
DELETE = f"delete from sales_sale where id = %(id)s and {NOT_RETURNED} returning id"
# After the line with this key or one behind it: books, stores and customers are there.
INSERT = """
insert into sales_sale (
    id, order_id, line_number, kind, book_id, customer_id, store_id, sold_at, unit_price, quantity, currency
)
select
    coalesce(%(id)s, nextval(pg_get_serial_sequence('sales_sale', 'id'))), %(order_id)s, 1, 'sale',
    book_id, customer_id, store_id, %(sold_at)s, unit_price + %(quantity)s, %(quantity)s, currency
from sales_sale
where id >= %(from_id)s
order by id
limit 1
returning id
"""
INSERT_RETURN = """
insert into sales_sale (
    order_id, line_number, kind, original_sale_id, book_id, customer_id, store_id, sold_at, unit_price, quantity, currency
)
select %(order_id)s, 1, 'return', id, book_id, customer_id, store_id, sold_at, unit_price, -1, currency
from sales_sale
where id = %(id)s
returning id
"""
REPRICE = """
update books_book
set list_price = list_price + %(cents)s / 100.0, unit_cost = unit_cost + %(cents)s / 200.0
where id = (select id from books_book where id >= %(from_id)s order by id limit 1 for no key update skip locked)
returning id
"""
NEW_WORK = "insert into books_work (title, original_language, first_published_on) values ('Storm', 'en', '2020-01-07') returning id"
NEW_AUTHOR = "insert into books_author (name) values ('A. Storm') returning id"
NEXT_BOOK = "select nextval(pg_get_serial_sequence('books_book', 'id'))"
NEW_BOOK = """
insert into books_book (
    id, isbn13, work_id, title, publisher_id, genre_id, format, language, list_price, unit_cost, currency, published_on
)
select
    %(id)s, %(isbn13)s, %(work_id)s, 'Storm', publisher_id, genre_id, 'ebook', 'en', 9.99, 5, currency, '2020-01-07'
from books_book
order by id
limit 1
"""
NEW_LINK = "insert into books_book_authors (book_id, author_id, position) values (%(book)s, %(author)s, 1) returning id"
NEXT_CUSTOMER = "select nextval(pg_get_serial_sequence('sales_customer', 'id'))"
NEW_CUSTOMER = """
insert into sales_customer (id, email, full_name, region_id, segment)
select %(id)s, %(email)s, 'Storm Petrel', region_id, 'consumer' from sales_customer order by id limit 1
"""
CHANGE_CUSTOMER = """
update sales_customer
set marketing_consent = not marketing_consent
where id = (select id from sales_customer where id >= %(from_id)s order by id limit 1 for no key update skip locked)
returning id
"""
DELETE_CUSTOMER = """
delete from sales_customer
where id = (
    select id from sales_customer
    where email like 'storm.%%' and not exists (select from sales_sale where customer_id = sales_customer.id)
    order by id limit 1 for update skip locked
)
returning id
"""


@dataclass
class Ground:
    """What the writers share: the shop's extent, order numbers of their own, and keys that were deleted and may come back."""

    first_sold_at: datetime
    last_sold_at: datetime
    last_sale: int
    last_book: int
    last_customer: int
    order_ids: "itertools.count[int]"
    gone: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Hand:
    """One writer's means: a cursor in an open transaction, random numbers, and the keys it took from the ground to reinsert."""

    cursor: Cursor
    random: randoms.Random
    ground: Ground
    taken: list[int] = field(default_factory=list)

    def values(self, **more: object) -> dict[str, object]:
        """Random values that any statement here may ask for."""
        span = self.ground.last_sold_at - self.ground.first_sold_at
        return {
            "from_id": self.random.randint(1, self.ground.last_sale),
            "sold_at": self.ground.first_sold_at + span * self.random.random(),
            "quantity": self.random.randint(1, 5),
            "skew": self.random.uniform(-SKEW_SECONDS, SKEW_SECONDS),
            "order_id": next(self.ground.order_ids),
            **more,
        }

    def keys(self, statement: str, values: dict[str, object]) -> list[int]:
        self.cursor.execute(statement, values)
        return [key for (key,) in self.cursor.fetchall()]

    def line(self, condition: str = ANY_LINE) -> int | None:
        """Lock a line that nobody else holds; None where there is none behind the random place."""
        found = self.keys(PICK.format(condition=condition), self.values())
        return found[0] if found else None

    def change(self, statement: str, condition: str = ANY_LINE, count: int = 1) -> Changed:
        """Run the statement on up to so many random lines."""
        changed = []
        for _ in range(count):
            key = self.line(condition)
            if key is not None:
                self.cursor.execute(statement, self.values(id=key))
                changed += [("sales_sale", key)] * self.cursor.rowcount
        return changed

    @contextmanager
    def unseen(self):
        """No trigger fires in the block: what is written to updated_at stays, or stays as it was; deletes leave no tombstone."""
        self.cursor.execute("set local session_replication_role = replica")
        yield
        self.cursor.execute("set local session_replication_role = origin")


def insert(hand: Hand) -> Changed:
    return [("sales_sale", key) for key in hand.keys(INSERT, hand.values(id=None))]


def insert_return(hand: Hand) -> Changed:
    key = hand.line(f"{LIVE} and kind = 'sale'")
    return [("sales_sale", row) for row in hand.keys(INSERT_RETURN, hand.values(id=key))] if key else []


def update(hand: Hand) -> Changed:
    return hand.change(UPDATE)


def tie(hand: Hand) -> Changed:
    """The application sets updated_at to the second, so rows of different transactions share it."""
    with hand.unseen():
        return hand.change(UPDATE_WITH_TIME.format(time=TIED_TIME), count=FEW)


def skewed_update(hand: Hand) -> Changed:
    """The application sets updated_at by a clock that is up to five seconds off."""
    with hand.unseen():
        return hand.change(UPDATE_WITH_TIME.format(time=SKEWED_TIME))


def silent_update(hand: Hand) -> Changed:
    """updated_at stays as it was."""
    with hand.unseen():
        return hand.change(UPDATE)


def soft_delete(hand: Hand) -> Changed:
    return hand.change(SOFT_DELETE, LIVE)


def restore(hand: Hand) -> Changed:
    return hand.change(RESTORE, SOFT_DELETED)


def hard_delete(hand: Hand) -> Changed:
    # In a statement of its own: it sees returns that were committed before the line was locked.
    return hand.change(DELETE, NOT_RETURNED)


def untracked_delete(hand: Hand) -> Changed:
    with hand.unseen():
        return hand.change(DELETE, NOT_RETURNED)


def reinsert(hand: Hand) -> Changed:
    """A key that was deleted before comes back with other values; its tombstone, if it left one, stays."""
    with hand.ground.lock:
        if not hand.ground.gone:
            return []
        hand.taken.append(hand.ground.gone.pop(hand.random.randrange(len(hand.ground.gone))))
    return [("sales_sale", key) for key in hand.keys(INSERT, hand.values(id=hand.taken[-1]))]


def reprice(hand: Hand) -> Changed:
    return _repriced(hand)


def silent_reprice(hand: Hand) -> Changed:
    with hand.unseen():
        return _repriced(hand)


def new_book(hand: Hand) -> Changed:
    """A work, its author and an edition."""
    (work,), (author,), (book,) = (hand.keys(statement, {}) for statement in (NEW_WORK, NEW_AUTHOR, NEXT_BOOK))
    hand.cursor.execute(NEW_BOOK, {"id": book, "isbn13": isbn13(book), "work_id": work})
    (link,) = hand.keys(NEW_LINK, {"book": book, "author": author})
    tables = ("books_work", "books_author", "books_book", "books_book_authors")
    return list(zip(tables, (work, author, book, link), strict=True))


def new_customer(hand: Hand) -> Changed:
    (key,) = hand.keys(NEXT_CUSTOMER, {})
    hand.cursor.execute(NEW_CUSTOMER, {"id": key, "email": f"storm.{key}@example.com"})
    return [("sales_customer", key)]


def change_customer(hand: Hand) -> Changed:
    values = {"from_id": hand.random.randint(1, hand.ground.last_customer)}
    return [("sales_customer", key) for key in hand.keys(CHANGE_CUSTOMER, values)]


def delete_customer(hand: Hand) -> Changed:
    """One whom the storm made and who bought nothing."""
    return [("sales_customer", key) for key in hand.keys(DELETE_CUSTOMER, {})]


def isbn13(number: int) -> str:
    """An ISBN that no generated book has: 979-1, the number, a right check digit."""
    digits = f"9791{number:08d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"


def _repriced(hand: Hand) -> Changed:
    values = {"from_id": hand.random.randint(1, hand.ground.last_book), "cents": hand.random.randint(1, 99)}
    return [("books_book", key) for key in hand.keys(REPRICE, values)]


# By name, with how often each is done.
WRITES: dict[str, tuple[Callable[[Hand], Changed], int]] = {
    "insert": (insert, 6),
    "insert_return": (insert_return, 1),
    "update": (update, 5),
    "tie": (tie, 1),
    "skewed_update": (skewed_update, 2),
    "silent_update": (silent_update, 1),
    "soft_delete": (soft_delete, 1),
    "restore": (restore, 1),
    "hard_delete": (hard_delete, 2),
    "untracked_delete": (untracked_delete, 1),
    "reinsert": (reinsert, 1),
    "reprice": (reprice, 2),
    "silent_reprice": (silent_reprice, 1),
    "new_book": (new_book, 1),
    "new_customer": (new_customer, 1),
    "change_customer": (change_customer, 1),
    "delete_customer": (delete_customer, 1),
}
# What a timestamp, a soft delete or a tombstone does not show: found by a sweep.
UNTRACKED = frozenset({"silent_update", "silent_reprice", "untracked_delete"})
