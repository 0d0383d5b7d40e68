"""Gold bridge_book_author: who wrote what. Totals by author overlap and are never added up.

Grain: one row per book and author.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

GRAIN = ("source", "book_id", "author_key")


def transform(book_authors: DataFrame, titles: DataFrame, authors: DataFrame) -> DataFrame:
    of_shop = book_authors.filter(F.col("deleted_at").isNull()).select(
        "source", "book_id", F.col("author_id").cast("string").alias("author_id"), "position"
    )
    of_feeds = titles.select("source", "book_id", F.posexplode("author_names").alias("_place", "author_id")).select(
        "source", "book_id", "author_id", (F.col("_place") + 1).alias("position")
    )
    keys = authors.select("source", "author_id", "author_key")
    credited = of_shop.unionByName(of_feeds).join(keys, on=["source", "author_id"], how="inner")
    # One person can be credited twice on one book; the earlier place stands.
    return credited.groupBy(*GRAIN).agg(F.min("position").alias("position"))
