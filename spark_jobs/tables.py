"""The only module that knows lake paths, Delta and bronze's sealed folders.

Bronze: Parquet run folders `bronze/<table>/run=<run_seq>`, readable only once a manifest seals them (decision 2).
Silver and gold: Delta tables; every write carries the run as transaction id, so a repeated step changes nothing.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlparse

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from spark_jobs.errors import LakeError
from spark_jobs.schemas import bronze_schema, table_schema
from warehouse.contract import load_contract

MANIFEST = "_sealed.json"
COMMIT = re.compile(r"^(\d{20})\.json$")
RUN_FOLDER = re.compile(r"^run=(\d+)$")


@dataclass(frozen=True)
class Lake:
    """Tables below one root, a local folder or `s3://` prefix. Names are `layer.table`."""

    spark: SparkSession
    root: str

    def path(self, table: str) -> str:
        """Where a table stands."""
        layer, _, name = table.partition(".")
        return f"{self.root.rstrip('/')}/{layer}/{name}"

    # bronze

    def write_bronze(self, rows: DataFrame, table: str, run_seq: int) -> None:
        """Write one table's delivery of a run; unreadable until sealed. A repeated write replaces its own."""
        rows.write.mode("overwrite").parquet(self._run_folder(table, run_seq))

    def seal_bronze(self, table: str, run_seq: int, manifest: dict[str, object]) -> None:
        """Declare a delivery complete, with what is known about it."""
        path = self._hadoop_path(f"{self._run_folder(table, run_seq)}/{MANIFEST}")
        stream = self._filesystem(path).create(path, True)
        try:
            stream.write(bytearray(json.dumps(manifest).encode()))
        finally:
            stream.close()

    def read_bronze(self, table: str, run_seq: int) -> DataFrame:
        """The rows one run delivered. Raises LakeError when the delivery is not sealed."""
        folder = self._run_folder(table, run_seq)
        path = self._hadoop_path(f"{folder}/{MANIFEST}")
        if not self._filesystem(path).exists(path):
            raise LakeError(f"{folder}: run {run_seq} did not finish delivering {table}; start a new run")
        name = table.split(".")[1]
        return self.spark.read.schema(bronze_schema(load_contract(f"silver.{name}"))).parquet(folder)

    def newest_run(self) -> int:
        """The highest run number that any delivery in bronze bears; 0 where there is none."""
        tables = self._listed(self._hadoop_path(f"{self.root.rstrip('/')}/bronze"))
        runs = [
            RUN_FOLDER.match(entry.getPath().getName()) for table in tables for entry in self._listed(table.getPath())
        ]
        return max([0, *(int(run[1]) for run in runs if run)])

    def write_feed_file(
        self, chunks: Iterable[list[Any]], schema: StructType, feed: str, sha256: str, run_seq: int
    ) -> None:
        """Write one CSV file's records, chunk by chunk; a repeated write replaces its own."""
        folder = self._feed_folder(feed, sha256, run_seq)
        self.spark.createDataFrame([], schema).write.mode("overwrite").parquet(folder)
        for chunk in chunks:
            self.spark.createDataFrame(chunk, schema).coalesce(1).write.mode("append").parquet(folder)

    def read_feed_files(self, feed: str, files: Sequence[str], run_seq: int, schema: StructType) -> DataFrame:
        """The records of files, by content hash, that a run delivered."""
        folders = [self._feed_folder(feed, sha256, run_seq) for sha256 in files]
        return self.spark.read.schema(schema).parquet(*folders)

    def _feed_folder(self, feed: str, sha256: str, run_seq: int) -> str:
        return f"{self.path(f'bronze.{feed}')}/run={run_seq:08d}/file={sha256}"

    def _run_folder(self, table: str, run_seq: int) -> str:
        return f"{self.path(table)}/run={run_seq:08d}"

    # silver and gold

    def exists(self, table: str) -> bool:
        """Whether the Delta table is there."""
        return DeltaTable.isDeltaTable(self.spark, self.path(table))

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """A Delta table, at a version or as it is; an empty frame of its contract where it does not exist yet."""
        if not self.exists(table):
            return self._empty(table)
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.path(table))

    def _empty(self, table: str) -> DataFrame:
        """No rows, and the optimiser knows it: joins with it cost nothing."""
        fields = table_schema(load_contract(table)).fields
        return self.spark.range(0).select(*(F.lit(None).cast(field.dataType).alias(field.name) for field in fields))

    def replace(self, rows: DataFrame, table: str, run_seq: int, where: str = "") -> int:
        """Replace a whole table, or the part of it that `where` describes; returns the table's version after it."""
        contract = load_contract(table)
        writer = (
            rows.write.format("delta")
            .mode("overwrite")
            .option("txnAppId", table)
            .option("txnVersion", run_seq)
            .option("delta.dataSkippingNumIndexedCols", "0" if not contract.sort_by else "8")
        )
        if where and self.exists(table):
            writer = writer.option("replaceWhere", where)
        elif not where:
            writer = writer.option("overwriteSchema", "true")
        if contract.partition_by:
            writer = writer.partitionBy(*contract.partition_by)
        writer.save(self.path(table))
        return self.version(table)

    def merge(self, rows: DataFrame, table: str) -> int:
        """Update rows whose key is there, insert the others; returns the table's version after it. Keys of `rows` are unique."""
        if not self.exists(table):
            rows.limit(0).write.format("delta").save(self.path(table))
        same = " and ".join(f"target.{name} = new.{name}" for name in load_contract(table).key)
        target = DeltaTable.forPath(self.spark, self.path(table)).alias("target")
        target.merge(rows.alias("new"), same).whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
        return self.version(table)

    def append(self, rows: DataFrame, table: str, app_id: str, run_seq: int) -> int:
        """Add rows once: the same `app_id` and run again changes nothing."""
        rows.write.format("delta").mode("append").option("txnAppId", app_id).option("txnVersion", run_seq).save(
            self.path(table)
        )
        return self.version(table)

    def version(self, table: str) -> int:
        """The newest version of a Delta table. Raises LakeError where there is none.

        Read from the names of the log's commit files, which the Delta protocol fixes: a query for it costs half a second.
        """
        log = self._hadoop_path(f"{self.path(table)}/_delta_log")
        commits = [COMMIT.match(entry.getPath().getName()) for entry in self._listed(log)]
        versions = [int(commit[1]) for commit in commits if commit]
        if not versions:
            raise LakeError(f"{self.path(table)}: no Delta table; run `booksales reload`")
        return max(versions)

    def data_files(self, table: str, version: int) -> Sequence[str]:
        """The Parquet files that make up a version: local paths, or `s3://` addresses."""
        addresses = self.read(table, version).inputFiles()
        return sorted(
            unquote(urlparse(address).path) if address.startswith("file:") else address for address in addresses
        )

    # file system

    def _listed(self, path: Any) -> Any:
        filesystem = self._filesystem(path)
        return filesystem.listStatus(path) if filesystem.exists(path) else []

    def _hadoop_path(self, address: str) -> Any:
        return self.spark.sparkContext._jvm.org.apache.hadoop.fs.Path(address)  # type: ignore[union-attr]

    def _filesystem(self, path: Any) -> Any:
        return path.getFileSystem(self.spark.sparkContext._jsc.hadoopConfiguration())
