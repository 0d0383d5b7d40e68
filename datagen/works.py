"""Works: what was written, by whom, in which series; editions of them are in books.py."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from datagen.arrays import DAY, Floats, Ints, day_number, draw_rows, draw_shares, random_for
from datagen.columns import days, life, optional, picked, row_ids
from datagen.genres import CHILDREN, FICTION, GENRES, KIND_OF_GENRE, SUBGENRES, TITLE_SHARES, subgenre_id
from datagen.places import opening_of
from datagen.plan import CATALOGUE_YEARS_BEFORE, ShopPlan
from datagen.publishers import Publishers
from datagen.season import on_tuesday, window_days
from datagen.sizes import sizes_of
from datagen.titles import make_titles

LANGUAGES = ("en", "de", "fr", "es")
# Language of a book by its publisher's country, in the order of places.COUNTRIES.
LANGUAGE_SHARES = ((0.96, 0.0, 0.0, 0.04), (0.99, 0.0, 0.0, 0.01), (0.84, 0.0, 0.16, 0.0), (0.08, 0.92, 0.0, 0.0))
TRANSLATED_SHARE = 0.05
SERIES_SHARE = 0.25
CLASSIC_SHARE = 0.04
CLASSIC_DAYS = (20 * 365, 150 * 365)

# A title's sales in its first year: upper bound of each bucket and its share of titles in percent (BookScan,
# 45,571 new ISBNs of the ten largest US publishers, 52 weeks to August 2022). Inside a bucket log-uniform.
SIZE_BOUNDS = (1, 12, 1_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000)
SIZE_SHARES = (14.7, 51.4, 21.6, 5.5, 3.4, 2.2, 0.7, 0.4)
LARGEST_SHARE_OF_A_YEAR = 0.12
GOLDEN_RATIO = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Works:
    """Works by position in order of publication; a row's id is its position plus one. Series -1 is none."""

    title: list[str]
    genre: Ints
    subgenre: Ints
    publisher: Ints
    language: Ints
    original_language: Ints
    published: Ints
    first_published: Ints
    series: Ints
    series_number: Ints
    series_genre: Ints  # by series
    size: Floats

    @property
    def kind(self) -> Ints:
        return KIND_OF_GENRE[self.genre]

    @property
    def subgenre_id(self) -> Ints:
        return subgenre_id(self.genre, self.subgenre)


def make_works(plan: ShopPlan, publishers: Publishers) -> Works:
    random = random_for(plan, "books_work")
    count = sizes_of(plan).works
    genre = draw_shares(random, TITLE_SHARES, count)
    publisher = draw_shares(random, publishers.weight, count)
    language = draw_rows(random, LANGUAGE_SHARES, publishers.country[publisher])
    published = _published(plan, random, count)
    series_genre = _genres_of_series(random, sizes_of(plan).series)
    series, series_number = _series(random, genre, series_genre)
    return Works(
        title=make_titles(random, count),
        genre=genre,
        subgenre=random.integers(0, SUBGENRES, count),
        publisher=publisher,
        language=language,
        original_language=_original_language(random, language),
        published=published,
        first_published=_first_published(random, published),
        series=series,
        series_number=series_number,
        series_genre=series_genre,
        size=_within_reason(plan, title_sizes(random, count)),
    )


def works_table(plan: ShopPlan, works: Works) -> pa.Table:
    no_series = works.series < 0
    return pa.table(
        {
            "id": row_ids(len(works.title)),
            "title": works.title,
            "series_id": optional(works.series + 1, no_series),
            "series_number": optional(works.series_number, no_series),
            "original_language": picked(LANGUAGES, works.original_language),
            "first_published_on": days(works.first_published),
            **life(np.maximum((works.published - 90) * DAY, opening_of(plan))),
        }
    )


def title_sizes(random: np.random.Generator, count: int) -> Floats:
    """First-year sales of titles in order of publication; only their proportions matter here.

    A catalogue of some hundred titles a year has one or two of the largest bucket, so plain chance would make one year
    twice the next. Steps of the golden ratio spread the buckets evenly over any stretch of titles.
    """
    chance = (random.random() + np.arange(count) * GOLDEN_RATIO) % 1
    shares = np.concatenate([[0], np.cumsum(SIZE_SHARES)]) / sum(SIZE_SHARES)
    logarithm: Floats = np.interp(chance, shares, np.log(SIZE_BOUNDS))
    return np.exp(logarithm)


def _within_reason(plan: ShopPlan, size: Floats) -> Floats:
    """Sizes of which none is more than a small part of a year's sales: a small catalogue has no national bestseller."""
    years = plan.years + CATALOGUE_YEARS_BEFORE
    return np.minimum(size, max(size.sum() / years * LARGEST_SHARE_OF_A_YEAR, size.min()))


def _published(plan: ShopPlan, random: np.random.Generator, count: int) -> Ints:
    oldest, end = day_number(plan.catalogue_from), window_days(plan)[1]
    drawn = np.sort(on_tuesday(random.integers(oldest, end, count)))
    drawn[0] = on_tuesday(np.array([oldest]))[0]  # however small the shop, it has a book to sell on its first day
    return drawn


def _first_published(random: np.random.Generator, published: Ints) -> Ints:
    is_classic = random.random(len(published)) < CLASSIC_SHARE
    return np.where(is_classic, published - random.integers(*CLASSIC_DAYS, len(published)), published)


def _original_language(random: np.random.Generator, language: Ints) -> Ints:
    is_translated = random.random(len(language)) < TRANSLATED_SHARE
    other = (language + random.integers(1, len(LANGUAGES), len(language))) % len(LANGUAGES)
    return np.where(is_translated, other, language)


def _genres_of_series(random: np.random.Generator, count: int) -> Ints:
    """Series lie in fiction and in children's books, by how many titles a genre has; sorted."""
    may_have = np.flatnonzero((KIND_OF_GENRE == FICTION) | (KIND_OF_GENRE == CHILDREN))
    return np.sort(may_have[draw_shares(random, np.array(TITLE_SHARES)[may_have], count)])


def _series(random: np.random.Generator, genre: Ints, series_genre: Ints) -> tuple[Ints, Ints]:
    """Series of the work's genre, and number in it; works come in order of publication, so the numbers do too."""
    first = np.searchsorted(series_genre, np.arange(len(GENRES)))
    count = np.bincount(series_genre, minlength=len(GENRES))[genre]
    belongs = (count > 0) & (random.random(len(genre)) < SERIES_SHARE)
    series = np.where(belongs, first[genre] + (random.random(len(genre)) * count).astype(np.int64), -1)
    by_series = np.argsort(series, kind="stable")
    _, starts, counts = np.unique(series[by_series], return_index=True, return_counts=True)
    number = np.empty(len(genre), dtype=np.int64)
    number[by_series] = np.arange(len(genre)) - np.repeat(starts, counts) + 1
    return series, number
