"""Silver sales: as mirrored, with the business date in the shop's time zone.

Grain: one row per sale line of a source, deleted ones included. Each row depends on its source row alone, so that a changed row
can be merged without a look at any other table; rates and book versions are the fact's.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.silver import mirror

# What only a line of a CSV feed has (feed_sales.py).
OF_FEEDS = ("member_source", "in_default_totals", "file_sha256", "record_number")


def transform(rows: DataFrame, *, time_zone: str) -> DataFrame:
    of_feeds = {name: F.lit(None) for name in OF_FEEDS}
    return mirror.transform(rows).transform(with_business_date, time_zone).withColumns(of_feeds)


def with_business_date(sales: DataFrame, time_zone: str) -> DataFrame:
    local_day = F.from_utc_timestamp("sold_at", time_zone).cast("date")
    return sales.withColumn("sale_date", local_day).withColumn("sale_month", F.trunc("sale_date", "month"))
