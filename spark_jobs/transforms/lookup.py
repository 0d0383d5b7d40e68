"""Joins of very many rows with a table that fits in memory, by source and number."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def looked_up(rows: DataFrame, table: DataFrame, source: str, number: str, how: str) -> DataFrame:
    """`rows` joined, by a join of kind `how`, with a table that has the columns `source`, `number` and others; not shuffled.

    The key is the number alone: Spark's map of one long is a third as large and several times as fast as that of a text and a long.
    Equal numbers of several sources are told apart behind it, by two bounds, as an equality would become a part of the key.
    """
    others = [name for name in table.columns if name not in (source, number)]
    held = table.select(F.col(source).alias("_held_source"), F.col(number).alias("_held_number"), *others)
    is_same = (F.col(number) == F.col("_held_number")) & F.col(source).between(
        F.col("_held_source"), F.col("_held_source")
    )
    return rows.join(F.broadcast(held), on=is_same, how=how).drop("_held_source", "_held_number")
