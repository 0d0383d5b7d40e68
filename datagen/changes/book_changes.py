"""Changes of a few books that sell: price, cost, title, genre or publisher."""

from dataclasses import dataclass, replace

import numpy as np
from psycopg2 import extensions

from datagen.arrays import Ints
from datagen.books import ENDINGS
from datagen.changes.clock import SimulatedClock

CHANGED = ("list_price", "unit_cost", "title", "genre_id", "publisher_id")
TITLE_SUFFIXES = (" (Revised Edition)", " (Anniversary Edition)", ": With a New Afterword")
LONGEST_TITLE = 300

BOOKS = """
select
    books_book.id,
    books_book.title,
    (books_book.list_price * 100)::bigint as price,
    (books_book.unit_cost * 100)::bigint as cost,
    books_book.genre_id,
    books_book.publisher_id
from books_book
where books_book.id = any(%(ids)s::bigint[])
order by books_book.id
"""
# What a book may move to: a genre beneath the same one, a house of the same country.
GENRES = "select id, parent_id from books_genre where deleted_at is null and parent_id is not null order by id"
PUBLISHERS = "select id, country_code from books_publisher where deleted_at is null order by id"


@dataclass(frozen=True)
class BookState:
    """The columns of a book that change, money in cents."""

    id: int
    title: str
    price: int
    cost: int
    genre_id: int
    publisher_id: int


@dataclass(frozen=True)
class BookChange:
    """Which column of a book changes, and the book as it is afterwards."""

    column: str
    after: BookState


def change_books(cursor: extensions.cursor, clock: SimulatedClock, selling: Ints, count: int) -> list[BookChange]:
    """`count` changes, each of another book of those that sell, the kinds in turn."""
    random = clock.random("books")
    books = np.unique(selling)
    chosen = random.choice(books, min(count, len(books)), replace=False)
    cursor.execute(BOOKS, {"ids": np.sort(chosen).tolist()})
    states = [BookState(*row) for row in cursor.fetchall()]
    genres, publishers = _groups(cursor, GENRES), _groups(cursor, PUBLISHERS)
    changes = []
    for place, book in enumerate(states):
        column = CHANGED[place % len(CHANGED)]
        changes.append(BookChange(column, _changed(random, book, column, genres, publishers)))
    return changes


def _changed(
    random: np.random.Generator, book: BookState, column: str, genres: dict[int, str], publishers: dict[int, str]
) -> BookState:
    match column:
        case "list_price":
            return replace(book, price=_other_price(random, book.price))
        case "unit_cost":
            return replace(book, cost=max(int(book.cost * random.uniform(0.85, 1.15)), 1) + 1)
        case "title":
            return replace(book, title=_other_title(random, book.title))
        case "genre_id":
            return replace(book, genre_id=_neighbour(random, genres, book.genre_id))
        case _:
            return replace(book, publisher_id=_neighbour(random, publishers, book.publisher_id))


def _other_price(random: np.random.Generator, price: int) -> int:
    """A fifth less to a quarter more, and never the same; it ends as shop prices do."""
    whole = max(round(price // 100 * random.uniform(0.8, 1.25)), 1)
    other = whole * 100 + int(random.choice(ENDINGS))
    return other if other != price else other + 100


def _other_title(random: np.random.Generator, title: str) -> str:
    plain = title
    for suffix in TITLE_SUFFIXES:
        plain = plain.removesuffix(suffix)
    others = [plain + suffix for suffix in TITLE_SUFFIXES if plain + suffix != title]
    return str(random.choice(others))[-LONGEST_TITLE:]


def _neighbour(random: np.random.Generator, groups: dict[int, str], current: int) -> int:
    """Another member of the same group; of any, where it is alone in its own."""
    others = [member for member in groups if member != current]
    near = [member for member in others if groups[member] == groups.get(current)]
    return int(random.choice(near or others or [current]))


def _groups(cursor: extensions.cursor, statement: str) -> dict[int, str]:
    """The group of each member."""
    cursor.execute(statement)
    return {member: str(group) for member, group in cursor.fetchall()}
