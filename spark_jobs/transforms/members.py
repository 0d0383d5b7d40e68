"""Dimension members: surrogate keys that never change, an unknown member 0, deleted members kept and marked."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

UNKNOWN_KEY = 0
UNKNOWN = "Unknown"


def with_kept_keys(members: DataFrame, existing: DataFrame, surrogate: str, natural: Sequence[str]) -> DataFrame:
    """The members with their surrogate key: the one they had in `existing`, else the next free ones in natural-key order.

    `members` and `existing` have one row per natural key.
    """
    known = existing.filter(F.col(surrogate) != UNKNOWN_KEY).select(surrogate, *natural)
    matched = members.join(known, on=list(natural), how="left")
    # Whole-table order on purpose: new members are few, and dense keys make small fact columns.
    place = F.row_number().over(Window.orderBy(F.col(surrogate).isNotNull(), *natural)).cast("bigint")
    highest = known.agg(F.coalesce(F.max(surrogate), F.lit(0)).alias("_highest"))
    return (
        matched.withColumn("_place", place)
        .join(F.broadcast(highest), how="cross")
        .withColumn(surrogate, F.coalesce(F.col(surrogate), F.col("_highest") + F.col("_place")))
        .drop("_place", "_highest")
    )


def with_missing_members(members: DataFrame, existing: DataFrame, surrogate: str, natural: Sequence[str]) -> DataFrame:
    """The members, and those of `existing` that the sources no longer have, marked deleted; facts may still point to them.

    Only members of sources that delivered anything count as gone.
    """
    delivered = F.broadcast(members.select("source").distinct())
    gone = (
        existing.filter(F.col(surrogate) != UNKNOWN_KEY)
        .join(delivered, on="source", how="left_semi")
        .join(members.select(*natural), on=list(natural), how="left_anti")
    )
    others = existing.filter(F.col(surrogate) != UNKNOWN_KEY).join(delivered, on="source", how="left_anti")
    marked = gone.withColumn("is_deleted", F.lit(True))
    return members.unionByName(marked.select(*members.columns)).unionByName(others.select(*members.columns))


def with_unknown_member(members: DataFrame, surrogate: str, **values: object) -> DataFrame:
    """The members plus the unknown one: key 0, the values given, null elsewhere."""
    given = {surrogate: UNKNOWN_KEY, "is_deleted": False, **values}
    unknown = members.sparkSession.range(1).select(
        *(F.lit(given.get(field.name)).cast(field.dataType).alias(field.name) for field in members.schema)
    )
    return members.unionByName(unknown)
