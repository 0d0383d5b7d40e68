"""Spark's JDBC source as its documentation shows it: ranges of the key, defaults otherwise.   extract_spark.py FOLDER"""

import os
import sys
from contextlib import closing
from urllib.parse import urlsplit

import psycopg2
from pyspark.sql import SparkSession
from source import READERS, TABLE, URL


def main() -> None:
    address = urlsplit(URL)
    with closing(psycopg2.connect(URL)) as connection, connection.cursor() as cursor:
        cursor.execute(f"select min(id), max(id) from {TABLE}")
        lowest, highest = cursor.fetchone() or (0, 0)
    builder = SparkSession.builder.master(f"local[{READERS}]").config("spark.jars", os.environ["BENCH_SPARK_JARS"])
    session = builder.config("spark.ui.enabled", "false").config("spark.driver.memory", "3g").getOrCreate()
    rows = session.read.jdbc(
        f"jdbc:postgresql://{address.hostname}:{address.port}{address.path}",
        TABLE,
        column="id",
        lowerBound=lowest,
        upperBound=highest + 1,
        numPartitions=READERS,
        properties={"user": address.username, "password": address.password, "driver": "org.postgresql.Driver"},
    )
    rows.write.option("compression", "zstd").parquet(f"{sys.argv[1]}/rows")
    session.stop()


if __name__ == "__main__":
    main()
