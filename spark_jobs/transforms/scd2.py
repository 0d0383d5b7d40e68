"""Slowly changing dimensions of type 2: one row per validity, half-open, without gap or overlap."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

BEGINNING = "0001-01-01 00:00:00"
OPEN_END = "9999-12-31 00:00:00"


def versions_after(
    existing: DataFrame,
    incoming: DataFrame,
    key: Sequence[str],
    tracked: Sequence[str],
    snapshot_at: Column,
    present: Sequence[str] = (),
    surrogate: Sequence[str] = (),
) -> DataFrame:
    """Every version there is once `incoming` is known.

    Columns: surrogate, key, tracked, present, source_updated_at, valid_from, valid_to, is_current.

    `incoming` has one row per key with the tracked columns and `updated_at`; `existing` the versions so far. A new key is valid from
    the beginning. A change is valid from the row's updated_at, or, where that did not move, from the snapshot that found it.
    A key that is not in `incoming` keeps its versions. `present` columns are the same in all versions of a key: as delivered now, else
    as last known, else null. A new version's `surrogate` is null.
    """
    old, new = existing.alias("old"), incoming.alias("new")
    pairs = old.join(new, on=[F.col(f"old.{name}") == F.col(f"new.{name}") for name in key], how="full")
    is_old, is_delivered = F.col(f"old.{key[0]}").isNotNull(), F.col(f"new.{key[0]}").isNotNull()
    differs = F.lit(False)
    for name in tracked:
        differs = differs | ~F.col(f"old.{name}").eqNullSafe(F.col(f"new.{name}"))
    is_changed = is_old & F.col("old.is_current") & is_delivered & differs
    shared = [
        F.when(is_delivered, F.col(f"new.{name}"))
        .otherwise(F.col(f"old.{name}") if name in existing.columns else F.lit(None))
        .alias(name)
        for name in present
    ]
    began = _change_time(snapshot_at)
    kept = F.struct(
        *(F.col(f"old.{name}").alias(name) for name in (*surrogate, *key, *tracked)),
        *shared,
        _last_seen(is_changed).alias("source_updated_at"),
        F.col("old.valid_from").alias("valid_from"),
        F.when(is_changed, began).otherwise(F.col("old.valid_to")).alias("valid_to"),
        (F.col("old.is_current") & ~is_changed).alias("is_current"),
    )
    added = F.struct(
        *(F.lit(None).cast(existing.schema[name].dataType).alias(name) for name in surrogate),
        *(F.col(f"new.{name}").alias(name) for name in (*key, *tracked)),
        *shared,
        F.col("new.updated_at").alias("source_updated_at"),
        F.when(is_old, began).otherwise(F.lit(BEGINNING).cast("timestamp")).alias("valid_from"),
        F.lit(OPEN_END).cast("timestamp").alias("valid_to"),
        F.lit(True).alias("is_current"),
    )
    # One pass over the pairs: none, one or two versions come of each.
    versions = F.array_compact(F.array(F.when(is_old, kept), F.when(~is_old | is_changed, added)))
    return pairs.select(F.explode(versions).alias("_version")).select("_version.*")


def _last_seen(is_changed: Column) -> Column:
    # As last seen: a time that moved for something else must not date a later silent change.
    seen = F.coalesce("new.updated_at", "old.source_updated_at")
    return F.when(is_changed | ~F.col("old.is_current"), F.col("old.source_updated_at")).otherwise(seen)


def _change_time(snapshot_at: Column) -> Column:
    moved = F.col("new.updated_at") > F.coalesce(F.col("old.source_updated_at"), F.lit(BEGINNING).cast("timestamp"))
    said = F.when(moved & (F.col("new.updated_at") <= snapshot_at), F.col("new.updated_at")).otherwise(snapshot_at)
    # A clock behind the version before would give an empty or negative validity.
    return F.greatest(said, F.col("old.valid_from") + F.expr("interval 1 microsecond"))
