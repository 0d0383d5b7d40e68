import pytest
from frames import assert_rows, frame
from pyspark.sql import functions as F

from spark_jobs.transforms.rates import daily_rates

RATES = (
    "source string, exchange_rate_id bigint, rate_date date, currency string, rate_to_reporting decimal(18,8), "
    "deleted_at timestamp"
)
DAILY = "rate_currency string, rate_day date, rate decimal(20,10)"


@pytest.fixture
def daily(spark):
    """Rates of every day up to 5 March; the shop's rates lead to USD."""

    def rates(*recorded, reporting="USD"):
        through = F.lit("2024-03-05").cast("date")
        return daily_rates(frame(spark, RATES, *recorded), "USD", reporting, through)

    return rates


def test_a_day_without_a_rate_has_the_latest_earlier_one_and_a_day_before_the_first_has_none(daily):
    found = daily(
        ("shop", 1, "2024-03-02", "EUR", "1.10", None),
        ("shop", 2, "2024-03-04", "EUR", "1.25", None),
    )

    assert_rows(
        found,
        DAILY,
        ("EUR", "2024-03-02", "1.1"),
        ("EUR", "2024-03-03", "1.1"),
        ("EUR", "2024-03-04", "1.25"),
        ("EUR", "2024-03-05", "1.25"),
    )


def test_of_two_rates_of_one_day_the_one_recorded_last_holds_and_a_deleted_one_never(daily):
    found = daily(
        ("shop", 8, "2024-03-05", "EUR", "1.10", None),
        ("shop", 7, "2024-03-05", "EUR", "1.90", None),
        ("shop", 9, "2024-03-05", "EUR", "7.00", "2024-03-06 00:00:00"),
    )

    assert_rows(found, DAILY, ("EUR", "2024-03-05", "1.1"))


def test_a_rate_of_a_later_day_holds_on_that_day(daily):
    assert_rows(daily(("shop", 1, "2024-03-09", "EUR", "1.10", None)), DAILY, ("EUR", "2024-03-09", "1.1"))


def test_currencies_and_sources_do_not_fill_each_others_days(daily):
    found = daily(
        ("shop", 1, "2024-03-04", "EUR", "1.10", None),
        ("shop", 2, "2024-03-05", "JPY", "0.0067", None),
        ("kiosk", 1, "2024-03-05", "EUR", "1.20", None),
    )

    assert_rows(
        found,
        f"source string, {DAILY}",
        ("shop", "EUR", "2024-03-04", "1.1"),
        ("shop", "EUR", "2024-03-05", "1.1"),
        ("shop", "JPY", "2024-03-05", "0.0067"),
        ("kiosk", "EUR", "2024-03-05", "1.2"),
    )


def test_to_another_reporting_currency_leads_the_ratio_of_two_rates(daily):
    found = daily(
        ("shop", 1, "2024-03-04", "EUR", "1.25", None),
        ("shop", 2, "2024-03-05", "GBP", "1.50", None),
        reporting="EUR",
    )

    # GBP 1.50 / EUR 1.25, and USD 1 / EUR 1.25: the shop's own currency has a rate too, from the first of EUR on.
    assert_rows(
        found.filter("rate_currency <> 'EUR'"),
        DAILY,
        ("USD", "2024-03-04", "0.8"),
        ("USD", "2024-03-05", "0.8"),
        ("GBP", "2024-03-05", "1.2"),
    )
