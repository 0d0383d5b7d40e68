import os
import subprocess
import sys

import pytest

from booksales.local_stack.java import java_home

COUNT = """
from pyspark.sql import SparkSession
session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
print("counted", session.range(10).count(), "on", session._jvm.java.lang.System.getProperty("java.version"))
"""


@pytest.mark.slow
def test_spark_runs_on_the_bundled_java(empty_state, monkeypatch):
    monkeypatch.setenv("BOOKSALES_JAVA", "bundled")
    environment = {**os.environ, "JAVA_HOME": str(java_home(empty_state)), "SPARK_LOCAL_IP": "127.0.0.1"}

    run = subprocess.run([sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True, check=True)

    assert run.stdout.startswith("counted 10 on 21.")
