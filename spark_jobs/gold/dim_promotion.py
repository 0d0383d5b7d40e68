"""Gold dim_promotion. Grain: one row per promotion, plus the unknown member 0, which also means no promotion."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import with_kept_keys, with_missing_members, with_unknown_member

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
    kept = with_kept_keys(members, existing, "promotion_key", NATURAL)
    everyone = with_missing_members(kept, existing, "promotion_key", NATURAL)
    return with_unknown_member(everyone, "promotion_key", promotion="No promotion")
