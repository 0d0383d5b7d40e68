"""A whole shop into a folder of files, which is there when all of it is there, and not before."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from datagen.files.damaged import damaged_files
from datagen.files.formats import CSV, DELTA, add_delta_log
from datagen.files.parts import SALES, Parts
from datagen.files.workers import make_blocks_by_processes
from datagen.gone import tombstones_table
from datagen.mark import FORMAT_VERSION
from datagen.plan import ShopPlan
from datagen.world import make_world, plan_sales, write_answers
from jobs_config.errors import ConfigError, RefusedError
from jobs_config.progress import Progress

MANIFEST = "manifest.json"
PLAN, LOCK = "plan.json", "lock"
# Answer keys of what was planted, and the folder of files that are damaged as a whole.
FAULTS, ANOMALIES, DAMAGED = "faults.json", "anomalies.json", "damaged_files"


@dataclass(frozen=True)
class ExportedShop:
    """The rows of each table, and the bytes of all files."""

    row_counts: dict[str, int]
    bytes: int
    is_resumed: bool


def exported_rows(folder: Path, plan: ShopPlan, format_: str) -> dict[str, int]:
    """The rows of each table, where the folder is a finished export of this very plan; else none."""
    if not (folder / MANIFEST).exists():
        return {}
    manifest = json.loads((folder / MANIFEST).read_text())
    return dict(manifest["rows"]) if manifest["plan"] == described(plan, format_) else {}


def described(plan: ShopPlan, format_: str) -> dict[str, object]:
    """What decides the bytes of an export."""
    return {**asdict(plan), "until": str(plan.until), "version": FORMAT_VERSION, "format": format_}


def export_shop(plan: ShopPlan, folder: Path, format_: str, processes: int, progress: Progress) -> ExportedShop:
    """Write the plan's shop below `folder`, which must not be there, with a manifest that says what it holds.

    Until all of it is written it lies in a folder beside it, named `<folder>.partial`. What an interrupted export left there is
    used if it was of the same plan and format, and removed otherwise. The files are the same for any number of processes.
    Raises RefusedError where the folder is there already or another export writes to it; ConfigError where it cannot be made, or
    faults are asked for in a format that keeps them out;
    ShopError if a process fails.
    """
    if plan.faults and format_ != CSV:
        raise ConfigError(f"faults are planted in CSV files; {format_} has types that keep most of them out")
    if folder.exists():
        raise RefusedError(f"{folder}: there already, and left as it is; name another folder, or remove it")
    parts = Parts(folder.with_name(f"{folder.name}.partial"), plan, format_)
    with held(parts.work):
        plan_of_export = described(plan, format_)
        is_resumed = _begun(parts, plan_of_export)
        row_counts = _write(plan, parts, processes, progress)
        if format_ == DELTA:
            with progress.phase("add the Delta logs"):
                _add_delta_logs(parts, row_counts)
        _write_answers(plan, parts)
        size = sum(path.stat().st_size for path in parts.shop.rglob("*") if path.is_file())
        manifest = {"plan": plan_of_export, "rows": row_counts, "bytes": size}
        (parts.shop / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        parts.shop.rename(folder)
        shutil.rmtree(parts.work)
    return ExportedShop(row_counts, size, is_resumed)


def _write(plan: ShopPlan, parts: Parts, processes: int, progress: Progress) -> dict[str, int]:
    """Rows by table."""
    row_counts = {}
    with progress.phase("make books, stores and customers"):
        world = make_world(plan)
        for table, rows in world.tables:
            row_counts[table] = rows.num_rows
            if not parts.is_there(table):
                parts.write(table, rows)
        blocks = plan_sales(world).blocks
    with progress.phase("make sales"):
        make_blocks_by_processes(plan, parts, blocks, processes, lambda done: progress.update(done, plan.sales))
    tombstones = tombstones_table(plan, blocks)
    parts.write("etl_tombstone", tombstones)
    return row_counts | {SALES: plan.sales, "etl_tombstone": tombstones.num_rows}


def _write_answers(plan: ShopPlan, parts: Parts) -> None:
    """The answer keys of what was planted, and files that are damaged as a whole; nothing where nothing was planted."""
    if plan.anomalies:
        write_answers(plan, parts.shop / ANOMALIES)
    if plan.faults:
        folder = parts.shop / DAMAGED
        folder.mkdir(exist_ok=True)
        for name, text in damaged_files(parts.path("books_publisher").read_bytes()).items():
            (folder / f"{name}.csv").write_bytes(text)
        planted = [fault for path in sorted(parts.keys.iterdir()) for fault in json.loads(path.read_text())]
        (parts.shop / FAULTS).write_text(json.dumps(planted, indent=1) + "\n")


def _add_delta_logs(parts: Parts, tables: Iterable[str]) -> None:
    for table in tables:
        if not (parts.shop / table / "_delta_log").exists():
            add_delta_log(parts.shop / table)


def _begun(parts: Parts, plan: dict[str, object]) -> bool:
    """Make the folder ready for the plan; says whether it holds a part of it already."""
    path = parts.work / PLAN
    if path.exists() and path.read_text() == json.dumps(plan):
        return True
    for child in parts.work.iterdir():
        if child.name != LOCK:
            shutil.rmtree(child) if child.is_dir() else child.unlink()
    for child in (parts.carried, parts.keys, parts.shop / SALES):
        child.mkdir(parents=True)
    path.write_text(json.dumps(plan))
    return False


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other exports out of the folder, which is made where it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written to ({error.strerror}); name another folder by --out") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise RefusedError(f"{folder}: another generation writes here; wait for its end") from None
    try:
        yield
    finally:
        os.close(descriptor)
