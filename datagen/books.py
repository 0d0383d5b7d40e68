"""Books: one per edition and format, with ISBN, price and cost."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from datagen.arrays import DAY, HOUR, Flags, Floats, Ints, draw_shares, half_up, instant_of, random_for
from datagen.authors import Authorship
from datagen.columns import days, decimals, life, optional, picked, row_ids
from datagen.editions import AUDIOBOOK, BOARD, EBOOK, FORMATS, Editions
from datagen.genres import GENRES
from datagen.isbn import BOOKLAND, BOOKLAND_NEW, isbn10_of, isbn13_of
from datagen.places import CURRENCIES, PARITY, opening_of
from datagen.plan import ShopPlan
from datagen.publishers import Publishers
from datagen.season import window_days
from datagen.works import LANGUAGES, Works

# By format in the order of editions.FORMATS: price range in USD, share of the price that the shop pays.
LOWEST_PRICE = np.array((25, 14, 8, 7, 3, 14))
HIGHEST_PRICE = np.array((35, 20, 11, 11, 15, 30))
COST_RATIO = np.array((0.46, 0.48, 0.50, 0.48, 0.58, 0.56))
# Sales of an edition relative to its work: together with how often a format occurs, the trade's format shares.
UNIT_WEIGHT = np.array((0.60, 0.60, 1.70, 0.30, 0.40, 0.30))
# By kind of book: fiction, nonfiction, children's, textbooks.
PRICE_FACTOR = np.array((1.0, 1.1, 0.65, 2.6))
FEWEST_PAGES = np.array((180, 160, 24, 240))
MOST_PAGES = np.array((620, 520, 220, 900))
ENDINGS = (99, 95)
ENDING_SHARES = (0.7, 0.3)

# ISBN group by language, in the order of works.LANGUAGES; the real Spanish group 84 is cut to its first digit.
ISBN_GROUPS = np.array((1, 3, 2, 8))
NEW_PREFIX_SHARE = 0.08
NEW_PREFIX_FROM = 18_262  # 2020-01-01
US_GROUP = 8

CHANGED_SHARE = 0.2
DELETED_SHARE = 0.002
LISTED_DAYS_AHEAD = 60


@dataclass(frozen=True)
class Books:
    """Books by position in order of publication; a row's id is its position plus one."""

    work: Ints
    format: Ints
    genre: Ints
    kind: Ints
    language: Ints
    published: Ints
    withdrawn: Ints  # the first day it no longer sells
    is_deleted: Flags
    created: Ints
    changed: Ints
    size: Floats
    currency: Ints
    prices: Ints  # cents, one column per currency of places.CURRENCIES
    shelf: Floats  # from 0 to 1: by genre, then by first author, whose books all stand at one place

    @property
    def is_digital(self) -> Flags:
        return np.isin(self.format, (EBOOK, AUDIOBOOK))

    @property
    def genre_from(self) -> Floats:
        """Where the shelf of each genre begins."""
        return np.searchsorted(np.sort(self.genre), np.arange(len(GENRES))) / len(self.genre)

    @property
    def genre_width(self) -> Floats:
        return np.bincount(self.genre, minlength=len(GENRES)) / len(self.genre)

    @property
    def list_price(self) -> Ints:
        return self.prices[np.arange(len(self.work)), self.currency]


def make_books(
    plan: ShopPlan, works: Works, editions: Editions, publishers: Publishers, authorship: Authorship
) -> Books:
    random = random_for(plan, "books_book")
    count, work = len(editions.work), editions.work
    currency = publishers.country[works.publisher[work]]
    created = np.maximum((editions.published - LISTED_DAYS_AHEAD) * DAY + 8 * HOUR, opening_of(plan))
    withdrawn, is_deleted = _withdrawn(plan, random, editions.published)
    is_changed = random.random(count) < CHANGED_SHARE
    later = created + (random.random(count) * (instant_of(plan.as_of) - created)).astype(np.int64)
    return Books(
        work=work,
        format=editions.format,
        genre=works.genre[work],
        kind=works.kind[work],
        language=works.language[work],
        published=editions.published,
        withdrawn=withdrawn,
        is_deleted=is_deleted,
        created=created,
        changed=np.where(is_deleted, withdrawn * DAY + HOUR, np.where(is_changed, later, created)),
        size=works.size[work] * UNIT_WEIGHT[editions.format],
        currency=currency,
        prices=_prices(random, editions.format, works.kind[work]),
        shelf=_shelf(works.genre[work], authorship.authors[work, 0]),
    )


def books_table(plan: ShopPlan, books: Books, works: Works) -> pa.Table:
    random = random_for(plan, "books_book details")
    count = len(books.work)
    prefix, body = _isbn_parts(random, books)
    price = books.list_price
    return pa.table(
        {
            "id": row_ids(count),
            "isbn13": isbn13_of(prefix, body),
            "isbn10": pa.array(isbn10_of(body), pa.string(), mask=prefix != BOOKLAND),
            "work_id": books.work + 1,
            "title": pa.array(works.title).take(pa.array(books.work)),
            "publisher_id": works.publisher[books.work] + 1,
            "genre_id": works.subgenre_id[books.work],
            "format": picked(FORMATS, books.format),
            "language": picked(LANGUAGES, books.language),
            "page_count": optional(_pages(random, books), missing=books.is_digital),
            "list_price": decimals(price),
            "unit_cost": decimals(half_up(price * COST_RATIO[books.format] * random.uniform(0.95, 1.05, count))),
            "currency": picked(CURRENCIES, books.currency),
            "published_on": days(books.published),
            **life(books.created, books.changed, books.is_deleted),
        }
    )


def _shelf(genre: Ints, author: Ints) -> Floats:
    order = np.lexsort((author, genre))
    begins = np.flatnonzero(np.diff(author[order], prepend=-1) | np.diff(genre[order], prepend=-1))
    shelf = np.empty(len(genre))
    shelf[order] = np.repeat(begins, np.diff(np.append(begins, len(genre)))) / len(genre)
    return shelf


def _withdrawn(plan: ShopPlan, random: np.random.Generator, published: Ints) -> tuple[Ints, Flags]:
    """The day each book leaves the shop, and whether it does; a withdrawn book is soft-deleted that day."""
    start, end = window_days(plan)
    is_deleted = random.random(len(published)) < DELETED_SHARE
    is_deleted[len(published) // 2] = True  # however small the shop, it withdrew a book
    earliest = np.maximum(published, start) + 1
    drawn = earliest + (random.random(len(published)) * (end - earliest)).astype(np.int64)
    return np.where(is_deleted, drawn, end), is_deleted


def _prices(random: np.random.Generator, format_: Ints, kind: Ints) -> Ints:
    """Cents per currency, ending as shop prices do; in every market about the same worth."""
    dollars = random.integers(LOWEST_PRICE[format_], HIGHEST_PRICE[format_] + 1) * PRICE_FACTOR[kind]
    ending = np.array(ENDINGS)[draw_shares(random, ENDING_SHARES, len(format_))]
    whole = np.maximum(np.rint(dollars[:, None] / PARITY), 1).astype(np.int64)
    cents: Ints = whole * 100 + ending[:, None]
    return cents


def _isbn_parts(random: np.random.Generator, books: Books) -> tuple[Ints, Ints]:
    """Prefix and nine-digit body: the language's group digit, then eight digits that no other book has."""
    count = len(books.work)
    may_be_new = (books.currency == CURRENCIES.index("USD")) & (books.published >= NEW_PREFIX_FROM)
    is_new = may_be_new & (random.random(count) < NEW_PREFIX_SHARE)
    group = np.where(is_new, US_GROUP, ISBN_GROUPS[books.language])
    body = group * 10**8 + random.choice(10**8, count, replace=False)
    return np.where(is_new, BOOKLAND_NEW, BOOKLAND), body


def _pages(random: np.random.Generator, books: Books) -> Ints:
    drawn = random.integers(FEWEST_PAGES[books.kind], MOST_PAGES[books.kind])
    return np.where(books.format == BOARD, drawn % 20 + 12, drawn) // 2 * 2
