"""Gold dim_channel. Grain: one row per sales channel, plus the unknown member 0."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.transforms.members import UNKNOWN, as_dimension

NATURAL = ("source", "channel_id")


def transform(channels: DataFrame, existing: DataFrame) -> DataFrame:
    members = channels.select(
        *NATURAL, "code", F.col("name").alias("channel"), F.col("deleted_at").isNotNull().alias("is_deleted")
    )
    return as_dimension(members, existing, "channel_key", NATURAL, channel=UNKNOWN)
