from datetime import UTC, datetime

import pytest
from frames import as_text, assert_rows, table

from spark_jobs.gold.dim_book import author_lists, transform

ALWAYS, OPEN = "0001-01-01 00:00:00", "9999-12-31 00:00:00"
SNAPSHOT = datetime(2024, 5, 1, 6, tzinfo=UTC)

BOOK = {
    "source": "shop", "book_id": 1, "isbn13": "9780306406157", "work_id": 10, "title": "A Book", "publisher_id": 20,
    "genre_id": 30, "format": "hardcover", "language": "en", "page_count": 100, "list_price": "20.00", "unit_cost": "8.00",
    "currency": "EUR", "published_on": "2024-01-15", "updated_at": "2024-03-01 00:00:00",
}  # fmt: skip
VERSION = {
    "book_key": 4, "source": "shop", "book_id": 1, "work_id": 10, "isbn13": "9780306406157", "title": "A Book",
    "genre_key": 300, "publisher_key": 200, "list_price": "20.00", "unit_cost": "7.00", "currency": "EUR",
    "format": "hardcover", "source_updated_at": "2024-01-01 00:00:00", "valid_from": ALWAYS, "valid_to": OPEN,
    "is_current": True, "is_deleted": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def dimension(spark):
    """The dimension from books, versions so far and titles of feeds; works, genres and publishers are always the same."""

    def made(books, existing=(), titles=()):
        return transform(
            table(spark, "silver.books", *books),
            table(
                spark,
                "silver.works",
                {"source": "shop", "work_id": 10, "title": "A Work", "series_id": 5, "series_number": 2},
            ),
            table(spark, "silver.series", {"source": "shop", "series_id": 5, "name": "A Series"}),
            table(spark, "silver.book_authors", {"source": "shop", "book_id": 1, "author_id": 7, "position": 1}),
            table(spark, "silver.authors", {"source": "shop", "author_id": 7, "name": "Ann Author"}),
            table(spark, "silver.titles", *titles),
            table(
                spark,
                "gold.dim_genre",
                {"genre_key": 0, "genre": "Unknown", "subgenre": "Unknown"},
                {"genre_key": 300, "source": "shop", "genre_id": 30, "genre": "Fiction", "subgenre": "Crime"},
            ),
            table(
                spark,
                "gold.dim_publisher",
                {"publisher_key": 0, "publisher": "Unknown", "imprint": "Unknown"},
                {
                    "publisher_key": 200,
                    "source": "shop",
                    "publisher_id": 20,
                    "publisher": "House",
                    "imprint": "Imprint",
                },
            ),
            table(spark, "gold.dim_book", *existing),
            snapshot_at=SNAPSHOT,
        )

    return made


def test_a_book_is_described_by_its_work_its_people_and_its_hierarchies_and_a_title_by_its_feed(dimension):
    title = {
        "source": "feed", "book_id": 1, "isbn13": "9780804429573", "title": "A Title (Set, #3)", "author_names": ["B", "C"],
        "series": "Set", "series_number": 3,
    }  # fmt: skip
    of_no_known_work = {**BOOK, "book_id": 2, "work_id": 99, "genre_id": 99, "publisher_id": 99}

    books = dimension([BOOK, of_no_known_work], titles=[title])

    assert_rows(
        books,
        "book_key bigint, source string, book_id bigint, title string, work_title string, series string, "
        "series_number int, author_names string, genre string, subgenre string, publisher string, imprint string, "
        "format string, unit_cost decimal(12,2), is_current boolean, is_deleted boolean",
        (0, None, None, "Unknown", None, None, None, None, "Unknown", "Unknown", "Unknown", "Unknown", "unknown", None,
         True, False),
        (1, "feed", 1, "A Title (Set, #3)", None, "Set", 3, "B; C", "Unknown", "Unknown", "Unknown", "Unknown", "unknown",
         None, True, False),
        (2, "shop", 1, "A Book", "A Work", "A Series", 2, "Ann Author", "Fiction", "Crime", "House", "Imprint",
         "hardcover", "8.00", True, False),
        (3, "shop", 2, "A Book", None, None, None, None, "Unknown", "Unknown", "Unknown", "Unknown", "hardcover", "8.00",
         True, False),
    )  # fmt: skip


@pytest.fixture(scope="module")
def second_delivery(dimension):
    """Book 1 has another cost and format than before, book 2 is gone, and another source delivered nothing."""
    gone, of_another_source = {**VERSION, "book_key": 5, "book_id": 2}, {**VERSION, "book_key": 6, "source": "kiosk"}
    return dimension([{**BOOK, "format": "ebook"}], [VERSION, gone, of_another_source]).cache()


def test_a_change_of_cost_makes_a_version_with_a_new_key_and_what_is_not_tracked_changes_in_both(second_delivery):
    assert_rows(
        as_text(second_delivery.filter("source = 'shop' and book_id = 1")),
        "book_key bigint, unit_cost decimal(12,2), format string, valid_from string, valid_to string, is_current boolean",
        (4, "7.00", "ebook", ALWAYS, "2024-03-01 00:00:00", False),
        (7, "8.00", "ebook", "2024-03-01 00:00:00", OPEN, True),
    )


def test_a_book_that_is_gone_stays_marked_deleted_and_one_of_a_silent_source_stays_as_it_is(second_delivery):
    assert_rows(
        second_delivery.filter("source = 'kiosk' or book_id = 2"),
        "book_key bigint, source string, unit_cost decimal(12,2), is_current boolean, is_deleted boolean",
        (5, "shop", "7.00", True, True),
        (6, "kiosk", "7.00", True, False),
    )


def test_authors_are_listed_in_title_page_order(spark):
    book_authors = table(
        spark,
        "silver.book_authors",
        {"source": "shop", "book_id": 1, "author_id": 7, "position": 10},
        {"source": "shop", "book_id": 1, "author_id": 8, "position": 2},
        {"source": "shop", "book_id": 1, "author_id": 9, "position": 1, "deleted_at": "2024-01-01 00:00:00"},
    )
    authors = table(
        spark,
        "silver.authors",
        {"source": "shop", "author_id": 7, "name": "Ann Author"},
        {"source": "shop", "author_id": 8, "name": "Zoe Writer"},
        {"source": "shop", "author_id": 9, "name": "Left Out"},
    )

    listed = author_lists(book_authors, authors)

    assert_rows(listed, "book_id bigint, author_names string", (1, "Zoe Writer; Ann Author"))
