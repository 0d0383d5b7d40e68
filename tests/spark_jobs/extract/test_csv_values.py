from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from jobs_config.feed import FeedColumn, FeedConfig
from spark_jobs.extract.csv_values import rule_of


def feed(**said) -> FeedConfig:
    return FeedConfig(feed="small_feed", target="titles", key=("book_id",), columns={"book_id": "id"}, **said)


ENGLISH = feed(thousands_mark=",")
GERMAN = feed(decimal_mark=",", thousands_mark=".", time_zone="Europe/Berlin", missing=("", "NULL"))
PLAIN = feed()


def read(text: str, config: FeedConfig = PLAIN, **column):
    return rule_of(FeedColumn(header="x", **column), config)(text)


@pytest.mark.parametrize(
    ("config", "text", "value"),
    [
        (PLAIN, "7", 7),
        (PLAIN, "-7", -7),
        (PLAIN, "+007", 7),
        (PLAIN, "2147483647", 2147483647),
        (PLAIN, "-2147483648", -2147483648),
        (ENGLISH, "1,234,567", 1234567),
        (ENGLISH, "1234567", 1234567),
        (GERMAN, "1.234", 1234),
    ],
)
def test_a_whole_number_is_digits_with_a_sign_and_thousands_as_the_feed_marks_them(config, text, value):
    assert read(text, config, type="int") == (value, "")


@pytest.mark.parametrize(
    "text",
    [" 7", "7 ", "1.0", "1e3", "0x10", "1,234", "12.34", "--7", "7-", "(7)", "seven", "٧", "1_000", "\u22127", "+", "NaN"],
)  # fmt: skip
def test_what_is_no_whole_number_by_rule_is_refused(text):
    assert read(text, type="int") == (None, "not a whole number")


@pytest.mark.parametrize("text", ["1,23", "12,34,567", ",123", "1,234.5", "1 234"])
def test_thousands_are_marked_throughout_or_not_at_all(text):
    assert read(text, ENGLISH, type="int") == (None, "not a whole number")


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "2147483648"), ("bigint", "9223372036854775808"), ("bigint", "9" * 5_000)]
)
def test_a_whole_number_that_does_not_fit_its_type_is_refused(kind, text):
    assert read(text, type=kind) == (None, f"does not fit {kind}")


def test_a_whole_number_may_end_in_zeros_behind_the_mark_only_where_the_column_says_so():
    assert read("1997.0", type="int", zero_decimals=True) == (1997, "")
    assert read("1997.5", type="int", zero_decimals=True) == (None, "not a whole number")
    assert read("1997.0", type="int") == (None, "not a whole number")


@pytest.mark.parametrize(
    ("config", "text", "value"),
    [
        (PLAIN, "9.99", "9.99"),
        (PLAIN, "9", "9"),
        (PLAIN, "-0.5", "-0.5"),
        (PLAIN, "9.9900", "9.99"),
        (PLAIN, "9999999999.99", "9999999999.99"),
        (ENGLISH, "1,234.50", "1234.5"),
        (GERMAN, "1.234,50", "1234.5"),
        (GERMAN, "1234,5", "1234.5"),
    ],
)
def test_a_decimal_is_read_exactly_in_the_feeds_own_marks(config, text, value):
    assert read(text, config, type="decimal(12,2)") == (Decimal(value), "")


@pytest.mark.parametrize(
    ("config", "text", "fault"),
    [
        (PLAIN, "9.999", "more than 2 decimals"),
        (PLAIN, "9.990001", "more than 2 decimals"),
        (PLAIN, "10000000000.00", "does not fit decimal(12,2)"),
        (PLAIN, "1,234.50", "not a number with '.' before its decimals"),
        (GERMAN, "1234.50", "not a number with ',' before its decimals"),
        (GERMAN, "9.99", "not a number with ',' before its decimals"),
        (PLAIN, "1e3", "not a number with '.' before its decimals"),
        (PLAIN, "NaN", "not a number with '.' before its decimals"),
        (PLAIN, "Infinity", "not a number with '.' before its decimals"),
        (PLAIN, ".5", "not a number with '.' before its decimals"),
        (PLAIN, "5.", "not a number with '.' before its decimals"),
        (PLAIN, "9.99 EUR", "not a number with '.' before its decimals"),
        (PLAIN, "$9.99", "not a number with '.' before its decimals"),
    ],
)
def test_a_decimal_is_never_rounded_and_never_guessed(config, text, fault):
    assert read(text, config, type="decimal(12,2)") == (None, fault)


@pytest.mark.parametrize(
    ("text", "value"), [("1999", "19.99"), ("5", "0.05"), ("-250", "-2.5"), ("0", "0"), ("10", "0.1")]
)
def test_cents_are_whole_numbers_of_hundredths(text, value):
    assert read(text, type="decimal(12,2)", unit="cents") == (Decimal(value), "")


def test_cents_have_no_decimals():
    assert read("19.99", type="decimal(12,2)", unit="cents") == (None, "not a whole number of cents")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2024-02-30", "no such day"),
        ("2024-13-01", "no such day"),
        ("0000-01-01", "no such day"),
        ("2024-2-3", "not written as YYYY-MM-DD"),
        ("24-02-03", "not written as YYYY-MM-DD"),
        ("03.02.2024", "not written as YYYY-MM-DD"),
        ("2024-02-03T10:00:00Z", "not written as YYYY-MM-DD"),
        ("2024-02-03 ", "not written as YYYY-MM-DD"),
        ("45321", "not written as YYYY-MM-DD"),
    ],
    ids=["30 February", "month 13", "year 0", "one digit", "a short year", "another order", "a time", "a blank", "a serial number"],
)  # fmt: skip
def test_a_date_is_written_just_so_and_is_a_day_that_was(text, fault):
    assert read("2024-02-29", type="date", formats=["YYYY-MM-DD"]) == (date(2024, 2, 29), "")
    assert read(text, type="date", formats=["YYYY-MM-DD"]) == (None, fault)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-01-15 12:30:00", datetime(2024, 1, 15, 11, 30, tzinfo=UTC)),
        ("2024-07-15 12:30:00", datetime(2024, 7, 15, 10, 30, tzinfo=UTC)),
        ("2024-07-15T12:30:00.25Z", datetime(2024, 7, 15, 12, 30, 0, 250_000, tzinfo=UTC)),
        ("2024-07-15T12:30:00.000001-0530", datetime(2024, 7, 15, 18, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_local_to_the_feed_unless_it_says_how_far_it_is_from_utc(text, value):
    formats = ["YYYY-MM-DD HH:mm:ss", "YYYY-MM-DDTHH:mm:ss.fZ"]

    assert read(text, GERMAN, type="timestamp", formats=formats) == (value, "")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2024-03-31 02:30:00", "the clocks in Europe/Berlin skipped this time"),
        ("2024-10-27 02:30:00", "the clocks in Europe/Berlin showed this time twice, and which is meant is not said"),
        ("2024-03-10 24:00:00", "no such moment"),
        ("2024-03-10 12:60:00", "no such moment"),
        ("2024-03-10", "not written as YYYY-MM-DD HH:mm:ss"),
    ],
    ids=["a skipped hour", "an hour twice", "24 o'clock", "minute 60", "a day alone"],
)
def test_a_time_that_was_not_or_was_twice_is_refused(text, fault):
    assert read(text, GERMAN, type="timestamp", formats=["YYYY-MM-DD HH:mm:ss"]) == (None, fault)


def test_a_missing_value_is_what_the_feed_says_and_is_refused_where_it_is_required():
    assert read("NULL", GERMAN) == (None, "")
    assert read("", GERMAN, type="int") == (None, "")
    assert read("NULL", PLAIN) == ("NULL", "")
    assert read("", PLAIN, required=True) == (None, "required")
    assert read("  ", PLAIN, required=True, trim=True) == (None, "required")
    assert read("  ", PLAIN, required=True) == ("  ", "")


def test_their_words_become_ours_or_are_refused():
    words = {"values": {"S": "sale", "R": "return"}}

    assert read("S", **words) == ("sale", "")
    assert read("s", **words) == (None, "none of S, R")
    assert read("1", type="boolean", values={"1": "true", "0": "false"}) == (True, "")
    assert read("yes", type="boolean") == (None, "neither true nor false")


@pytest.mark.parametrize("text", ["Caf\ufffd", "a\x07b", "a\x1bb", "\ufeffEmma", "a\x85b".replace("\x85", "\x84")])
def test_a_character_that_no_field_has_a_use_for_is_refused(text):
    assert read(text) == (None, "a character that cannot be printed, or that stands for one that was lost")


def test_a_text_keeps_its_blanks_tabs_line_breaks_and_letters():
    text = " Tō\tkyō\n— 東京 🗼 "

    assert read(text) == (text, "")
