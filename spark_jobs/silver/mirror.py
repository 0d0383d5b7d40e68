"""Silver tables that mirror one bronze table: the contract's columns, the source named.

Grain: one row per key of the source. A snapshot delivers each key once, which extraction has checked.
"""

from pyspark.sql import DataFrame


def transform(rows: DataFrame) -> DataFrame:
    return rows.withColumnRenamed("_source", "source").drop("_run_seq", "_extracted_at", "_operation")
