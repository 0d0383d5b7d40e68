"""Gold dim_promotion. Grain: one row per promotion, plus the unknown member 0, which also means no promotion."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import as_dimension

NATURAL = ("source", "promotion_id")


def transform(promotions: DataFrame, existing: DataFrame) -> DataFrame:
    members = promotions.select(
        *NATURAL,
        "code",
        F.col("name").alias("promotion"),
        "starts_on",
        "ends_on",
        "discount_ratio",
        F.col("deleted_at").isNotNull().alias("is_deleted"),
    )
    return as_dimension(members, existing, "promotion_key", NATURAL, promotion="No promotion")
