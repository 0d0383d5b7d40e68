"""Exchange rates for every day: the day's own, else the latest earlier one (domain, part 2)."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

RATE = "decimal(20,10)"


def daily_rates(exchange_rates: DataFrame, shop_currency: str, reporting_currency: str, through: Column) -> DataFrame:
    """One row per source, currency and day up to `through`: source, rate_currency, rate_day, rate to the reporting currency.

    The shop's rates lead to `shop_currency`; to another reporting currency leads the ratio of two. A day before the first rate
    of a currency has no row. The reporting currency itself has no rows: its rate is 1.
    """
    live = exchange_rates.filter(F.col("deleted_at").isNull())
    days = _every_day(live, through)
    if reporting_currency == shop_currency:
        return days.select("source", "rate_currency", "rate_day", F.col("_rate").cast(RATE).alias("rate"))
    to_reporting = days.filter(F.col("rate_currency") == reporting_currency).select(
        "source", "rate_day", F.col("_rate").alias("_reporting_rate")
    )
    shop_days = to_reporting.select(
        "source", F.lit(shop_currency).alias("rate_currency"), "rate_day", F.lit(1).cast("decimal(18,8)").alias("_rate")
    )
    return (
        days.unionByName(shop_days)
        .join(to_reporting, on=["source", "rate_day"], how="inner")
        .select(
            "source", "rate_currency", "rate_day", (F.col("_rate") / F.col("_reporting_rate")).cast(RATE).alias("rate")
        )
    )


def _every_day(exchange_rates: DataFrame, through: Column) -> DataFrame:
    by_currency = Window.partitionBy("source", "currency").orderBy("rate_date")
    # Two rates of one day: the one recorded last holds.
    latest_of_day = exchange_rates.groupBy("source", "currency", "rate_date").agg(
        F.max_by("rate_to_reporting", "exchange_rate_id").alias("_rate")
    )
    until = F.coalesce(F.date_sub(F.lead("rate_date").over(by_currency), 1), through)
    return latest_of_day.withColumn("_until", F.greatest(until, F.col("rate_date"))).select(
        "source",
        F.col("currency").alias("rate_currency"),
        F.explode(F.sequence("rate_date", "_until")).alias("rate_day"),
        "_rate",
    )
