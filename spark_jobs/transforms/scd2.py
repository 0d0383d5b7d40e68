"""Slowly changing dimensions of type 2: one row per validity, half-open, without gap or overlap."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

BEGINNING = "0001-01-01 00:00:00"
OPEN_END = "9999-12-31 00:00:00"


def versions_after(
    existing: DataFrame, incoming: DataFrame, key: Sequence[str], tracked: Sequence[str], snapshot_at: Column
) -> DataFrame:
    """Every version there is once `incoming` is known: key, tracked columns, source_updated_at, valid_from, valid_to, is_current.

    `incoming` has one row per key with the tracked columns and `updated_at`; `existing` the versions so far. A new key is valid from
    the beginning. A change is valid from the row's updated_at, or, where that did not move, from the snapshot that found it.
    A key that is not in `incoming` keeps its versions.
    """
    columns = [*key, *tracked, "source_updated_at", "valid_from", "valid_to", "is_current"]
    closed = existing.filter(~F.col("is_current")).select(*columns)
    current = existing.filter("is_current").select(*columns).alias("current")
    new = incoming.select(*key, *tracked, "updated_at").alias("new")
    pairs = current.join(new, on=[F.col(f"current.{name}") == F.col(f"new.{name}") for name in key], how="full")
    is_new = F.col(f"current.{key[0]}").isNull()
    is_gone = F.col(f"new.{key[0]}").isNull()
    same = F.lit(True)
    for name in tracked:
        same = same & F.col(f"current.{name}").eqNullSafe(F.col(f"new.{name}"))
    changed = ~is_new & ~is_gone & ~same
    began = _change_time(snapshot_at)
    kept = pairs.filter(~is_new).select(
        *(F.col(f"current.{name}").alias(name) for name in (*key, *tracked)),
        # As last seen: a time that moved for something else must not date a later silent change.
        F.when(changed, F.col("current.source_updated_at"))
        .otherwise(F.coalesce("new.updated_at", "current.source_updated_at"))
        .alias("source_updated_at"),
        F.col("current.valid_from").alias("valid_from"),
        F.when(changed, began).otherwise(F.col("current.valid_to")).alias("valid_to"),
        (~changed).alias("is_current"),
    )
    added = pairs.filter(is_new | changed).select(
        *(F.col(f"new.{name}").alias(name) for name in (*key, *tracked)),
        F.col("new.updated_at").alias("source_updated_at"),
        F.when(is_new, F.lit(BEGINNING).cast("timestamp")).otherwise(began).alias("valid_from"),
        F.lit(OPEN_END).cast("timestamp").alias("valid_to"),
        F.lit(True).alias("is_current"),
    )
    return closed.unionByName(kept).unionByName(added)


def _change_time(snapshot_at: Column) -> Column:
    moved = F.col("new.updated_at") > F.coalesce(F.col("current.source_updated_at"), F.lit(BEGINNING).cast("timestamp"))
    said = F.when(moved & (F.col("new.updated_at") <= snapshot_at), F.col("new.updated_at")).otherwise(snapshot_at)
    # A clock behind the version before would give an empty or negative validity.
    return F.greatest(said, F.col("current.valid_from") + F.expr("interval 1 microsecond"))
