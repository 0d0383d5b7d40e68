"""Gold dim_region: countries and their regions, the hierarchy flattened.

Grain: one row per country or region, plus the unknown member 0.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import UNKNOWN, with_kept_keys, with_missing_members, with_unknown_member

NATURAL = ("source", "region_id")


def transform(regions: DataFrame, existing: DataFrame) -> DataFrame:
    parents = regions.select("source", F.col("region_id").alias("parent_id"), F.col("name").alias("_country"))
    members = regions.join(parents, on=["source", "parent_id"], how="left").select(
        *NATURAL,
        "code",
        F.col("name").alias("region"),
        F.coalesce("_country", "name").alias("country"),
        "country_code",
        F.col("deleted_at").isNotNull().alias("is_deleted"),
    )
    kept = with_kept_keys(members, existing, "region_key", NATURAL)
    everyone = with_missing_members(kept, existing, "region_key", NATURAL)
    return with_unknown_member(everyone, "region_key", region=UNKNOWN, country=UNKNOWN)
