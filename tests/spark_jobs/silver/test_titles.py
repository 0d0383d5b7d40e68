import pytest
from frames import assert_rows, frame

from spark_jobs.silver.titles import transform

BRONZE = (
    "book_id bigint, isbn10 string, isbn13 string, author_names string, published_year int, title string, "
    "file_sha256 string, record_number bigint, _refused array<string>"
)
RECORD = {
    "book_id": 1, "isbn10": "0306406152", "isbn13": None, "author_names": "Ann Author", "published_year": None,
    "title": "A Book", "file_sha256": "aa", "_refused": [],
}  # fmt: skip
DERIVED = ["isbn13: derived from isbn10"]


@pytest.fixture
def titles(spark):
    """Titles of records that differ from a good one as said; each is its own title unless it says which."""

    def made(*records):
        rows = [
            {**RECORD, "book_id": place, "record_number": place, **record}
            for place, record in enumerate(records, start=1)
        ]
        names = [column.split()[0] for column in BRONZE.split(", ")]
        return transform(
            frame(spark, BRONZE, *(tuple(row.get(name) for name in names) for row in rows)),
            feed="small_feed",
            run_seq=9,
        )

    return made


def test_an_isbn_is_repaired_where_the_repair_is_certain(titles):
    found = titles(
        {"isbn10": "0306406152", "isbn13": "9780306406157"},
        {"isbn10": "0-306-40615-2", "isbn13": "978-0-306-40615-7"},
        {"isbn10": None, "isbn13": "9798600000001"},
        {"isbn10": "306406152", "isbn13": None},
        {"isbn10": "19", "isbn13": None},
        {"isbn10": "80442957x", "isbn13": "9.78080442957e+12"},
        {"isbn10": "439023483", "isbn13": "9.78043902348e+12"},
    )

    assert_rows(
        found,
        "book_id bigint, isbn13 string, isbn10 string, repairs array<string>, _refused array<string>",
        (1, "9780306406157", "0306406152", [], []),  # both whole
        (2, "9780306406157", "0306406152", [], []),  # with hyphens
        (3, "9798600000001", None, [], []),  # an ISBN-13 alone
        (4, "9780306406157", "0306406152", DERIVED, []),  # a zero lost
        (5, "9780000000019", "0000000019", DERIVED, []),  # eight zeros lost
        (6, "9780804429573", "080442957X", DERIVED, []),  # a small x, an ISBN-13 rounded to 3 away
        (7, "9780439023481", "0439023483", DERIVED, []),  # an ISBN-13 rounded to 1 away
    )


def test_an_isbn_without_a_certain_repair_is_refused_with_its_reason(titles):
    found = titles(
        {"isbn10": None, "isbn13": None},
        {"isbn10": None, "isbn13": "9780306406158"},
        {"isbn10": None, "isbn13": "9.78030640616e+12"},
        {"isbn10": None, "isbn13": "978030640615"},
        {"isbn10": "0306406153", "isbn13": "9780306406157"},
        {"isbn10": "0306406152", "isbn13": "9780804429573"},
        {"isbn10": "0306406152", "isbn13": "9.78080442957e+12"},
        {"isbn10": "0306406152", "isbn13": "unknown"},
    )

    assert_rows(
        found,
        "book_id bigint, _refused array<string>",
        (1, ["isbn13: no identifier"]),
        (2, ["isbn13: the check digit is wrong"]),
        (3, ["isbn13: digits are lost and there is no isbn10 to derive it from"]),
        (4, ["isbn13: digits are lost and there is no isbn10 to derive it from"]),
        (5, ["isbn10: the check digit is wrong"]),
        (6, ["isbn13: contradicts the isbn10"]),
        (7, ["isbn13: contradicts the isbn10"]),
        (8, ["isbn13: contradicts the isbn10"]),
    )


def test_series_authors_and_origin_are_read_from_the_record(titles):
    found = titles(
        {"title": "The Hunger Games (The Hunger Games, #1)", "author_names": "Suzanne Collins"},
        {"title": "Emma (Annotated)", "author_names": " Jane Austen ,, Ann Editor"},
        {"title": "#1 (Numbers #12)", "author_names": None},
    )

    assert_rows(
        found,
        "source string, run_seq bigint, series string, series_number int, author_names array<string>",
        ("small_feed", 9, "The Hunger Games", 1, ["Suzanne Collins"]),
        ("small_feed", 9, None, None, ["Jane Austen", "Ann Editor"]),
        ("small_feed", 9, "Numbers", 12, None),
    )


def test_what_extraction_found_comes_first_and_of_an_unreadable_record_nothing_more_is_said(titles):
    found = titles(
        {"published_year": None, "_refused": ["published_year: not a whole number"], "isbn10": None},
        {"isbn10": None, "title": None, "_refused": ["record: a NUL byte"]},
    )

    assert_rows(
        found,
        "record_number bigint, _refused array<string>",
        (1, ["published_year: not a whole number", "isbn13: no identifier"]),
        (2, ["record: a NUL byte"]),
    )
