"""The lake: silver and gold as Delta tables, bronze as sealed deliveries (bronze.py). Nobody else knows their paths.

Every write of a Delta table carries the run as transaction id, so a repeated step changes nothing.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from urllib.parse import unquote, urlparse

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs_config.log_setup import log_event
from jobs_config.spark import CORRECTNESS
from spark_jobs.bronze import Bronze
from spark_jobs.delta_log import Commit, Note, parse_commit, same_rows
from spark_jobs.errors import LakeError
from spark_jobs.hadoop_files import HadoopFiles
from spark_jobs.schemas import table_schema
from warehouse.contract import load_contract, tables_of

LOGGER = logging.getLogger(__name__)

COMMIT = re.compile(r"/(\d{20})\.json(?=[,}])")

WRITES_PER_RUN = 1_000
# How a read of an old version fails once its files are gone.
READ_FAILURES = (PySparkException, Py4JJavaError)
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

    @cached_property
    def bronze(self) -> Bronze:
        """What the runs delivered."""
        return Bronze(self.spark, self.root)

    @cached_property
    def _files(self) -> HadoopFiles:
        return HadoopFiles(self.spark)

    @cached_property
    def _parsed(self) -> dict[str, Commit]:
        """Commits by their files, which never change; this object is of one run."""
        return {}

    def path(self, table: str) -> str:
        """Where a table stands."""
        layer, _, name = table.partition(".")
        return f"{self.root.rstrip('/')}/{layer}/{name}"

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
        listed = self._files.matching(f"{self.path(table)}/_delta_log/*.json")
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

    def days_written(self, table: str, since: int) -> list[date] | None:
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
            commit = f"{self.path(table)}/_delta_log/{version:020d}.json"
            if commit not in self._parsed:
                if not self._files.is_there(commit):
                    return
                self._parsed[commit] = parse_commit(version, self._files.read_text(commit))
            yield self._parsed[commit]

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
            sizes = [self._files.space(row[0])[1] for row in session.sql(f"{command} dry run").collect()]
            return len(sizes), sum(sizes)
        before = self._files.space(self.path(table))
        session.sql(command)
        after = self._files.space(self.path(table))
        return max(0, before[0] - after[0]), max(0, before[1] - after[1])

    def writers_since(self, table: str, version: int) -> set[int] | None:
        """The runs that changed rows of a table after a version; None where the log does not say."""
        changes = self._changes_since(table, version)
        notes = None if changes is None else [commit.note for commit in changes]
        if notes is None or None in notes:
            return None
        return {note.run_seq for note in notes if note}


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
