from datetime import date, timedelta

import pytest


@pytest.mark.parametrize(
    ("first", "last", "table", "message"),
    [
        ("2025-03-02", "2025-03-01", "sales", "--until 2025-03-01 is before --from 2025-03-02"),
        (
            "2010-01-01",
            "2025-01-01",
            "sales",
            "2010-01-01 to 2025-01-01 is more than 3,660 days; use `booksales reload`",
        ),
        ("9999-12-30", "9999-12-31", "sales", "--until 9999-12-31 is more than a year ahead; no sale is dated there"),
        ("2025-03-01", "2025-03-02", "sale", "no table 'sale' in the source mapping; it has authors, "),
    ],
    ids=["backwards", "too long", "far ahead", "an unknown table"],
)
def test_days_and_tables_that_cannot_be_read_again_are_a_mistake_in_the_call(booksales, first, last, table, message):
    refused = booksales("backfill", "--from", first, "--until", last, "--tables", table)

    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"booksales backfill: {message}")


def test_days_a_little_ahead_may_hold_sales(booksales):
    ahead = str(date.today() + timedelta(days=30))

    # As far as to the shop that is not there.
    assert "there is no shop to read" in booksales("backfill", "--from", ahead, "--until", ahead).err
