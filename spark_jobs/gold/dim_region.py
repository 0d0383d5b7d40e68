"""Gold dim_region: countries and their regions, the hierarchy flattened.

Grain: one row per country or region, plus the unknown member 0.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import UNKNOWN, as_dimension

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
    return as_dimension(members, existing, "region_key", NATURAL, region=UNKNOWN, country=UNKNOWN)
