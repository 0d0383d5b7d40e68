"""Dimension members: surrogate keys that never change, an unknown member 0, deleted members kept and marked."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

UNKNOWN_KEY = 0
# The one customer that everybody who was erased has become.
ERASED_KEY = -1
# What stands for the shop's customer id in their sale lines. No shop gives such an id.
ERASED_ID = -1
UNKNOWN = "Unknown"

PARTS = 64


def under_members_source(sales: DataFrame) -> DataFrame:
    """The lines under the source of the books, stores and customers they point to, which of a feed's lines is the shop.

    Their own source is kept as `_own_source`.
    """
    return sales.withColumns({"_own_source": F.col("source"), "source": F.coalesce("member_source", "source")})


def as_dimension(
    members: DataFrame, existing: DataFrame, surrogate: str, natural: Sequence[str], **unknown: object
) -> DataFrame:
    """The dimension after a delivery: every member with the key it had or the next free one, and the unknown member 0.

    `members` and `existing` have one row per natural key. A member that its source no longer delivers stays, marked deleted: facts
    may still point to it. Members of a source that delivered nothing stay as they are. `unknown` holds the unknown member's values.
    """
    rows = with_missing_members(members, existing, surrogate, natural)
    marked = rows.withColumn("is_deleted", F.when(is_gone(), F.lit(True)).otherwise(F.col("is_deleted")))
    return with_unknown_member(with_next_keys(marked.drop("_is_delivered"), surrogate, natural), surrogate, **unknown)


def as_large_dimension(
    members: DataFrame, existing: DataFrame, surrogate: str, natural: Sequence[str], **unknown: object
) -> DataFrame:
    """As `as_dimension`, for millions of members: nothing is ordered as a whole, at the price of more passes."""
    rows = with_missing_members(members, existing, surrogate, natural)
    sources = members.select("source", F.lit(True).alias("_is_of_delivery")).distinct()
    gone = F.col("_is_delivered").isNull() & F.col("_is_of_delivery").isNotNull()
    marked = rows.join(F.broadcast(sources), on="source", how="left").withColumn(
        "is_deleted", F.when(gone, F.lit(True)).otherwise(F.col("is_deleted"))
    )
    return with_unknown_member(
        with_next_keys_in_parts(marked.drop("_is_delivered", "_is_of_delivery"), surrogate, natural),
        surrogate,
        **unknown,
    )


def with_missing_members(members: DataFrame, existing: DataFrame, surrogate: str, natural: Sequence[str]) -> DataFrame:
    """The members with the key they had, null for a new one, and those of `existing` that are not delivered any more.

    `_is_delivered` is null on the latter.
    """
    known = existing.filter(F.col(surrogate) != UNKNOWN_KEY).alias("known")
    delivered = members.withColumn("_is_delivered", F.lit(True)).alias("delivered")
    same = [F.col(f"delivered.{name}") == F.col(f"known.{name}") for name in natural]
    is_delivered = F.col("_is_delivered").isNotNull()
    values = {
        name: F.when(is_delivered, F.col(f"delivered.{name}")).otherwise(F.col(f"known.{name}"))
        for name in members.columns
    }
    return delivered.join(known, on=same, how="full").select(
        surrogate, "_is_delivered", *(value.alias(name) for name, value in values.items())
    )


def is_gone() -> Column:
    """Whether a row's source delivered something, but not this: `_is_delivered` is true where it did, else null."""
    of_source = F.max("_is_delivered").over(Window.partitionBy("source"))
    return F.col("_is_delivered").isNull() & F.coalesce(of_source, F.lit(False))


def with_next_keys(rows: DataFrame, surrogate: str, natural: Sequence[str]) -> DataFrame:
    """The rows with a key each: their own, else the next free one in natural-key order. `rows` holds every key there is."""
    # Whole-table order on purpose: members are few beside facts, and dense keys make small fact columns.
    unkeyed_first = Window.orderBy(F.col(surrogate).isNotNull(), *natural)
    highest = F.coalesce(F.max(surrogate).over(Window.partitionBy()), F.lit(UNKNOWN_KEY))
    place = F.row_number().over(unkeyed_first).cast("bigint")
    return rows.withColumn(surrogate, F.coalesce(F.col(surrogate), highest + place))


def with_next_keys_in_parts(rows: DataFrame, surrogate: str, natural: Sequence[str]) -> DataFrame:
    """As `with_next_keys`, but in natural-key order within each of `PARTS` parts only; the same members get the same keys."""
    highest = rows.agg(F.coalesce(F.max(surrogate), F.lit(UNKNOWN_KEY)).alias("_highest"))
    unkeyed = rows.filter(F.col(surrogate).isNull()).withColumn("_part", F.pmod(F.xxhash64(*natural), F.lit(PARTS)))
    before = F.sum("count").over(Window.orderBy("_part").rowsBetween(Window.unboundedPreceding, -1))
    offsets = unkeyed.groupBy("_part").count().select("_part", F.coalesce(before, F.lit(0)).alias("_before"))
    place = F.row_number().over(Window.partitionBy("_part").orderBy(*natural))
    keyed = (
        unkeyed.withColumn("_place", place)
        .join(F.broadcast(offsets), on="_part", how="inner")
        .crossJoin(F.broadcast(highest))
        .withColumn(surrogate, F.col("_highest") + F.col("_before") + F.col("_place"))
        .select(*rows.columns)
    )
    return rows.filter(F.col(surrogate).isNotNull()).unionByName(keyed)


def with_unknown_member(members: DataFrame, surrogate: str, **values: object) -> DataFrame:
    """The members plus the unknown one: key 0, the values given, null elsewhere."""
    return with_member(members, surrogate, UNKNOWN_KEY, **values)


def with_member(members: DataFrame, surrogate: str, key: int, **values: object) -> DataFrame:
    """The members plus one of that key that no source delivers: the values given, null elsewhere."""
    given = {surrogate: key, "is_deleted": False, **values}
    added = members.sparkSession.range(1).select(
        *(F.lit(given.get(field.name)).cast(field.dataType).alias(field.name) for field in members.schema)
    )
    return members.unionByName(added)
