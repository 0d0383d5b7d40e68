"""Spark settings as a plain dict, for whoever starts a session. On EMR and Glue the platform sets its own."""

from collections.abc import Sequence
from pathlib import Path

from jobs_config import machine
from jobs_config.settings import Settings

# A run on one machine is short: most of its time goes into code that runs once. So only loops that stay hot get the JVM's
# second compiler (thresholds times ten), and metadata space starts where Spark's classes fit, which spares full collections.
SHORT_RUN_JVM = (
    "-XX:+UseParallelGC -XX:MetaspaceSize=300m -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 "
    "-XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
)

LARGEST_DRIVER_MB = 4096
SMALLEST_DRIVER_MB = 1024

DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

# What our data needs, wherever it runs.
CORRECTNESS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.speculation": "false",
    # Warehouses read the data files of a table directly, so rows must not hide behind deletion vectors.
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
}

# Columns of sales whose values hardly ever repeat. Parquet would keep a dictionary of them until it is too large, and then begin anew.
WITHOUT_DICTIONARY = ("sale_id", "order_id", "original_sale_id", "sold_at", "created_at", "updated_at")

# One machine, small metadata: the defaults are made for clusters and cost seconds per commit.
ONE_MACHINE = {
    # Hadoop sets modes itself, whatever the process's umask.
    "spark.hadoop.fs.permissions.umask-mode": "077",
    "spark.ui.enabled": "false",
    # Our own progress lines are the only ones.
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.autoBroadcastJoinThreshold": "64m",
    # A task writes few months, so it keeps a file open for each rather than sort its rows by month.
    "spark.sql.maxConcurrentOutputFileWriters": "4",
}


def driver_memory_mb(settings: Settings) -> int:
    """The driver's heap: as set, else a quarter of the machine, between 1 and 4 GiB."""
    if settings.driver_memory_mb:
        return settings.driver_memory_mb
    return max(SMALLEST_DRIVER_MB, min(LARGEST_DRIVER_MB, machine.memory_bytes() // machine.MEGABYTE // 4))


def cores(settings: Settings) -> int:
    """Cores Spark uses: as set, else all that this process may run on."""
    return settings.cores or machine.cores()


def local_spark_conf(
    settings: Settings, jars: Sequence[Path], temporary: Path, log_config: Path, log_file: Path
) -> dict[str, str]:
    """Everything `spark-submit` needs on one machine; four attempts per task, as on a cluster."""
    java_options = f"{SHORT_RUN_JVM} -Duser.timezone=UTC -Dlog4j2.configurationFile={log_config.as_uri()} -Dbooksales.log={log_file}"
    return {
        "spark.master": f"local[{cores(settings)},4]",
        "spark.driver.memory": f"{driver_memory_mb(settings)}m",
        "spark.driver.extraJavaOptions": java_options,
        "spark.jars": ",".join(str(jar) for jar in jars),
        "spark.local.dir": str(temporary),
        "spark.sql.warehouse.dir": str(temporary / "spark-warehouse"),
        **DELTA,
        **CORRECTNESS,
        **ONE_MACHINE,
        **{f"spark.hadoop.parquet.enable.dictionary#{column}": "false" for column in WITHOUT_DICTIONARY},
    }


def s3_conf(endpoint: str, region: str) -> dict[str, str]:
    """What S3A needs to serve `s3://`, as EMR and Glue serve it; no endpoint: AWS's own. Credentials come from the environment."""
    conf = {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint.region": region,
    }
    if endpoint:
        conf |= {
            "spark.hadoop.fs.s3a.endpoint": endpoint,
            "spark.hadoop.fs.s3a.path.style.access": "true",
            "spark.hadoop.fs.s3a.connection.ssl.enabled": str(endpoint.startswith("https:")).lower(),
        }
    return conf
