"""Touched days: the business dates whose facts must be built anew, because sale lines changed or something they point to.

A dimension's change touches only the days on which it makes a difference: a new price touches the sales since it holds, a store
that changes its region touches all the store's days.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs_config.model import JobConfig
from spark_jobs.delta_log import Note
from spark_jobs.gold.fact_sales import (
    OF_BOOK,
    OF_CUSTOMER,
    OF_PROMOTION,
    OF_STORE,
    customer_key_by_id,
    rates_through,
)
from spark_jobs.meaning import OF_TABLE
from spark_jobs.tables import READ_FAILURES, Lake, in_dates, is_of_removed_files
from spark_jobs.transforms.members import under_members_source
from spark_jobs.transforms.rates import daily_rates
from warehouse.semantic import keys_of_books

Frames = Mapping[str, DataFrame]

# The silver table whose lines bear the dates, and the date that a changed line had before.
SALES, DAY_BEFORE = "silver.sales", "_day_before"

# Above this many days the whole table is built anew.
MOST_DAYS = 400


def days_to_rebuild(
    lake: Lake,
    job: JobConfig,
    before: Note,
    made_of: Mapping[str, str],
    parameters: Mapping[str, Any],
    asked: Sequence[date],
) -> list[date] | None:
    """The business dates whose rows may differ from what the fact was built from, and those asked for.

    `before` is what its last write says, `made_of` what it would be built from now. None where the days are not known, or too many.
    """
    if any(before.made_of.get(name) != made_of.get(name) for name in OF_TABLE):
        return None
    was = {alias: before.made_of.get(table, "None") for alias, table in job.reads.items()}
    if "None" in was.values():
        return None
    days = lake.days_written(SALES, since=int(was["sales"]))
    if days is None:
        return None
    changed = {alias for alias, table in job.reads.items() if table != SALES and made_of[table] != was[alias]}
    if changed:
        then = {alias: lake.read(table, int(was[alias])) for alias, table in job.reads.items()}
        now = {alias: lake.read(table) for alias, table in job.reads.items()}
        wanted = ("shop_currency", "reporting_currency", "snapshot_at")
        try:
            others = of_changed_inputs(then, now, changed, **{name: parameters[name] for name in wanted}).collect()
        except READ_FAILURES as error:
            if not is_of_removed_files(error):
                raise
            return None
        days = [*days, *(row[0] for row in others)]
    days = sorted({*days, *asked})
    return days if len(days) <= MOST_DAYS else None


def of_days(days: Sequence[date]) -> str:
    """Rows of these business dates, and the partitions they are in."""
    months = {day.replace(day=1) for day in days}
    return f"{in_dates('sale_month', months)} and {in_dates('sale_date', days)}"


def of_changed_sales(changed: DataFrame, sales: DataFrame) -> DataFrame:
    """The business dates, as sale_date, whose facts differ once `changed` is merged into `sales`.

    Those a changed line had and has, and those of returns: a return bears the date of the line it takes back. `changed` has the
    columns of a merge: `_is_gone`, and the date that the line had, `DAY_BEFORE`.
    """
    dates = changed.select(F.explode(F.array_compact(F.array("sale_date", DAY_BEFORE))).alias("sale_date"))
    moved = changed.filter(~F.col("sale_date").eqNullSafe(F.col(DAY_BEFORE))).select(
        "source", F.col("sale_id").alias("original_sale_id")
    )
    returns = sales.join(F.broadcast(moved), on=["source", "original_sale_id"], how="left_semi")
    return dates.unionByName(returns.select("sale_date")).distinct()


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
    key = ("source", natural)
    return sales.join(_differing(before, now, key, taken), on=list(key), how="left_semi").select("sale_date")


def days_of_rates(sales: DataFrame, before: DataFrame, now: DataFrame) -> DataFrame:
    """Days with sales on which a rate differs, is new or gone."""
    differing = _differing(before, now, ("source", "rate_currency", "rate_day"), ("rate",))
    days = differing.select("source", F.col("rate_day").alias("sale_date")).distinct()
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
    # Rollups take more of the version than the fact does.
    return books.filter(F.col("source").isNotNull()).select(
        F.col("source").alias("_source"),
        F.col("book_id").alias("_book_id"),
        F.col("valid_from").alias("_from"),
        F.col("valid_to").alias("_to"),
        F.to_json(F.struct(*OF_BOOK, *sorted(keys_of_books()))).alias("_taken"),
    )


def _differing(before: DataFrame, now: DataFrame, key: Collection[str], taken: Collection[str]) -> DataFrame:
    """Keys, each once in both, of which something taken differs, or which are new or gone."""
    old, new = (frame.select(*key, F.struct(*taken).alias(name)) for frame, name in ((before, "_old"), (now, "_new")))
    return old.join(new, on=list(key), how="full").filter(~F.col("_old").eqNullSafe(F.col("_new"))).select(*key)
