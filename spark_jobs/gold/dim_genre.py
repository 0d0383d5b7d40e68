"""Gold dim_genre: genres and subgenres, the hierarchy flattened.

Grain: one row per genre or subgenre, plus the unknown member 0.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import UNKNOWN, as_dimension

NATURAL = ("source", "genre_id")


def transform(genres: DataFrame, existing: DataFrame) -> DataFrame:
    parents = genres.select("source", F.col("genre_id").alias("parent_id"), F.col("name").alias("_genre"))
    members = genres.join(parents, on=["source", "parent_id"], how="left").select(
        *NATURAL,
        "code",
        F.coalesce("_genre", "name").alias("genre"),
        F.col("name").alias("subgenre"),
        F.col("deleted_at").isNotNull().alias("is_deleted"),
    )
    return as_dimension(members, existing, "genre_key", NATURAL, genre=UNKNOWN, subgenre=UNKNOWN)
