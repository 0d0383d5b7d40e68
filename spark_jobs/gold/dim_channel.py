"""Gold dim_channel. Grain: one row per sales channel, plus the unknown member 0."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import UNKNOWN, with_kept_keys, with_missing_members, with_unknown_member

NATURAL = ("source", "channel_id")


def transform(channels: DataFrame, existing: DataFrame) -> DataFrame:
    members = channels.select(
        *NATURAL, "code", F.col("name").alias("channel"), F.col("deleted_at").isNotNull().alias("is_deleted")
    )
    kept = with_kept_keys(members, existing, "channel_key", NATURAL)
    everyone = with_missing_members(kept, existing, "channel_key", NATURAL)
    return with_unknown_member(everyone, "channel_key", channel=UNKNOWN)
