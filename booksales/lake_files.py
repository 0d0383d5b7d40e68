"""The lake's files read without Spark, from a local folder or an `s3://` prefix: Delta tables, their logs, bronze's rows."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import deltalake
import pyarrow as pa
import pyarrow.dataset as ds
from deltalake.exceptions import DeltaError
from pyarrow.fs import FileSelector, FileSystem, FileType

from spark_jobs.delta_log import Commit, parse_commit, same_rows
from warehouse.files import open_files, storage_options

MANIFEST = "_sealed.json"
COMMIT_FILE = re.compile(r"\d{20}\.json")


@dataclass(frozen=True)
class LakeFiles:
    """A lake by its root; tables are named `layer.table`. What cannot be read raises OSError."""

    root: str

    def exists(self, table: str) -> bool:
        """Whether the Delta table is there."""
        files, log = open_files(f"{self._address(table)}/_delta_log")
        return bool(files.get_file_info(log).type == FileType.Directory)

    def rows(self, table: str, version: int | None = None) -> ds.Dataset:
        """The rows of a Delta table as it is, or with the rows that it had at a version."""
        read = None if version is None else same_rows(self._commits(table), version)
        options = storage_options(self.root)
        try:
            table_there = deltalake.DeltaTable(self._address(table), version=read, storage_options=options)
        except DeltaError as error:
            raise OSError(f"{self._address(table)}: {error}") from error
        return table_there.to_pyarrow_dataset()

    def _commits(self, table: str) -> Iterator[Commit]:
        """The commits of a table, newest first."""
        files, log = open_files(f"{self._address(table)}/_delta_log")
        listed = files.get_file_info(FileSelector(log, allow_not_found=True))
        for found in sorted(listed, key=lambda info: info.base_name, reverse=True):
            if COMMIT_FILE.fullmatch(found.base_name):
                with files.open_input_stream(found.path) as stream:
                    text = stream.read().decode()
                yield parse_commit(int(found.base_name.partition(".")[0]), text)

    def delivered(self, table: str, columns: pa.Schema) -> ds.Dataset | None:
        """These columns of every delivery of a bronze table; None where there is no file. A file that lacks one has nulls in it."""
        files, paths = self._delivered_files(table)
        parts = [path for path in paths if path.endswith(".parquet") and "/run=" in path]
        return ds.dataset(parts, schema=columns, format="parquet", filesystem=files) if parts else None

    def manifests(self, table: str) -> Iterator[dict[str, Any]]:
        """What sealed deliveries of a bronze table or feed say of themselves, newest first."""
        files, paths = self._delivered_files(table)
        for path in sorted((path for path in paths if path.endswith(f"/{MANIFEST}")), reverse=True):
            with files.open_input_stream(path) as stream:
                yield json.loads(stream.read())

    def _delivered_files(self, table: str) -> tuple[FileSystem, list[str]]:
        files, folder = open_files(self._address(f"bronze.{table}"))
        found = files.get_file_info(FileSelector(folder, allow_not_found=True, recursive=True))
        return files, [info.path for info in found]

    def _address(self, table: str) -> str:
        layer, _, name = table.partition(".")
        return f"{self.root.rstrip('/')}/{layer}/{name}"
