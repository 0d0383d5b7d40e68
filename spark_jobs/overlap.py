"""Sales that a feed reports and the shop holds too, beside each other by title and month."""

from typing import Any

from pyspark.sql import functions as F

from spark_jobs.runner import Run

MOST_LINES = 200


def compare_overlap(run: Run, feed: str, shop: str) -> list[dict[str, Any]]:
    """Copies and net revenue in reporting currency by title and month that the feed names, greatest difference in copies first.

    One row per month and book of the feed, at most MOST_LINES; the shop's numbers are of its own lines of that book and month.
    """
    books = run.lake.read("gold.dim_book").select("book_key", "book_id", "title")
    facts = run.lake.read("gold.fact_sales").filter(F.col("source").isin(feed, shop))
    is_feed = F.col("source") == feed
    sums = {
        "feed_units": F.sum(F.when(is_feed, F.col("quantity")).otherwise(0)),
        "shop_units": F.sum(F.when(~is_feed, F.col("quantity")).otherwise(0)),
        "feed_net": F.sum(F.when(is_feed, F.col("net_reporting_amount")).otherwise(0)),
        "shop_net": F.sum(F.when(~is_feed, F.col("net_reporting_amount")).otherwise(0)),
        "_lines": F.count(F.when(is_feed, 1)),
    }
    by_title = (
        facts.join(F.broadcast(books), on="book_key", how="inner")
        .groupBy(F.col("sale_month").alias("month"), "book_id")
        .agg(F.max("title").alias("title"), *(column.alias(name) for name, column in sums.items()))
        .filter(F.col("_lines") > 0)
        .drop("_lines")
    )
    difference = F.abs(F.col("feed_units") - F.col("shop_units"))
    return [
        row.asDict() for row in by_title.orderBy(F.desc(difference), "month", "book_id").limit(MOST_LINES).collect()
    ]
