"""A Spark session that is under way, turned to an S3 of the tests."""

import os

import pytest
from pyspark.sql import SparkSession

from jobs_config.spark import s3_conf

VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL")


def use_s3(spark: SparkSession, address: str, environment: pytest.MonkeyPatch) -> None:
    """Buckets that the session has not read yet are those at this address, by the environment's credentials."""
    region = os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]
    for name in (*VARIABLES, "AWS_REGION", "AWS_DEFAULT_REGION"):
        if name in os.environ:
            # Spark's Python workers have the environment that their JVM was started with, and this besides.
            environment.setitem(spark.sparkContext.environment, name, os.environ[name])
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()  # type: ignore[union-attr]
    for name, value in s3_conf(address, region).items():
        hadoop.set(name.removeprefix("spark.hadoop."), value)
    hadoop.set("fs.s3a.access.key", os.environ["AWS_ACCESS_KEY_ID"])
    hadoop.set("fs.s3a.secret.key", os.environ["AWS_SECRET_ACCESS_KEY"])
