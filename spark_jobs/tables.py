"""The only module that knows lake paths, Delta and bronze's sealed folders.

Bronze: Parquet run folders `bronze/<table>/run=<run_seq>`, readable only once a manifest seals them (decision 2).
Silver and gold: Delta tables; every write carries the run as transaction id, so a repeated step changes nothing.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote, urlparse

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from jobs_config.log_setup import log_event
from jobs_config.spark import CORRECTNESS
from spark_jobs.delta_log import Commit, Note, parse_commit, same_rows
from spark_jobs.errors import LakeError
from spark_jobs.schemas import bronze_schema, table_schema
from warehouse.contract import load_contract, tables_of

LOGGER = logging.getLogger(__name__)

MANIFEST = "_sealed.json"
COMMIT = re.compile(r"/(\d{20})\.json(?=[,}])")
RUN_FOLDER = re.compile(r"^run=(\d+)(-[a-z]+)?$")
# A delivery that is written anew, until it takes the place of the one before.
REWRITTEN = ".rewritten"
# Where the records of files stand within a delivery.
RECORDS = "/records"

WRITES_PER_RUN = 1_000
# How a read of an old version fails once its files are gone.
GONE = (PySparkException, Py4JJavaError)
REMOVED = (
    "FILE_NOT_EXIST",
    "FileNotFoundException",
    "DELTA_VERSION_NOT_FOUND",
    "DELTA_VERSIONS_NOT_CONTIGUOUS",
    "DELTA_LOG_FILE_NOT_FOUND",
    "DELTA_TRUNCATED_TRANSACTION_LOG",
)
JOINED_FILE_BYTES = 128 * 2**20

# A row of a merge that is to leave the table.
IS_GONE = "_is_gone"


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

    def write_bronze(self, rows: DataFrame, table: str, run_seq: int, part: str = "") -> None:
        """Write one table's delivery of a run; unreadable until sealed. A repeated write replaces its own.

        A run that delivers a table more than once names each `part` but the first.
        """
        rows.write.mode("overwrite").parquet(self._run_folder(table, run_seq, part))

    def empty_delivery(self, table: str, run_seq: int, part: str = "") -> str:
        """The folder of a delivery that is written file by file, with nothing in it; unreadable until sealed."""
        folder = self._run_folder(table, run_seq, part)
        self._remove(folder)
        path = self._hadoop_path(folder)
        self._filesystem(path).mkdirs(path)
        return folder

    def seal_bronze(self, table: str, run_seq: int, manifest: dict[str, object], part: str = "") -> None:
        """Declare a delivery complete, with what is known about it."""
        self._write_text(f"{self._run_folder(table, run_seq, part)}/{MANIFEST}", json.dumps(manifest))

    def read_bronze(self, table: str, run_seq: int, part: str = "") -> DataFrame:
        """The rows one run delivered. Raises LakeError when the delivery is not sealed."""
        folder = self._run_folder(table, run_seq, part)
        if not self._is_there(f"{folder}/{MANIFEST}"):
            raise LakeError(f"{folder}: run {run_seq} did not finish delivering {table}; start a new run")
        return self.spark.read.schema(_delivered_schema(table)).parquet(folder)

    def newest_run(self) -> int:
        """The highest run number that any delivery in bronze bears; 0 where there is none."""
        tables = self._listed(self._hadoop_path(f"{self.root.rstrip('/')}/bronze"))
        runs = [
            RUN_FOLDER.match(entry.getPath().getName()) for table in tables for entry in self._listed(table.getPath())
        ]
        return max([0, *(int(run[1]) for run in runs if run)])

    def write_feed_files(self, records: DataFrame, feed: str, run_seq: int) -> None:
        """Write the records of the files that a run imports of a feed; a repeated write replaces its own."""
        records.write.mode("overwrite").parquet(self._feed_folder(feed, run_seq))

    def read_feed_files(self, feed: str, files: Sequence[str], run_seq: int, schema: StructType) -> DataFrame:
        """The records of files, by content hash, that a run delivered."""
        records = self.spark.read.schema(schema).parquet(self._feed_folder(feed, run_seq))
        return records.filter(F.col("file_sha256").isin(list(files)))

    def drop_feed_files(self, feed: str, run_seq: int) -> None:
        """Remove what a run delivered of a feed."""
        self._remove(self._run_folder(f"bronze.{feed}", run_seq))

    def _feed_folder(self, feed: str, run_seq: int) -> str:
        # Apart from the manifest, and told from the deliveries of a shop.
        return f"{self._run_folder(f'bronze.{feed}', run_seq)}{RECORDS}"

    def _run_folder(self, table: str, run_seq: int, part: str = "") -> str:
        return f"{self.path(table)}/run={run_seq:08d}{f'-{part}' if part else ''}"

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
            reader = reader.option("versionAsOf", same_rows(self._commits(table), version))
        return reader.load(self.path(table))

    def _empty(self, table: str) -> DataFrame:
        """No rows, and the optimiser knows it: joins with it cost nothing."""
        fields = table_schema(load_contract(table)).fields
        return self.spark.range(0).select(*(F.lit(None).cast(field.dataType).alias(field.name) for field in fields))

    def replace(self, rows: DataFrame, table: str, note: Note, where: str = "", nth: int = 0) -> int:
        """Replace a whole table, or the part of it that `where` describes; returns the table's version after it.

        `nth` counts the writes of one run to one table, from 0. Raises LakeError when a write of this number or a later one has
        been: Delta passes over such a write in silence.
        """
        contract, before = load_contract(table), self.newest_version(table)
        writer = (
            rows.write.format("delta")
            .mode("overwrite")
            .option("txnAppId", table)
            .option("txnVersion", _write_number(note, nth))
            .option("userMetadata", note.as_text())
            .option("delta.dataSkippingNumIndexedCols", "0" if not contract.sort_by else "8")
        )
        if where and before is not None:
            writer = writer.option("replaceWhere", where).option("mergeSchema", "true")
        else:
            writer = writer.option("overwriteSchema", "true")
        if contract.partition_by:
            writer = writer.partitionBy(*contract.partition_by)
        log_event(LOGGER, "table.committing", table=table, run_seq=note.run_seq)
        writer.save(self.path(table))
        log_event(LOGGER, "table.committed", table=table, run_seq=note.run_seq)
        return self._version_after(table, before, note.run_seq)

    def merge(self, rows: DataFrame, table: str, note: Note, where: str = "true", nth: int = 0) -> int:
        """Merge rows by key: a row whose `_is_gone` is true leaves the table, others are updated or inserted.

        Keys of `rows` are unique; `where` narrows what is looked at of the table, and must hold for every row of it that has
        such a key. Returns the table's version after it; raises LakeError as `replace` does.
        """
        before = self.newest_version(table)
        if before is None:
            return self.replace(rows.filter(~F.col(IS_GONE)).drop(IS_GONE), table, note, nth=nth)
        same = " and ".join([where, *(f"target.{name} = new.{name}" for name in load_contract(table).key)])
        target = DeltaTable.forPath(self._session_of(table, note, nth), self.path(table)).alias("target")
        log_event(LOGGER, "table.committing", table=table, run_seq=note.run_seq)
        values = {name: f"new.{name}" for name in load_contract(table).columns}
        (
            target.merge(rows.alias("new"), same)
            .whenMatchedDelete(f"new.{IS_GONE}")
            .whenMatchedUpdate(set=values)  # type: ignore[arg-type]
            .whenNotMatchedInsert(f"not new.{IS_GONE}", values=values)  # type: ignore[arg-type]
            .execute()
        )
        log_event(LOGGER, "table.committed", table=table, run_seq=note.run_seq)
        return self._version_after(table, before, note.run_seq)

    def _session_of(self, table: str, note: Note, nth: int) -> SparkSession:
        """A session in which the next commit carries run and note: of a merge they can be told by settings only.

        One of its own, as jobs run side by side and a setting left behind would make another's write a repeated one.
        """
        session = self.spark.newSession()
        commit = {
            "spark.databricks.delta.write.txnAppId": table,
            "spark.databricks.delta.write.txnVersion": str(_write_number(note, nth)),
            "spark.databricks.delta.commitInfo.userMetadata": note.as_text(),
        }
        for name, value in {**CORRECTNESS, **commit}.items():
            if session.conf.isModifiable(name) or name in commit:
                session.conf.set(name, value)
        return session

    def _version_after(self, table: str, before: int | None, run_seq: int) -> int:
        version = self.version(table)
        if version == before:
            raise LakeError(f"{table}: run {run_seq} or a later one has written it already; start a new run")
        return version

    def version(self, table: str) -> int:
        """The newest version of a Delta table. Raises LakeError where there is none."""
        newest = self.newest_version(table)
        if newest is None:
            raise LakeError(f"{self.path(table)}: no Delta table; run `booksales reload`")
        return newest

    def newest_version(self, table: str) -> int | None:
        """The newest version of a Delta table, None where there is none.

        Read from the names of the log's commit files, which the Delta protocol fixes: a query for it costs half a second.
        """
        commits = self._hadoop_path(f"{self.path(table)}/_delta_log/*.json")
        hadoop: Any = self.spark.sparkContext._jvm
        # All names in one text: asking the JVM for each would take longer than the listing.
        found = self._filesystem(commits).globStatus(commits)
        listed = hadoop.org.apache.commons.lang3.ArrayUtils.toString(
            hadoop.org.apache.hadoop.fs.FileUtil.stat2Paths(found)
        )
        return max((int(version) for version in COMMIT.findall(listed)), default=None)

    def data_version(self, table: str) -> int | None:
        """The newest version that changed rows, None where there is no table: what maintenance does is no change."""
        newest = self.newest_version(table)
        return next((commit.version for commit in self._commits(table) if commit.changes_data), newest)

    def versions(self) -> dict[str, int]:
        """The newest version of every table that is there, maintenance left out."""
        names = [f"{layer}.{name}" for layer in ("silver", "gold") for name in tables_of(layer)]
        found = {name: self.data_version(name) for name in names}
        return {name: version for name, version in found.items() if version is not None}

    def note(self, table: str) -> Note | None:
        """What the newest write that changed rows said about itself; None where it was none of ours, or the log is gone."""
        return next((commit.note for commit in self._commits(table) if commit.changes_data), None)

    def changed_days(self, table: str, since: int) -> list[date] | None:
        """The business dates whose rows may differ between version `since` and now; None where any may."""
        changes = self._changes_since(table, since)
        notes = None if changes is None else [commit.note for commit in changes]
        if notes is None or any(note is None or note.days is None for note in notes):
            return None
        return sorted({day for note in notes if note for day in note.days or ()})

    def _changes_since(self, table: str, version: int) -> list[Commit] | None:
        """The commits after a version that changed rows; None where the log does not reach back so far.

        Delta removes old commit files; what they said is lost with them.
        """
        changes, reached = [], (self.newest_version(table) or 0) + 1
        for commit in self._commits(table):
            if commit.version <= version:
                break
            if commit.changes_data:
                changes.append(commit)
            reached = commit.version
        return changes if reached <= version + 1 else None

    def _commits(self, table: str) -> Iterator[Commit]:
        """Commits, newest first, as far back as Delta keeps their files."""
        newest = self.newest_version(table)
        for version in range(newest if newest is not None else -1, -1, -1):
            path = self._hadoop_path(f"{self.path(table)}/_delta_log/{version:020d}.json")
            filesystem = self._filesystem(path)
            if not filesystem.exists(path):
                return
            yield parse_commit(version, self._text(filesystem, path))

    def _text(self, filesystem: Any, path: Any) -> str:
        stream = filesystem.open(path)
        try:
            return str(self.spark.sparkContext._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))  # type: ignore[union-attr]
        finally:
            stream.close()

    def data_files(self, table: str, version: int, where: str = "true") -> Sequence[str]:
        """The Parquet files that make up a version, or hold what `where` describes: local paths, or `s3://` addresses."""
        addresses = self.read(table, version).filter(where).inputFiles()
        return sorted(
            unquote(urlparse(address).path) if address.startswith("file:") else address for address in addresses
        )

    # upkeep

    def optimize(self, table: str) -> int:
        """Join small files of a table, within its partitions; returns how many went into others."""
        session = self.spark.newSession()
        for limit in ("minFileSize", "maxFileSize"):
            session.conf.set(f"spark.databricks.delta.optimize.{limit}", JOINED_FILE_BYTES)
        done = DeltaTable.forPath(session, self.path(table)).optimize().executeCompaction().first()
        return int(done["metrics"]["numFilesRemoved"]) if done is not None else 0

    def vacuum(self, table: str, hours: int, dry_run: bool = False) -> tuple[int, int]:
        """Remove files that no version younger than `hours` needs; returns how many and their bytes. A dry run names 1,000 at most."""
        session = self.spark.newSession()
        # Below a week Delta wants to be told that nobody else writes; the lease sees to that.
        session.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
        command = f"vacuum delta.`{self.path(table)}` retain {hours} hours"
        if dry_run:
            listed = [self._hadoop_path(row[0]) for row in session.sql(f"{command} dry run").collect()]
            sizes = [self._filesystem(path).getFileStatus(path).getLen() for path in listed]
            return len(sizes), sum(sizes)
        before = self._space(self.path(table))
        session.sql(command)
        after = self._space(self.path(table))
        return max(0, before[0] - after[0]), max(0, before[1] - after[1])

    def drop_deliveries(self, before: datetime, dry_run: bool = False) -> dict[str, tuple[int, int]]:
        """Remove run folders of bronze that were written before a moment; returns folders and bytes by table.

        The newest sealed delivery of a table stays, whatever its age.
        """
        dropped: dict[str, tuple[int, int]] = {}
        for table in self._listed(self._hadoop_path(f"{self.root.rstrip('/')}/bronze")):
            name = table.getPath().getName()
            runs = sorted(self._listed(table.getPath()), key=lambda run: run.getPath().getName())
            sealed = [run for run in runs if self._is_there(f"{run.getPath()}/{MANIFEST}")]
            newest = sealed[-1].getPath().getName() if sealed else ""
            for run in runs:
                if run.getPath().getName() != newest and self._written_at(run) < before.timestamp() * 1000:
                    _, size = self._space(str(run.getPath()))
                    folders, so_far = dropped.get(name, (0, 0))
                    dropped[name] = (folders + 1, so_far + size)
                    if not dry_run:
                        self._remove(str(run.getPath()))
        return dropped

    def _written_at(self, folder: Any) -> int:
        """When the newest file of a folder was written, in milliseconds: on S3 a folder has no time of its own."""
        return max((int(file.getModificationTime()) for file in self._listed(folder.getPath())), default=0)

    def _space(self, address: str) -> tuple[int, int]:
        path = self._hadoop_path(address)
        summary = self._filesystem(path).getContentSummary(path)
        return int(summary.getFileCount()), int(summary.getLength())

    # erasure: the one thing that changes bronze

    def read_deliveries(self, table: str) -> DataFrame | None:
        """Every row of every sealed delivery of a table, with its folder's name as `_folder`; None where there is none."""
        folders = [f"{self.path(table)}/{name}" for name in self._deliveries(table) if self._is_sealed(table, name)]
        if not folders:
            return None
        name = F.regexp_extract(F.input_file_name(), r"/(run=[^/]*)/[^/]*$", 1)
        return self.spark.read.schema(_delivered_schema(table)).parquet(*folders).withColumn("_folder", name)

    def read_delivery(self, table: str, folder: str) -> DataFrame:
        """The rows of one delivery, by its folder's name."""
        return self.spark.read.schema(_delivered_schema(table)).parquet(f"{self.path(table)}/{folder}")

    def rewrite_delivery(self, table: str, folder: str, rows: DataFrame, run_seq: int, of_files: bool = False) -> None:
        """Put other rows in the place of a sealed delivery. Killed on the way, `finish_rewrites` brings it to its end or undoes it."""
        place = f"{self.path(table)}/{folder}"
        rows.write.mode("overwrite").parquet(f"{place}{REWRITTEN}{RECORDS if of_files else ''}")
        manifest = self._hadoop_path(f"{place}/{MANIFEST}")
        said = json.loads(self._text(self._filesystem(manifest), manifest))
        self._write_text(f"{place}{REWRITTEN}/{MANIFEST}", json.dumps({**said, "rewritten_by": run_seq}))
        log_event(LOGGER, "delivery.replacing", table=f"{table}/{folder}")
        self._take_the_place(place)

    def bronze_tables(self) -> list[str]:
        """Every table and feed that anything was delivered of."""
        entries = self._listed(self._hadoop_path(f"{self.root.rstrip('/')}/bronze"))
        return sorted(f"bronze.{entry.getPath().getName()}" for entry in entries)

    def file_deliveries(self) -> list[tuple[str, str]]:
        """Table and folder of every sealed delivery of files, whatever the feed."""
        return [
            (table, folder)
            for table in self.bronze_tables()
            for folder in self._deliveries(table)
            if self._is_sealed(table, folder) and self._is_there(f"{self.path(table)}/{folder}{RECORDS}")
        ]

    def read_file_delivery(self, table: str, folder: str) -> DataFrame:
        """The records of one delivery of files, with the columns that its feed had then."""
        return self.spark.read.parquet(f"{self.path(table)}/{folder}{RECORDS}")

    def finish_rewrites(self, table: str) -> None:
        """A new form of a delivery that is sealed takes its place; one that is not is removed."""
        for name in self._deliveries(table, REWRITTEN):
            place = f"{self.path(table)}/{name.removesuffix(REWRITTEN)}"
            if self._is_sealed(table, name):
                self._take_the_place(place)
            else:
                self._remove(f"{place}{REWRITTEN}")

    def drop_unsealed(self, table: str) -> None:
        """Remove deliveries that never were complete; whoever calls holds the lease, so none is under way."""
        for name in self._deliveries(table):
            if not self._is_sealed(table, name):
                self._remove(f"{self.path(table)}/{name}")

    def writers_since(self, table: str, version: int) -> set[int] | None:
        """The runs that changed rows of a table after a version; None where the log does not say."""
        changes = self._changes_since(table, version)
        notes = None if changes is None else [commit.note for commit in changes]
        if notes is None or None in notes:
            return None
        return {note.run_seq for note in notes if note}

    def _deliveries(self, table: str, ending: str = "") -> list[str]:
        names = [str(entry.getPath().getName()) for entry in self._listed(self._hadoop_path(self.path(table)))]
        return sorted(name for name in names if name.endswith(ending) and RUN_FOLDER.match(name.removesuffix(ending)))

    def _is_sealed(self, table: str, folder: str) -> bool:
        return self._is_there(f"{self.path(table)}/{folder}/{MANIFEST}")

    def _take_the_place(self, place: str) -> None:
        self._remove(place)
        new = self._hadoop_path(f"{place}{REWRITTEN}")
        self._filesystem(new).rename(new, self._hadoop_path(place))

    def _remove(self, address: str) -> None:
        path = self._hadoop_path(address)
        self._filesystem(path).delete(path, True)

    # file system

    def _is_there(self, address: str) -> bool:
        path = self._hadoop_path(address)
        return bool(self._filesystem(path).exists(path))

    def _write_text(self, address: str, text: str) -> None:
        path = self._hadoop_path(address)
        stream = self._filesystem(path).create(path, True)
        try:
            stream.write(bytearray(text.encode()))
        finally:
            stream.close()

    def _listed(self, path: Any) -> Any:
        filesystem = self._filesystem(path)
        if filesystem.exists(path):
            return filesystem.listStatus(path)
        java = self.spark.sparkContext._gateway
        return java.new_array(java.jvm.org.apache.hadoop.fs.FileStatus, 0)  # type: ignore[union-attr]

    def _hadoop_path(self, address: str) -> Any:
        return self.spark.sparkContext._jvm.org.apache.hadoop.fs.Path(address)  # type: ignore[union-attr]

    def _filesystem(self, path: Any) -> Any:
        return path.getFileSystem(self.spark.sparkContext._jsc.hadoopConfiguration())


def _delivered_schema(table: str) -> StructType:
    return bronze_schema(load_contract(f"silver.{table.split('.')[1]}"))


def _write_number(note: Note, nth: int) -> int:
    """What Delta holds the last number of a table against: it rises over runs, and over the writes of one run."""
    return note.run_seq * WRITES_PER_RUN + nth


def in_dates(column: str, days: Iterable[date]) -> str:
    """The condition that a date column holds one of these; of none it is false."""
    listed = ", ".join(f"date '{day}'" for day in sorted(days))
    return f"{column} in ({listed})" if listed else "false"


def is_of_removed_files(error: Exception) -> bool:
    """Whether a read failed because maintenance has removed what an old version needs."""
    return any(sign in str(error) for sign in REMOVED)
