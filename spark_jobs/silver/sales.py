"""Silver sales: the business date in the shop's time zone and the exchange rate of that date.

Grain: one row per sale line of a source, deleted ones included.
"""

from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.silver import mirror
from spark_jobs.transforms.rates import RATE, daily_rates


def transform(
    rows: DataFrame,
    exchange_rates: DataFrame,
    books: DataFrame,
    *,
    time_zone: str,
    shop_currency: str,
    reporting_currency: str,
    snapshot_at: datetime,
) -> DataFrame:
    rates = daily_rates(
        exchange_rates, shop_currency, reporting_currency, F.date_add(F.lit(snapshot_at).cast("date"), 366)
    )
    sales = mirror.transform(rows).transform(with_business_date, time_zone)
    return sales.transform(with_rate, rates, reporting_currency).transform(
        with_cost_rate_found, books, rates, reporting_currency
    )


def with_business_date(sales: DataFrame, time_zone: str) -> DataFrame:
    local_day = F.from_utc_timestamp("sold_at", time_zone).cast("date")
    return sales.withColumn("sale_date", local_day).withColumn("sale_month", F.trunc("sale_date", "month"))


def with_rate(sales: DataFrame, rates: DataFrame, reporting_currency: str) -> DataFrame:
    """Adds rate_to_reporting; null where no rate of the day or earlier is known."""
    found = sales.join(F.broadcast(rates), on=_same_day(rates, sales["currency"], sales), how="left")
    rate = F.when(sales["currency"] == reporting_currency, F.lit(1).cast(RATE)).otherwise(F.col("rate"))
    return found.select(*(sales[name] for name in sales.columns), rate.alias("rate_to_reporting"))


def with_cost_rate_found(sales: DataFrame, books: DataFrame, rates: DataFrame, reporting_currency: str) -> DataFrame:
    """Adds has_cost_rate: whether the unit cost of the book can be converted too. A book we do not know has no cost."""
    currencies = books.select(
        F.col("source").alias("_source"), F.col("book_id").alias("_book"), F.col("currency").alias("_book_currency")
    )
    by_book = (sales["source"] == currencies["_source"]) & (sales["book_id"] == currencies["_book"])
    priced = sales.join(F.broadcast(currencies), on=by_book, how="left").drop("_source", "_book")
    found = priced.join(F.broadcast(rates), on=_same_day(rates, priced["_book_currency"], priced), how="left")
    has_rate = (
        F.col("_book_currency").isNull() | (F.col("_book_currency") == reporting_currency) | F.col("rate").isNotNull()
    )
    return found.select(*(sales[name] for name in sales.columns), has_rate.alias("has_cost_rate"))


def _same_day(rates: DataFrame, currency: Column, sales: DataFrame) -> Column:
    return (
        (rates["source"] == sales["source"])
        & (rates["rate_currency"] == currency)
        & (rates["rate_day"] == sales["sale_date"])
    )
