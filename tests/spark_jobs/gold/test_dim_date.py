import pytest
from frames import assert_rows, frame, table
from pyspark.sql import functions as F

from spark_jobs.gold.dim_date import easter_sunday, event_of, transform


def calendar(spark, week_start="sunday", *sale_dates):
    sales = table(spark, "silver.sales", *({"sale_date": day} for day in sale_dates))
    return transform(sales, calendar_year=2024, retail_week_start=week_start)


@pytest.mark.parametrize(
    ("sale_dates", "first", "last", "days"),
    [
        (("2023-11-05", "2024-04-30"), "2023-01-01", "2024-12-31", 731),
        ((), "2024-01-01", "2024-12-31", 366),
        (("2025-01-02",), "2024-01-01", "2025-01-02", 368),
    ],
    ids=["sales of two years", "no sale at all", "a sale after the snapshot's year"],
)
def test_the_calendar_has_every_day_from_the_first_sales_year_to_the_end_of_the_snapshots(
    spark, sale_dates, first, last, days
):
    dates = calendar(spark, "sunday", *sale_dates)

    span = dates.agg(F.min("date").alias("first"), F.max("date").alias("last"), F.countDistinct("date").alias("days"))
    assert_rows(span, "first date, last date, days bigint", (first, last, days))


@pytest.mark.parametrize(
    ("week_start", "saturday", "sunday", "monday"),
    [
        ("sunday", "2023-12-31", "2024-01-07", "2024-01-07"),
        ("monday", "2024-01-01", "2024-01-01", "2024-01-08"),
        ("saturday", "2024-01-06", "2024-01-06", "2024-01-06"),
    ],
    ids=["from Sunday", "from Monday", "from Saturday"],
)
def test_the_retail_week_begins_on_the_day_that_is_set(spark, week_start, saturday, sunday, monday):
    dates = calendar(spark, week_start).filter("date between '2024-01-06' and '2024-01-08'")

    assert_rows(
        dates,
        "date date, week_start date",
        ("2024-01-06", saturday),
        ("2024-01-07", sunday),
        ("2024-01-08", monday),
    )


def test_a_day_knows_its_week_its_month_its_quarter_and_its_year(spark):
    dates = calendar(spark).filter("date in ('2024-01-01', '2024-03-31', '2024-06-15', '2024-12-31')")

    assert_rows(
        dates,
        "date date, day_of_week int, day_name string, iso_year int, iso_week int, month int, month_name string, "
        "month_start date, quarter int, quarter_start date, year int, year_start date, is_weekend boolean, event string",
        ("2024-01-01", 1, "Monday", 2024, 1, 1, "January", "2024-01-01", 1, "2024-01-01", 2024, "2024-01-01", False,
         "New Year's Day"),
        ("2024-03-31", 7, "Sunday", 2024, 13, 3, "March", "2024-03-01", 1, "2024-01-01", 2024, "2024-01-01", True,
         "Easter Sunday"),
        ("2024-06-15", 6, "Saturday", 2024, 24, 6, "June", "2024-06-01", 2, "2024-04-01", 2024, "2024-01-01", True, None),
        # The last Tuesday of 2024 is in the first ISO week of 2025.
        ("2024-12-31", 2, "Tuesday", 2025, 1, 12, "December", "2024-12-01", 4, "2024-10-01", 2024, "2024-01-01", False,
         None),
    )  # fmt: skip


def test_easter_is_on_the_day_the_church_tables_give(spark):
    years = frame(spark, "year int", (1954,), (1981,), (2000,), (2008,), (2019,), (2024,), (2025,), (2038,))

    found = years.select("year", easter_sunday(F.col("year")).alias("easter"))

    assert_rows(
        found,
        "year int, easter date",
        (1954, "1954-04-18"),
        (1981, "1981-04-19"),
        (2000, "2000-04-23"),
        (2008, "2008-03-23"),
        (2019, "2019-04-21"),
        (2024, "2024-03-31"),
        (2025, "2025-04-20"),
        (2038, "2038-04-25"),
    )


def test_moving_feasts_follow_easter_and_the_fourth_thursday_of_november(spark):
    days = [
        "2025-04-18",
        "2025-04-21",
        "2024-11-28",
        "2024-11-29",
        "2024-12-02",
        "2029-11-22",
        "2029-11-23",
        "2024-11-21",
    ]
    dates = frame(spark, "date date", *((day,) for day in days))

    found = dates.select("date", event_of(F.col("date")).alias("event"))

    assert_rows(
        found,
        "date date, event string",
        ("2025-04-18", "Good Friday"),
        ("2025-04-21", "Easter Monday"),
        ("2024-11-28", "Thanksgiving"),
        ("2024-11-29", "Black Friday"),
        ("2024-12-02", "Cyber Monday"),
        ("2029-11-22", "Thanksgiving"),
        ("2029-11-23", "Black Friday"),
        ("2024-11-21", None),
    )
