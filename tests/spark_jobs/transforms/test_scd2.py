import pytest
from frames import as_text, assert_rows, frame
from pyspark.sql import functions as F

from spark_jobs.transforms.scd2 import versions_after

EXISTING = "book_id bigint, price int, source_updated_at timestamp, valid_from timestamp, valid_to timestamp, is_current boolean"
AS_TEXT = "book_id bigint, price int, source_updated_at string, valid_from string, valid_to string, is_current boolean"
INCOMING = "book_id bigint, price int, updated_at timestamp"

ALWAYS, OPEN = "0001-01-01 00:00:00", "9999-12-31 00:00:00"
FIRST = (1, 10, "2024-01-01 00:00:00", ALWAYS, OPEN, True)
SNAPSHOT = "2024-04-01 06:00:00"


@pytest.fixture
def after(spark):
    """The versions after a delivery, as text where they are times."""

    def versions(existing, incoming, snapshot_at=SNAPSHOT):
        known = frame(spark, EXISTING, *existing)
        return next_versions(known, incoming, snapshot_at)

    def next_versions(known, incoming, snapshot_at):
        moment = F.lit(snapshot_at).cast("timestamp")
        return as_text(versions_after(known, frame(spark, INCOMING, *incoming), ("book_id",), ("price",), moment))

    return versions


def test_the_first_version_is_valid_from_the_beginning(after):
    found = after([], [(1, 10, "2024-01-01 00:00:00")])

    assert_rows(found, AS_TEXT, (1, 10, "2024-01-01 00:00:00", ALWAYS, OPEN, True))


def test_a_change_is_valid_from_the_moment_the_source_recorded_it(after):
    found = after([FIRST], [(1, 12, "2024-03-01 09:30:00.5")])

    assert_rows(
        found,
        AS_TEXT,
        (1, 10, "2024-01-01 00:00:00", ALWAYS, "2024-03-01 09:30:00.5", False),
        (1, 12, "2024-03-01 09:30:00.5", "2024-03-01 09:30:00.5", OPEN, True),
    )


def test_a_change_whose_time_says_nothing_is_valid_from_the_snapshot_that_found_it(after):
    did_not_move, moved_back = (1, 12, "2024-01-01 00:00:00"), (2, 12, "2023-01-01 00:00:00")
    after_the_snapshot, not_there = (3, 12, "2024-04-01 06:00:01"), (4, 12, None)
    existing = [(book_id, *FIRST[1:]) for book_id in (1, 2, 3, 4)]

    found = after(existing, [did_not_move, moved_back, after_the_snapshot, not_there])

    assert_rows(
        found.filter("is_current").select("book_id", "valid_from"),
        "book_id bigint, valid_from string",
        (1, SNAPSHOT),
        (2, SNAPSHOT),
        (3, SNAPSHOT),
        (4, SNAPSHOT),
    )


def test_a_silent_change_does_not_take_the_time_of_an_earlier_change_of_something_else(after):
    # In March the source recorded a change of a column that is not tracked, and a snapshot saw the old price.
    seen_in_march = after([FIRST], [(1, 10, "2024-03-01 00:00:00")], "2024-03-02 06:00:00").collect()

    found = after(seen_in_march, [(1, 12, "2024-03-01 00:00:00")])

    assert_rows(
        found.select("price", "valid_from", "valid_to"),
        "price int, valid_from string, valid_to string",
        (10, ALWAYS, SNAPSHOT),
        (12, SNAPSHOT, OPEN),
    )


def test_the_same_delivery_again_changes_nothing(after):
    found = after([FIRST], [(1, 10, "2024-01-01 00:00:00")])

    assert_rows(found, AS_TEXT, FIRST)


def test_a_change_from_or_to_nothing_is_a_change(after):
    from_nothing, to_nothing = (1, None, *FIRST[2:]), (2, 10, *FIRST[2:])

    found = after([from_nothing, to_nothing], [(1, 12, "2024-03-01 00:00:00"), (2, None, "2024-03-01 00:00:00")])

    assert_rows(
        found,
        "book_id bigint, price int, is_current boolean",
        (1, None, False),
        (1, 12, True),
        (2, 10, False),
        (2, None, True),
    )


def test_a_key_that_is_not_delivered_keeps_its_versions(after):
    closed = (2, 5, "2024-01-01 00:00:00", ALWAYS, "2024-02-01 00:00:00", False)
    current = (2, 6, "2024-02-01 00:00:00", "2024-02-01 00:00:00", OPEN, True)

    found = after([FIRST, closed, current], [(1, 10, "2024-01-01 00:00:00")])

    assert_rows(found, AS_TEXT, FIRST, closed, current)


def test_a_change_before_the_version_it_ends_leaves_that_version_a_moment(after):
    current = (1, 10, "2024-05-01 00:00:00", "2024-05-01 00:00:00", OPEN, True)

    found = after([current], [(1, 12, "2024-03-01 00:00:00")])

    assert_rows(
        found.select("price", "valid_from", "valid_to"),
        "price int, valid_from string, valid_to string",
        (10, "2024-05-01 00:00:00", "2024-05-01 00:00:00.000001"),
        (12, "2024-05-01 00:00:00.000001", OPEN),
    )


def test_versions_leave_no_gap_do_not_overlap_and_one_is_current(after):
    versions = [FIRST]

    for price, updated_at in ((12, "2024-02-01 00:00:00"), (10, "2024-02-01 00:00:00"), (None, "2024-03-01 00:00:00")):
        versions = after(versions, [(1, price, updated_at)]).collect()

    in_order = sorted(versions, key=lambda version: version["valid_from"])
    assert [version["price"] for version in in_order] == [10, 12, 10, None]
    assert [version["valid_from"] for version in in_order] == [ALWAYS, *(row["valid_to"] for row in in_order[:-1])]
    assert [version["is_current"] for version in in_order] == [False, False, False, True]
