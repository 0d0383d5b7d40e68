"""Authors, series, and who wrote which book."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datagen.arrays import Ints, draw_shares, random_for
from datagen.columns import life, picked, row_ids
from datagen.genres import GENRES, TITLE_SHARES
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
    """An author writes in one genre; a series has one first author; co-authors differ from the first and from each other."""
    random = random_for(plan, "books_book_authors")
    count, work_count = sizes_of(plan).authors, len(works.title)
    # Authors stand by genre, with one at least in each.
    genre_of_author = np.sort(np.append(np.arange(len(GENRES)), draw_shares(random, TITLE_SHARES, count - len(GENRES))))
    productivity = np.cumsum(random.lognormal(0.0, 1.0, count))
    low = np.append(0.0, productivity)[np.searchsorted(genre_of_author, np.arange(len(GENRES)))]
    high = productivity[np.searchsorted(genre_of_author, np.arange(len(GENRES)), side="right") - 1]

    def drawn(genre: Ints) -> Ints:
        place = low[genre] + random.random(len(genre)) * (high[genre] - low[genre])
        return np.minimum(np.searchsorted(productivity, place, side="right"), count - 1)

    of_series = drawn(works.series_genre)
    first = np.where(works.series >= 0, of_series[works.series], drawn(works.genre))
    half = count // 2
    second = (first + random.integers(1, half, work_count)) % count
    third = (first + random.integers(half, count, work_count)) % count
    author_count = draw_shares(random, AUTHOR_COUNT_SHARES, work_count) + 1
    return Authorship(np.stack([first, second, third], axis=1), author_count)


def book_authors_table(work: Ints, created: Ints, authorship: Authorship) -> pa.Table:
    """An edition has the authors of its work; given are the work of each book, and when the book was created."""
    position = np.arange(MOST_AUTHORS)
    book, place = np.nonzero(position < authorship.count[work][:, None])
    return pa.table(
        {
            "id": row_ids(len(book)),
            "book_id": book + 1,
            "author_id": authorship.authors[work[book], place] + 1,
            "position": place + 1,
            **life(created[book]),
        }
    )
