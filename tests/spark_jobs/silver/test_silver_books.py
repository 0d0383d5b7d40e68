from frames import assert_rows, frame

from spark_jobs.silver.books import transform


def test_identifiers_lose_their_hyphens_and_the_source_is_named(spark):
    bronze = (
        "isbn13 string, isbn10 string, _faults string, _run_seq bigint, _extracted_at timestamp, _source string, "
        "_operation string"
    )
    rows = frame(
        spark,
        bronze,
        ("978-0-306-40615-7", "0-306-40615-2", None, 3, "2024-05-01 06:00:00", "bookstore", "snapshot"),
        ("9798600000001", None, "isbn10", 3, "2024-05-01 06:00:00", "bookstore", "snapshot"),
    )

    books = transform(rows)

    assert books.columns == ["isbn13", "isbn10", "_faults", "source"]
    assert_rows(
        books,
        "isbn13 string, isbn10 string, _faults string, source string",
        ("9780306406157", "0306406152", None, "bookstore"),
        ("9798600000001", None, "isbn10", "bookstore"),
    )
