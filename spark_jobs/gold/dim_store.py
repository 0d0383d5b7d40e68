"""Gold dim_store. Grain: one row per store, plus the unknown member 0."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import UNKNOWN, UNKNOWN_KEY, as_dimension

NATURAL = ("source", "store_id")


def transform(stores: DataFrame, regions: DataFrame, channels: DataFrame, existing: DataFrame) -> DataFrame:
    region_keys = regions.select("source", "region_id", "region_key")
    channel_keys = channels.select("source", "channel_id", "channel_key")
    placed = stores.join(region_keys, on=["source", "region_id"], how="left").join(
        channel_keys, on=["source", "channel_id"], how="left"
    )
    members = placed.select(
        *NATURAL,
        "code",
        F.col("name").alias("store"),
        F.coalesce("region_key", F.lit(UNKNOWN_KEY)).alias("region_key"),
        F.coalesce("channel_key", F.lit(UNKNOWN_KEY)).alias("channel_key"),
        "opened_on",
        "closed_on",
        F.col("deleted_at").isNotNull().alias("is_deleted"),
    )
    return as_dimension(
        members, existing, "store_key", NATURAL, store=UNKNOWN, region_key=UNKNOWN_KEY, channel_key=UNKNOWN_KEY
    )
