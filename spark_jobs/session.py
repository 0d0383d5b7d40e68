"""The Spark session of a run: built from the configuration it was started with, then checked."""

from pyspark.sql import SparkSession

from jobs_config.errors import ConfigError
from jobs_config.spark import CORRECTNESS
from spark_jobs.platform_versions import check_versions, found_versions

APP_NAME = "booksales"


def open_session() -> SparkSession:
    """The session, once it is known to have Delta, tested versions and UTC. Raises ConfigError with the option that is missing."""
    spark = SparkSession.builder.appName(APP_NAME).getOrCreate()
    spark.sparkContext.setLogLevel("WARN")
    # Delta itself is the platform's business (Glue and EMR enable it by job parameters): checked, never set.
    if "DeltaSparkSessionExtension" not in (spark.conf.get("spark.sql.extensions", "") or ""):
        raise ConfigError(
            "this Spark session has no Delta: start it with spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension "
            "and the Delta jars (on Glue --datalake-formats delta, on EMR delta.enabled=true)"
        )
    check_versions(found_versions(spark))
    for name, value in CORRECTNESS.items():
        if spark.conf.isModifiable(name):
            spark.conf.set(name, value)
    jvm_zone = spark.sparkContext._jvm.java.util.TimeZone.getDefault().getID()  # type: ignore[union-attr]
    if jvm_zone not in ("UTC", "Etc/UTC", "GMT"):
        raise ConfigError(
            f"the JVM runs in time zone {jvm_zone}; start it with -Duser.timezone=UTC on driver and executors"
        )
    return spark
