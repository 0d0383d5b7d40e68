import os
from pathlib import Path

import pytest

from jobs_config.settings import Settings
from jobs_config.spark import cores, driver_memory_mb, local_spark_conf


def conf(settings):
    jars = [Path("/jars/a.jar"), Path("/jars/b.jar")]
    return local_spark_conf(settings, jars, Path("/state/tmp"), Path("/log4j2.properties"), Path("/state/spark.log"))


def test_spark_gets_the_cores_and_memory_of_the_settings():
    made = conf(Settings(cores=3, driver_memory_mb=1536))

    assert made["spark.master"] == "local[3,4]"
    assert made["spark.driver.memory"] == "1536m"
    assert made["spark.jars"] == "/jars/a.jar,/jars/b.jar"


def test_unless_told_spark_takes_every_core_it_may_and_a_share_of_the_memory():
    assert cores(Settings()) == len(os.sched_getaffinity(0))
    assert 1024 <= driver_memory_mb(Settings()) <= 4096


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spark.sql.session.timeZone", "UTC"),
        ("spark.sql.ansi.enabled", "true"),
        ("spark.speculation", "false"),
        ("spark.driver.bindAddress", "127.0.0.1"),
        ("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension"),
    ],
)
def test_what_our_data_needs_is_set(name, value):
    assert conf(Settings())[name] == value


def test_java_and_spark_keep_one_time_zone():
    assert "-Duser.timezone=UTC" in conf(Settings())["spark.driver.extraJavaOptions"]
