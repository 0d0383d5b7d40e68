"""Gold dim_author: the shop's authors by id, a feed's authors by name.

Grain: one row per author of a source, plus the unknown member 0.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import UNKNOWN, as_dimension

NATURAL = ("source", "author_id")


def transform(authors: DataFrame, titles: DataFrame, existing: DataFrame) -> DataFrame:
    of_shop = authors.select(
        "source",
        F.col("author_id").cast("string").alias("author_id"),
        F.col("name").alias("author"),
        F.col("deleted_at").isNotNull().alias("is_deleted"),
    )
    of_feeds = (
        titles.select("source", F.explode("author_names").alias("author"))
        .distinct()
        .select("source", F.col("author").alias("author_id"), "author", F.lit(False).alias("is_deleted"))
    )
    members = of_shop.unionByName(of_feeds)
    return as_dimension(members, existing, "author_key", NATURAL, author=UNKNOWN)
