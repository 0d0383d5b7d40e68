import pytest
from frames import assert_rows, frame
from pyspark.sql import Observation

from spark_jobs.expectations import CheckResult, observed_columns, results, with_reasons
from warehouse.contract import Contract

CONTRACT = Contract(
    table="silver.editions",
    grain="one row per edition",
    key=("isbn13",),
    columns={
        "isbn13": {"type": "string", "required": True, "meaning": "identifier"},
        "price": {"type": "decimal(12,2)", "required": True, "meaning": "price"},
        "pages": {"type": "int", "meaning": "pages"},
    },
    expectations={
        "isbn13_check_digit": {"check": "is_isbn13(isbn13)", "level": "quarantine", "meaning": "valid"},
        "price_positive": {"check": "price > 0", "level": "quarantine", "meaning": "positive"},
        "pages_positive": {"check": "pages > 0", "level": "warn", "meaning": "positive"},
        "price_below_1000": {"check": "price < 1000", "level": "stop", "meaning": "plausible"},
    },
)


def no_table(name):
    raise AssertionError(f"{name} was asked for")


COLUMNS = "isbn13 string, price decimal(12,2), pages int"
GOOD = ("9780306406157", "9.90", 200)


def test_a_row_goes_aside_with_every_reason_and_a_check_of_another_level_gives_none(spark):
    rows = frame(
        spark,
        COLUMNS,
        GOOD,
        ("9780804429573", "5.00", 0),
        ("9780306406158", "-1.00", 200),
        (None, None, None),
        ("9798600000001", "2000.00", 200),
    )

    judged = with_reasons(rows, CONTRACT, no_table)

    assert_rows(
        judged,
        "isbn13 string, _reasons array<string>",
        ("9780306406157", []),
        ("9780804429573", []),
        ("9780306406158", ["isbn13_check_digit", "price_positive"]),
        (None, ["isbn13: required", "price: required"]),
        ("9798600000001", []),
    )


def test_a_value_taken_out_in_extraction_has_its_own_reason_and_is_not_called_missing(spark):
    rows = frame(
        spark,
        f"{COLUMNS}, _faults string",
        ("9780306406157", None, None, "price,pages"),
        (None, None, 200, "price"),
        (*GOOD, None),
    )

    judged = with_reasons(rows, CONTRACT, no_table)

    assert_rows(
        judged,
        "isbn13 string, pages int, _reasons array<string>",
        ("9780306406157", None, ["price: does not fit decimal(12,2)", "pages: does not fit int"]),
        (None, 200, ["price: does not fit decimal(12,2)", "isbn13: required"]),
        ("9780306406157", 200, []),
    )


def test_the_reasons_of_a_transform_come_before_those_of_the_contract(spark):
    rows = frame(
        spark, f"{COLUMNS}, _refused array<string>", ("9780306406157", "-1.00", 200, ["a NUL byte"]), (*GOOD, [])
    )

    judged = with_reasons(rows, CONTRACT, no_table)

    assert_rows(
        judged, "price decimal(12,2), _reasons array<string>", ("-1.00", ["a NUL byte", "price_positive"]), ("9.90", [])
    )


def test_a_contract_that_asks_for_nothing_gives_no_reason(spark):
    lax = Contract(
        table="silver.notes", grain="one row per note", key=(), columns={"note": {"type": "string", "meaning": "note"}}
    )

    judged = with_reasons(frame(spark, "note string", (None,)), lax, no_table)

    assert_rows(judged, "note string, _reasons array<string>", (None, []))


@pytest.fixture
def observed(spark):
    rows = frame(
        spark,
        COLUMNS,
        GOOD,
        ("9780804429573", "2000.50", -1),
        ("9780306406158", "0.00", None),
        (None, "4.00", 10),
        ("9780306406157", None, None),
    )
    observation = Observation()
    with_reasons(rows, CONTRACT, no_table).observe(observation, *observed_columns(CONTRACT, ["price"])).write.format(
        "noop"
    ).mode("overwrite").save()
    return observation.get


def test_rows_good_rows_and_sums_are_counted_while_the_table_is_written(observed):
    assert (observed["rows"], observed["good_rows"]) == (5, 2)
    # The sum is of good rows alone: 9.90 and 2000.50.
    assert observed["sum_price"] == "2010.40"


def test_every_expectation_has_one_result_with_the_rows_that_failed_it_whatever_its_level(observed):
    assert results(CONTRACT, observed) == [
        CheckResult("silver.editions", "required", "quarantine", 2, 5),
        CheckResult("silver.editions", "isbn13_check_digit", "quarantine", 1, 5),
        CheckResult("silver.editions", "price_positive", "quarantine", 1, 5),
        CheckResult("silver.editions", "pages_positive", "warn", 1, 5),
        CheckResult("silver.editions", "price_below_1000", "stop", 1, 5),
    ]
