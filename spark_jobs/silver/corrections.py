"""Corrections to titles of another feed: what a record gives takes the place of what is there, what it leaves empty stays.

Grain: one row per title that is corrected. A record whose title is not there is refused.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.silver.titles import OPTIONAL, author_list, is_unreadable, with_absent_columns, with_series

CORRECTED = ("title", "work_title", "published_year", "language", "author_names")
OTHERS = {"title": "string", "author_names": "string"}


def transform(records: DataFrame, titles: DataFrame, *, feed: str, corrects: str, run_seq: int) -> DataFrame:
    """The corrected titles under the source they stand under; `titles` holds those of every feed."""
    given = with_absent_columns(records, OPTIONAL | OTHERS).withColumn("author_names", author_list("author_names"))
    there = titles.filter(F.col("source") == corrects).select(
        F.col("book_id").alias("_book_id"),
        *(F.col(name).alias(f"_{name}") for name in (*CORRECTED, "isbn13", "isbn10", "repairs")),
    )
    found = given.join(there, on=given["book_id"] == there["_book_id"], how="left")
    unknown = F.when(
        F.col("_book_id").isNull() & F.col("book_id").isNotNull(), F.lit(f"record: feed {corrects} has no such title")
    )
    corrected = {name: F.coalesce(name, f"_{name}") for name in CORRECTED}
    names = F.array_compact(F.array(*(F.when(given[name].isNotNull(), F.lit(name)) for name in CORRECTED)))
    said = F.concat(F.lit(f"{feed}: "), F.array_join(names, ", "))
    return (
        found.withColumn("_said", said)
        .withColumns(corrected)
        .transform(with_series)
        .withColumns(
            {
                "source": F.lit(corrects),
                "run_seq": F.lit(run_seq).cast("bigint"),
                "isbn13": F.col("_isbn13"),
                "isbn10": F.col("_isbn10"),
                "repairs": F.array_distinct(F.concat(F.coalesce("_repairs", F.array().cast("array<string>")), F.array("_said"))),
                "_refused": F.when(is_unreadable(), F.col("_refused")).otherwise(
                    F.array_compact(F.concat("_refused", F.array(unknown)))
                ),
            }
        )
    )  # fmt: skip
