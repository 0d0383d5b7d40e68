"""The versions a job runs on, held against those it was tested with (decision 3)."""

import sys
from collections.abc import Mapping

from py4j.java_gateway import JavaClass  # type: ignore[import-untyped]
from pyspark.sql import SparkSession

from jobs_config.errors import ConfigError

PYTHONS = ((3, 11), (3, 13))

# What each part's version must begin with, and what brings it.
EXPECTED = {
    "Spark": (("4.1.",), "Glue 6.0 and EMR emr-spark-8.1.0 have it"),
    "Delta Lake": (("4.2.",), "on Glue --datalake-formats delta, on EMR delta.enabled=true or its jars in spark.jars"),
    "Java": (("17", "21"), "set JAVA_HOME for driver and executors"),
}


def found_versions(spark: SparkSession) -> dict[str, str]:
    """Versions of Spark, Delta, Java and Python as this session has them; `none` for a Delta that is not on the class path."""
    jvm = spark.sparkContext._jvm
    assert jvm is not None
    # A Scala package object's; where the class is missing, Py4J sees a package.
    delta = jvm.io.delta.package
    return {
        "Spark": str(spark.version),
        "Delta Lake": str(delta.VERSION()) if isinstance(delta, JavaClass) else "none",
        "Java": str(jvm.java.lang.System.getProperty("java.specification.version")),
        "Python": ".".join(map(str, sys.version_info[:3])),
    }


def check_versions(found: Mapping[str, str]) -> None:
    """Raises ConfigError that names every version that was not tested, and what brings the right one."""
    faults = [
        f"{part} is {found[part]}, expected {' or '.join(beginning.rstrip('.') for beginning in beginnings)} ({advice})"
        for part, (beginnings, advice) in EXPECTED.items()
        if not found[part].startswith(beginnings)
    ]
    least, most = PYTHONS
    if not least <= tuple(int(number) for number in found["Python"].split(".")[:2]) <= most:
        faults.append(f"Python is {found['Python']}, expected 3.11 to 3.13 (name it by PYSPARK_PYTHON)")
    if faults:
        raise ConfigError(f"these jobs were not tested on what this platform has: {'; '.join(faults)}")
