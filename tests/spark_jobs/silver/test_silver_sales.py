from frames import assert_rows, frame

from spark_jobs.silver.sales import with_business_date


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
