"""Gold dim_publisher: houses and imprints, the hierarchy flattened.

Grain: one row per publisher or imprint, plus the unknown member 0.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import UNKNOWN, as_dimension

NATURAL = ("source", "publisher_id")


def transform(publishers: DataFrame, existing: DataFrame) -> DataFrame:
    parents = publishers.select("source", F.col("publisher_id").alias("parent_id"), F.col("name").alias("_house"))
    members = publishers.join(parents, on=["source", "parent_id"], how="left").select(
        *NATURAL,
        F.coalesce("_house", "name").alias("publisher"),
        F.col("name").alias("imprint"),
        "country_code",
        F.col("deleted_at").isNotNull().alias("is_deleted"),
    )
    return as_dimension(members, existing, "publisher_key", NATURAL, publisher=UNKNOWN, imprint=UNKNOWN)
