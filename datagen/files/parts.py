"""Where the files of an export lie, finished and unfinished."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from datagen.files.faults import plant
from datagen.files.formats import suffix_of, writer_of
from datagen.plan import ShopPlan

SALES = "sales_sale"


@dataclass(frozen=True)
class Parts:
    """The folder that an export is made in before it is shown, the format of its files, and the share of damaged records."""

    folder: Path
    plan: ShopPlan
    format: str
    faults: float = 0.0

    @property
    def carried(self) -> Path:
        return self.folder / "_carried"

    @property
    def keys(self) -> Path:
        """What was planted in each file."""
        return self.folder / "_keys"

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
        if self.faults:
            text, planted = plant(self.plan, table, number, unfinished.read_bytes(), self.faults)
            unfinished.write_bytes(text)
            (self.keys / f"{path.parent.name}-{number:05d}.json").write_text(
                json.dumps([asdict(fault) for fault in planted])
            )
        unfinished.replace(path)
