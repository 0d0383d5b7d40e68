"""Which business dates of the fact must be built anew because something that sales point to has changed.

A dimension's change touches only the days on which it makes a difference: a new price touches the sales since it holds, a store
that changes its region touches all the store's days.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.gold.fact_sales import customer_key_by_id, rates_through, under_members_source
from spark_jobs.transforms.rates import daily_rates

Frames = Mapping[str, DataFrame]

# What a sale takes from the version of its book that held, and from its members.
OF_STORE, OF_PROMOTION, OF_CUSTOMER = ("store_key", "region_key", "channel_key"), ("promotion_key",), ("customer_key",)
OF_BOOK = ("book_key", "publisher_key", "genre_key", "unit_cost", "currency", "published_on", "format")


def of_changed_inputs(
    before: Frames,
    now: Frames,
    changed: Collection[str],
    *,
    shop_currency: str,
    reporting_currency: str,
    snapshot_at: datetime,
) -> DataFrame:
    """One column, sale_date. `before` and `now` hold the fact's inputs by their names, `changed` names those that differ."""
    sales = now["sales"].filter(F.col("deleted_at").isNull()).transform(under_members_source)
    found = sales.select("sale_date").limit(0)
    if "books" in changed:
        found = found.unionByName(days_of_books(sales, before["books"], now["books"]))
    if "stores" in changed:
        found = found.unionByName(days_of_members(sales, before["stores"], now["stores"], "store_id", OF_STORE))
    if "promotions" in changed:
        found = found.unionByName(
            days_of_members(sales, before["promotions"], now["promotions"], "promotion_id", OF_PROMOTION)
        )
    if {"customers", "customer_keys"} & set(changed):
        by_id = [customer_key_by_id(frames["customers"], frames["customer_keys"]) for frames in (before, now)]
        found = found.unionByName(days_of_members(sales, by_id[0], by_id[1], "customer_id", OF_CUSTOMER))
    if "exchange_rates" in changed:
        through = rates_through(snapshot_at)
        rates = [
            daily_rates(frames["exchange_rates"], shop_currency, reporting_currency, through)
            for frames in (before, now)
        ]
        found = found.unionByName(days_of_rates(sales, *rates))
    return found.distinct()


def days_of_members(
    sales: DataFrame, before: DataFrame, now: DataFrame, natural: str, taken: Collection[str]
) -> DataFrame:
    """Days of sales that point to a member of which something that they take differs, or which is new or gone."""
    columns = ("source", natural, *taken)
    differing = _differing(before.select(*columns), now.select(*columns)).select("source", natural).distinct()
    return sales.join(differing, on=["source", natural], how="left_semi").select("sale_date")


def days_of_rates(sales: DataFrame, before: DataFrame, now: DataFrame) -> DataFrame:
    """Days with sales on which a rate differs, is new or gone."""
    days = _differing(before, now).select("source", F.col("rate_day").alias("sale_date")).distinct()
    return (
        sales.select("source", "sale_date")
        .distinct()
        .join(days, on=["source", "sale_date"], how="left_semi")
        .select("sale_date")
    )


def days_of_books(sales: DataFrame, before: DataFrame, now: DataFrame) -> DataFrame:
    """Days of sales that lie in a span of time in which another version of their book holds, or the version says otherwise."""
    spans = spans_that_differ(before, now)
    same_book = (sales["source"] == spans["_source"]) & (sales["book_id"] == spans["_book_id"])
    in_span = (sales["sold_at"] >= spans["_from"]) & (sales["sold_at"] < spans["_to"])
    return sales.join(spans, on=same_book & in_span, how="left_semi").select("sale_date")


def spans_that_differ(before: DataFrame, now: DataFrame) -> DataFrame:
    """Spans of time, half-open, by book: `_source`, `_book_id`, `_from`, `_to`.

    The versions of a book cover all time, so laying those before over those now misses nothing but books that are new.
    """
    old, new = _versions(before).alias("old"), _versions(now).alias("new")
    same_book = (F.col("old._source") == F.col("new._source")) & (F.col("old._book_id") == F.col("new._book_id"))
    overlap = (F.col("old._from") < F.col("new._to")) & (F.col("new._from") < F.col("old._to"))
    is_other = F.col("old._taken") != F.col("new._taken")
    other = old.join(new, on=same_book & overlap & is_other, how="inner").select(
        "new._source",
        "new._book_id",
        F.greatest("old._from", "new._from").alias("_from"),
        F.least("old._to", "new._to").alias("_to"),
    )
    is_new = _versions(now).join(_versions(before), on=["_source", "_book_id"], how="left_anti").drop("_taken")
    return other.unionByName(is_new)


def _versions(books: DataFrame) -> DataFrame:
    return books.filter(F.col("source").isNotNull()).select(
        F.col("source").alias("_source"),
        F.col("book_id").alias("_book_id"),
        F.col("valid_from").alias("_from"),
        F.col("valid_to").alias("_to"),
        F.to_json(F.struct(*OF_BOOK)).alias("_taken"),
    )


def _differing(before: DataFrame, now: DataFrame) -> DataFrame:
    return before.exceptAll(now).unionByName(now.exceptAll(before))
