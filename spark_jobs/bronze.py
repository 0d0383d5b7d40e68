"""Bronze: what each run delivered, as it came, in sealed Parquet folders `bronze/<table>/run=<run_seq>` (decision 2).

A delivery is readable only once a manifest seals it, and never changes after that; erasure alone puts another in its place.
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from jobs_config.log_setup import log_event
from spark_jobs.errors import LakeError
from spark_jobs.hadoop_files import HadoopFiles
from spark_jobs.schemas import bronze_schema
from warehouse.contract import load_contract

LOGGER = logging.getLogger(__name__)

MANIFEST = "_sealed.json"
RUN_FOLDER = re.compile(r"^run=(\d+)(-[a-z]+)?$")
# A delivery that is written anew, until it takes the place of the one before.
REWRITTEN = ".rewritten"
# Where the records of files stand within a delivery: apart from the manifest, and told from the deliveries of a shop.
RECORDS = "/records"


@dataclass(frozen=True)
class Bronze:
    """Deliveries below one root. Tables are named `bronze.<table>`, deliveries of CSV files by their feed."""

    spark: SparkSession
    root: str

    @cached_property
    def _files(self) -> HadoopFiles:
        return HadoopFiles(self.spark)

    def write(self, rows: DataFrame, table: str, run_seq: int, part: str = "") -> None:
        """Write one table's delivery of a run; unreadable until sealed. A repeated write replaces its own.

        A run that delivers a table more than once names each `part` but the first.
        """
        rows.write.mode("overwrite").parquet(self._run_folder(table, run_seq, part))

    def make_empty(self, table: str, run_seq: int, part: str = "") -> str:
        """The folder of a delivery that is written file by file, with nothing in it; unreadable until sealed."""
        folder = self._run_folder(table, run_seq, part)
        self._files.remove(folder)
        self._files.make_folder(folder)
        return folder

    def seal(self, table: str, run_seq: int, manifest: dict[str, object], part: str = "") -> None:
        """Declare a delivery complete, with what is known about it."""
        self._files.write_text(f"{self._run_folder(table, run_seq, part)}/{MANIFEST}", json.dumps(manifest))

    def read(self, table: str, run_seq: int, part: str = "") -> DataFrame:
        """The rows one run delivered. Raises LakeError when the delivery is not sealed."""
        folder = self._run_folder(table, run_seq, part)
        if not self._files.is_there(f"{folder}/{MANIFEST}"):
            raise LakeError(f"{folder}: run {run_seq} did not finish delivering {table}; start a new run")
        return self.spark.read.schema(_schema(table)).parquet(folder)

    def tables(self) -> list[str]:
        """Every table and feed that anything was delivered of."""
        return [f"bronze.{name}" for name in self._files.names(self._place)]

    def newest_run(self) -> int:
        """The highest run number that any delivery bears; 0 where there is none."""
        runs = [RUN_FOLDER.match(name) for table in self.tables() for name in self._files.names(self._path(table))]
        return max([0, *(int(run[1]) for run in runs if run)])

    # deliveries of files

    def write_files(self, records: DataFrame, feed: str, run_seq: int) -> None:
        """Write the records of the files that a run imports of a feed; a repeated write replaces its own."""
        records.write.mode("overwrite").parquet(self._feed_folder(feed, run_seq))

    def read_files(self, feed: str, files: Sequence[str], run_seq: int, schema: StructType) -> DataFrame:
        """The records of files, by content hash, that a run delivered."""
        records = self.spark.read.schema(schema).parquet(self._feed_folder(feed, run_seq))
        return records.filter(F.col("file_sha256").isin(list(files)))

    def drop_files(self, feed: str, run_seq: int) -> None:
        """Remove what a run delivered of a feed."""
        self._files.remove(self._run_folder(f"bronze.{feed}", run_seq))

    # upkeep

    def drop_before(self, moment: datetime, dry_run: bool = False) -> dict[str, tuple[int, int]]:
        """Remove run folders that were written before a moment; returns folders and bytes by table, without `bronze.`.

        The newest sealed delivery of a table stays, whatever its age.
        """
        dropped: dict[str, tuple[int, int]] = {}
        for table in self.tables():
            runs = self._files.names(self._path(table))
            sealed = [run for run in runs if self._is_sealed(table, run)]
            for run in runs:
                place = f"{self._path(table)}/{run}"
                if run not in sealed[-1:] and self._files.last_write(place) < moment.timestamp() * 1000:
                    _, size = self._files.space(place)
                    folders, so_far = dropped.get(_name(table), (0, 0))
                    dropped[_name(table)] = (folders + 1, so_far + size)
                    if not dry_run:
                        self._files.remove(place)
        return dropped

    # erasure: the one thing that changes deliveries

    def read_all(self, table: str) -> DataFrame | None:
        """Every row of every sealed delivery of a table, with its folder's name as `_folder`; None where there is none."""
        folders = [f"{self._path(table)}/{name}" for name in self._deliveries(table) if self._is_sealed(table, name)]
        if not folders:
            return None
        name = F.regexp_extract(F.input_file_name(), r"/(run=[^/]*)/[^/]*$", 1)
        return self.spark.read.schema(_schema(table)).parquet(*folders).withColumn("_folder", name)

    def read_folder(self, table: str, folder: str) -> DataFrame:
        """The rows of one delivery, by its folder's name."""
        return self.spark.read.schema(_schema(table)).parquet(f"{self._path(table)}/{folder}")

    def folders_of_files(self) -> list[tuple[str, str]]:
        """Table and folder of every sealed delivery of files, whatever the feed."""
        return [
            (table, folder)
            for table in self.tables()
            for folder in self._deliveries(table)
            if self._is_sealed(table, folder) and self._files.is_there(f"{self._path(table)}/{folder}{RECORDS}")
        ]

    def read_folder_of_files(self, table: str, folder: str) -> DataFrame:
        """The records of one delivery of files, with the columns that its feed had then."""
        return self.spark.read.parquet(f"{self._path(table)}/{folder}{RECORDS}")

    def rewrite(self, table: str, folder: str, rows: DataFrame, run_seq: int, of_files: bool = False) -> None:
        """Put other rows in the place of a sealed delivery. Killed on the way, `finish_rewrites` brings it to its end or undoes it."""
        place = f"{self._path(table)}/{folder}"
        rows.write.mode("overwrite").parquet(f"{place}{REWRITTEN}{RECORDS if of_files else ''}")
        said = json.loads(self._files.read_text(f"{place}/{MANIFEST}"))
        self._files.write_text(f"{place}{REWRITTEN}/{MANIFEST}", json.dumps({**said, "rewritten_by": run_seq}))
        log_event(LOGGER, "delivery.replacing", table=f"{table}/{folder}")
        self._take_the_place(place)

    def finish_rewrites(self, table: str) -> None:
        """A new form of a delivery that is sealed takes its place; one that is not is removed."""
        for name in self._deliveries(table, REWRITTEN):
            place = f"{self._path(table)}/{name.removesuffix(REWRITTEN)}"
            if self._is_sealed(table, name):
                self._take_the_place(place)
            else:
                self._files.remove(f"{place}{REWRITTEN}")

    def drop_unsealed(self, table: str) -> None:
        """Remove deliveries that never were complete; whoever calls holds the lease, so none is under way."""
        for name in self._deliveries(table):
            if not self._is_sealed(table, name):
                self._files.remove(f"{self._path(table)}/{name}")

    def _take_the_place(self, place: str) -> None:
        self._files.remove(place)
        self._files.move(f"{place}{REWRITTEN}", place)

    def _deliveries(self, table: str, ending: str = "") -> list[str]:
        names = self._files.names(self._path(table))
        return [name for name in names if name.endswith(ending) and RUN_FOLDER.match(name.removesuffix(ending))]

    def _is_sealed(self, table: str, folder: str) -> bool:
        return self._files.is_there(f"{self._path(table)}/{folder}/{MANIFEST}")

    def _feed_folder(self, feed: str, run_seq: int) -> str:
        return f"{self._run_folder(f'bronze.{feed}', run_seq)}{RECORDS}"

    def _run_folder(self, table: str, run_seq: int, part: str = "") -> str:
        return f"{self._path(table)}/run={run_seq:08d}{f'-{part}' if part else ''}"

    def _path(self, table: str) -> str:
        return f"{self._place}/{_name(table)}"

    @property
    def _place(self) -> str:
        return f"{self.root.rstrip('/')}/bronze"


def _name(table: str) -> str:
    return table.removeprefix("bronze.")


def _schema(table: str) -> StructType:
    return bronze_schema(load_contract(f"silver.{_name(table)}"))
