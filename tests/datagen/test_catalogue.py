from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from datagen.plan import ShopPlan
from datagen.shop import preview
from datagen.sizes import sizes_of
from datagen.works import title_sizes

MILLION = ShopPlan(sales=1_000_000, until=date(2025, 6, 30))


def test_every_table_of_a_small_shop_has_rows():
    assert [name for name, count in preview(ShopPlan(sales=50, until=MILLION.until)).items() if count < 2] == []


def test_the_preview_says_how_many_rows_each_table_gets(plan, shop):
    assert preview(plan) == {name: len(rows) for name, rows in shop.items()}


def test_a_shop_of_a_million_sales_has_the_dimensions_of_a_national_bookseller():
    sizes = sizes_of(MILLION)

    assert (sizes.works, sizes.books, sizes.authors, sizes.series) == (12_000, 20_000, 6_000, 300)
    assert (sizes.publishers, sizes.bookstores, sizes.customers) == (80, 104, 60_000)


def test_title_sizes_follow_the_buckets_of_the_trade():
    sizes = title_sizes(np.random.default_rng(1), 45_571)

    assert np.mean(sizes < 12) == pytest.approx(0.147, abs=0.002)
    assert np.mean(sizes < 1_000) == pytest.approx(0.661, abs=0.003)
    assert np.mean(sizes >= 100_000) == pytest.approx(0.004, abs=0.0005)
    assert sizes.max() <= 1_000_000


def test_books_appear_on_tuesdays_within_twenty_years_of_the_last_day(plan, shop):
    published = [book["published_on"] for book in shop["books_book"]]

    assert {day.isoweekday() for day in published} == {2}
    assert plan.catalogue_from - timedelta(days=7) <= min(published)
    assert max(published) <= plan.until


def test_an_edition_never_appears_before_its_work(shop):
    works = {work["id"]: work for work in shop["books_work"]}

    assert all(book["published_on"] >= works[book["work_id"]]["first_published_on"] for book in shop["books_book"])


def test_a_work_has_each_format_at_most_once(shop):
    editions = Counter((book["work_id"], book["format"]) for book in shop["books_book"])

    assert max(editions.values()) == 1
    assert len({work for work, _ in editions}) == len(shop["books_work"])


def test_list_prices_end_as_shop_prices_do_and_cover_the_cost(shop):
    assert {book["list_price"] % 1 for book in shop["books_book"]} == {Decimal("0.99"), Decimal("0.95")}
    assert all(0 < book["unit_cost"] < book["list_price"] for book in shop["books_book"])


def test_only_printed_books_have_pages(shop):
    digital = {"ebook", "audiobook"}

    assert all((book["page_count"] is None) == (book["format"] in digital) for book in shop["books_book"])


def test_authors_of_a_book_differ_and_are_numbered_from_one(shop):
    authors = {}
    for link in shop["books_book_authors"]:
        authors.setdefault(link["book_id"], []).append((link["position"], link["author_id"]))

    assert len(authors) == len(shop["books_book"])
    for of_book in authors.values():
        assert [position for position, _ in of_book] == [*range(1, len(of_book) + 1)]
        assert len({author for _, author in of_book}) == len(of_book)


def test_an_imprint_belongs_to_a_house_of_its_country(shop):
    publishers = {publisher["id"]: publisher for publisher in shop["books_publisher"]}
    imprints = [publisher for publisher in publishers.values() if publisher["parent_id"]]

    assert imprints
    for imprint in imprints:
        house = publishers[imprint["parent_id"]]
        assert (house["parent_id"], house["country_code"]) == (None, imprint["country_code"])


def test_numbers_in_a_series_follow_publication(shop):
    numbers = {}
    for work in shop["books_work"]:
        if work["series_id"]:
            numbers.setdefault(work["series_id"], []).append(work["series_number"])

    assert all(of_series == [*range(1, len(of_series) + 1)] for of_series in numbers.values())


def test_genre_codes_have_the_shape_of_subject_codes_and_name_their_genre(shop):
    genres = {genre["id"]: genre for genre in shop["books_genre"]}
    subgenres = [genre for genre in genres.values() if genre["parent_id"]]

    assert (len(genres), len(subgenres)) == (60, 48)
    assert all(genre["code"][:3] == genres[genre["parent_id"]]["code"][:3] for genre in subgenres)
    assert {book["genre_id"] for book in shop["books_book"]} <= {genre["id"] for genre in subgenres}
