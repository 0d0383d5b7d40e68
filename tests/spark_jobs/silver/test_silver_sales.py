from datetime import UTC, datetime

from frames import assert_rows, frame, table

from spark_jobs.silver.sales import transform, with_business_date

BRONZE = "_source string, sale_id bigint, book_id bigint, sold_at timestamp, currency string"
TO_USD = {"shop_currency": "USD", "reporting_currency": "USD", "snapshot_at": datetime(2024, 5, 1, 6, tzinfo=UTC)}


def test_the_business_date_is_the_day_in_the_shops_time_zone(spark):
    schema = "sale_id bigint, sold_at timestamp"
    sales = frame(
        spark,
        schema,
        (1, "2024-03-01 04:59:59"),
        (2, "2024-03-01 05:00:00"),
        (3, "2024-07-01 03:59:59"),
        (4, "2024-07-01 04:00:00"),
    )

    dated = with_business_date(sales, "America/New_York")

    # Five hours behind UTC in winter, four in summer.
    assert_rows(
        dated,
        "sale_id bigint, sale_date date, sale_month date",
        (1, "2024-02-29", "2024-02-01"),
        (2, "2024-03-01", "2024-03-01"),
        (3, "2024-06-30", "2024-06-01"),
        (4, "2024-07-01", "2024-07-01"),
    )


def test_a_sale_has_the_rate_of_its_business_date_and_knows_whether_its_book_can_be_costed(spark):
    rates = table(
        spark,
        "silver.exchange_rates",
        {
            "source": "shop",
            "exchange_rate_id": 1,
            "rate_date": "2024-02-29",
            "currency": "EUR",
            "rate_to_reporting": "1.08",
        },
        {
            "source": "shop",
            "exchange_rate_id": 2,
            "rate_date": "2024-03-01",
            "currency": "EUR",
            "rate_to_reporting": "1.09",
        },
    )
    books = table(
        spark,
        "silver.books",
        {"source": "shop", "book_id": 1, "currency": "USD"},
        {"source": "shop", "book_id": 2, "currency": "EUR"},
        {"source": "shop", "book_id": 3, "currency": "GBP"},
    )
    rows = frame(
        spark,
        BRONZE,
        ("shop", 1, 2, "2024-03-01 04:59:59", "EUR"),
        ("shop", 2, 2, "2024-03-09 12:00:00", "EUR"),
        ("shop", 3, 1, "2024-01-01 12:00:00", "USD"),
        ("shop", 4, 1, "2024-01-01 12:00:00", "EUR"),
        ("shop", 5, 2, "2024-01-01 12:00:00", "USD"),
        ("shop", 6, 3, "2024-03-09 12:00:00", "USD"),
        ("shop", 7, 999, "2024-03-09 12:00:00", "USD"),
        ("kiosk", 8, 2, "2024-03-09 12:00:00", "EUR"),
    )

    sales = transform(rows, rates, books, time_zone="America/New_York", **TO_USD)

    assert_rows(
        sales,
        "source string, sale_id bigint, rate_to_reporting decimal(20,10), has_cost_rate boolean",
        ("shop", 1, "1.08", True),  # still 29 February in New York
        ("shop", 2, "1.09", True),  # the latest earlier rate
        ("shop", 3, "1", True),  # the reporting currency needs no rate
        ("shop", 4, None, True),  # before the first rate
        ("shop", 5, "1", False),  # its book costs EUR, which has no rate yet
        ("shop", 6, "1", False),  # its book costs GBP, which never has one
        ("shop", 7, "1", True),  # a book we do not know has no cost
        ("kiosk", 8, None, True),  # rates and books of another source are not its own
    )
