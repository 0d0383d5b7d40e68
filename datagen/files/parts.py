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
    """The folder that an export is made in before it is shown, and the format of its files."""

    work: Path
    plan: ShopPlan
    format: str

    @property
    def shop(self) -> Path:
        """What is shown in the end."""
        return self.work / "shop"

    @property
    def carried(self) -> Path:
        """What blocks leave to each other."""
        return self.work / "carried"

    @property
    def keys(self) -> Path:
        """What was planted in each file."""
        return self.work / "keys"

    def path(self, table: str, number: int = 0) -> Path:
        return self.shop / table / f"part-{number:05d}{suffix_of(self.format)}"

    def is_there(self, table: str, number: int = 0) -> bool:
        return self.path(table, number).exists()

    def write(self, table: str, rows: pa.Table, number: int = 0) -> None:
        """One file, which is whole as soon as it is there."""
        path = self.path(table, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"_{path.name}.{os.getpid()}")
        writer_of(self.format)(rows, unfinished)
        if self.plan.faults:
            text, planted = plant(self.plan, table, number, unfinished.read_bytes())
            unfinished.write_bytes(text)
            (self.keys / f"{path.parent.name}-{number:05d}.json").write_text(
                json.dumps([asdict(fault) for fault in planted])
            )
        unfinished.replace(path)
