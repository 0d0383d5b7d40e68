"""Authors, series, and who wrote which book."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datagen.arrays import Ints, draw_shares, random_for
from datagen.books import Books
from datagen.columns import life, picked, row_ids
from datagen.names import NamePools
from datagen.places import COUNTRIES, opening_of
from datagen.plan import ShopPlan
from datagen.sizes import sizes_of
from datagen.titles import make_series_names
from datagen.works import Works

MOST_AUTHORS = 3
AUTHOR_COUNT_SHARES = (0.80, 0.15, 0.05)


@dataclass(frozen=True)
class Authorship:
    """For each work its authors' positions, in the order of the title page, and how many of them count."""

    authors: Ints
    count: Ints


def authors_table(plan: ShopPlan, names: NamePools) -> pa.Table:
    random = random_for(plan, "books_author")
    count = sizes_of(plan).authors
    first, last = names.draw(random, random.integers(0, len(COUNTRIES), count))
    return pa.table(
        {
            "id": row_ids(count),
            "name": pc.binary_join_element_wise(picked(names.first, first), picked(names.last, last), " "),
            **life(np.full(count, opening_of(plan))),
        }
    )


def series_table(plan: ShopPlan) -> pa.Table:
    count = sizes_of(plan).series
    return pa.table(
        {
            "id": row_ids(count),
            "name": make_series_names(random_for(plan, "books_series"), count),
            **life(np.full(count, opening_of(plan))),
        }
    )


def make_authorship(plan: ShopPlan, works: Works) -> Authorship:
    """A series has one first author; co-authors differ from the first and from each other."""
    random = random_for(plan, "books_book_authors")
    author_count, work_count = sizes_of(plan).authors, len(works.title)
    productivity = random.lognormal(0.0, 1.0, author_count)
    of_series = draw_shares(random, productivity, sizes_of(plan).series)
    first = np.where(works.series >= 0, of_series[works.series], draw_shares(random, productivity, work_count))
    half = author_count // 2
    second = (first + random.integers(1, half, work_count)) % author_count
    third = (first + random.integers(half, author_count, work_count)) % author_count
    count = draw_shares(random, AUTHOR_COUNT_SHARES, work_count) + 1
    return Authorship(np.stack([first, second, third], axis=1), count)


def book_authors_table(books: Books, authorship: Authorship) -> pa.Table:
    """An edition has the authors of its work."""
    position = np.arange(MOST_AUTHORS)
    book, place = np.nonzero(position < authorship.count[books.work][:, None])
    return pa.table(
        {
            "id": row_ids(len(book)),
            "book_id": book + 1,
            "author_id": authorship.authors[books.work[book], place] + 1,
            "position": place + 1,
            **life(books.created[book]),
        }
    )
