"""Where the files of an export lie, finished and unfinished."""

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from datagen.files.formats import suffix_of, writer_of

SALES = "sales_sale"


@dataclass(frozen=True)
class Parts:
    """The folder that an export is made in, before it is shown to anybody, and the format of its files."""

    folder: Path
    format: str

    @property
    def carried(self) -> Path:
        return self.folder / "_carried"

    def path(self, table: str, number: int = 0) -> Path:
        return self.folder / table / f"part-{number:05d}{suffix_of(self.format)}"

    def is_there(self, table: str, number: int = 0) -> bool:
        return self.path(table, number).exists()

    def write(self, table: str, rows: pa.Table, number: int = 0) -> None:
        """One file, which is whole as soon as it is there."""
        path = self.path(table, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"_{path.name}.{os.getpid()}")
        writer_of(self.format)(rows, unfinished)
        unfinished.replace(path)
