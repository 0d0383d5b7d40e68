"""Joins of very many rows with a table that fits in memory, by source and number."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def looked_up(rows: DataFrame, table: DataFrame, source: str, number: str, how: str) -> DataFrame:
    """`rows` joined, by a join of kind `how`, with a table that has the columns `source`, `number` and others; not shuffled.

    The key is one long, of which Spark keeps a map that is a third as large and several times as fast as one of a text and a long.
    Rows whose hash is that of another are told apart by the columns themselves; two bounds each, as an equality would become a
    part of the key again.
    """
    others = [name for name in table.columns if name not in (source, number)]
    held = table.select(
        F.xxhash64(source, number).alias("_held_hash"),
        F.col(source).alias("_held_source"),
        F.col(number).alias("_held_number"),
        *others,
    )
    is_same = (
        (F.xxhash64(source, number) == F.col("_held_hash"))
        & F.col(source).between(F.col("_held_source"), F.col("_held_source"))
        & F.col(number).between(F.col("_held_number"), F.col("_held_number"))
    )
    found = rows.join(F.broadcast(held), on=is_same, how=how)
    return found.drop("_held_hash", "_held_source", "_held_number")
