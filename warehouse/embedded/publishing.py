"""Publishing to the embedded warehouse: a new DuckDB file beside the old one, checked, then a pointer that is swapped."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import duckdb

from warehouse.embedded import generations
from warehouse.embedded.checks import check
from warehouse.embedded.filling import fill, write_ops
from warehouse.embedded.reading import DuckDBReading
from warehouse.embedded.serving_file import make_serving_file
from warehouse.publication import (
    Base,
    DamagedPublicationError,
    Pointer,
    Publication,
    PublicationError,
    RollbackError,
    TableExport,
    to_roll_back_to,
)
from warehouse.warehouses import Describe

BUILD_FOLDER = "building"


def publish(
    folder: Path,
    exports: dict[str, TableExport],
    describe: Describe,
    ops_rows: Mapping[str, Sequence[Sequence[object]]],
    keep: int,
    memory_mb: int = 2048,
    report: Callable[[str], None] = lambda _: None,
    confirm: Callable[[], None] = lambda: None,
    base: Base | None = None,
) -> Publication:
    """Publish gold tables as a new generation; readers see the old one until the pointer moves, then the new one.

    `exports` maps every gold table to its files and totals; `describe` is called with the new generation's number, its
    count of sales and its first and last business date; `ops_rows` fills the other tables of schema ops; `keep` is how many
    generations stay; `confirm` raises when the caller may publish no more. With `base` the generation starts as a copy of that one,
    and only what differs is written. Raises PublicationError, with nothing changed for readers, when a check fails or a newer run
    has published.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    building = folder / BUILD_FOLDER
    building.mkdir(mode=0o700, exist_ok=True)
    _clear(building)
    generation = generations.next_generation(folder)
    path = building / f"wh.{generation:06d}.duckdb"
    try:
        if base is not None:
            report(f"copying generation {base.generation}")
            shutil.copyfile(generations.generation_file(folder, base.generation), path)
        with _writer(path, memory_mb) as connection:
            fill(connection, exports, base, report)
            report("checking the publication")
            check(connection, exports)
            described = describe(generation, *_sales_span(connection))
            write_ops(connection, described, ops_rows, exports, base.increments + 1 if base else 0)
            connection.execute("checkpoint")
        report("making the file for SQL")
        serving = building / generations.serving_file(folder, generation).name
        make_serving_file(path, serving, memory_mb)
        report("moving the publication into place")
        confirm()
        _move_into_place(folder, path, serving, described, report)
        report("published")
    except duckdb.Error as error:
        raise PublicationError(
            f"{path.name}: {error}; nothing is published, the version before still serves"
        ) from error
    finally:
        _clear(building)
    generations.drop_old_generations(folder, keep)
    return described


def _clear(building: Path) -> None:
    """Remove what a build leaves: its file, its log, what it put aside for want of memory."""
    for leftover in building.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def _writer(path: Path, memory_mb: int) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(path.parent),
        "preserve_insertion_order": True,
    }
    connection = duckdb.connect(str(path), config=config)
    connection.execute("set timezone = 'UTC'")
    connection.execute("create schema if not exists analytics")
    connection.execute("create schema if not exists ops")
    return connection


def _sales_span(connection: duckdb.DuckDBPyConnection) -> tuple[int, date | None, date | None]:
    row = connection.execute(
        "select count(*), min(sale_date), max(sale_date) filter (not is_return) from analytics.fact_sales"
    ).fetchone()
    assert row is not None
    return row


def _move_into_place(
    folder: Path, path: Path, serving: Path, publication: Publication, report: Callable[[str], None]
) -> None:
    for written in (path, serving):
        with written.open("rb") as file:
            os.fsync(file.fileno())
    served = generations.pointer_or_zero(folder)
    newest = max(served.run_seq, _newest_kept_run(folder) if served.pinned else 0)
    if newest > publication.run_seq:
        raise PublicationError(f"run {newest} has published since run {publication.run_seq} began; nothing is changed")
    # The serving file first: a generation that is there has one.
    serving.replace(generations.serving_file(folder, publication.generation))
    path.replace(generations.generation_file(folder, publication.generation))
    generations.sync_folder(folder)
    report("moving the pointer")
    if not served.pinned:
        generations.swap_pointer(folder, Pointer(publication.generation, publication.run_seq))


def newest_generation(folder: Path) -> Base | None:
    """The newest generation that can be read, whether it serves or not; None where there is none, or it is of an earlier version."""
    number, newest = _newest_readable(folder)
    if newest is None:
        return None
    try:
        (made,) = newest.rows("select lake_versions, increments from ops.publication")
        (span,) = newest.rows("select max(sale_date) filter (not is_return) as last from analytics.fact_sales")
    except duckdb.Error:
        return None
    return Base(number, newest.publication, json.loads(made["lake_versions"]), made["increments"], span["last"])


def _newest_readable(folder: Path) -> tuple[int, DuckDBReading | None]:
    """The newest kept generation that is not damaged, with its number."""
    for number in reversed(generations.kept_generations(folder)):
        with suppress(DamagedPublicationError):
            return number, DuckDBReading(generations.generation_file(folder, number))
    return 0, None


def finish_publication(folder: Path) -> Base | None:
    """The newest generation, serving unless an older one is pinned. Call it as the only writer, before anything is published.

    A publication that was killed between its last two steps left a whole, checked file that nothing points to.
    """
    newest = newest_generation(folder)
    if newest is None:
        return None
    served = generations.pointer_or_zero(folder)
    if newest.generation > served.generation and not served.pinned:
        generations.swap_pointer(folder, Pointer(newest.generation, newest.publication.run_seq))
    return newest


def _newest_kept_run(folder: Path) -> int:
    """The run of the newest generation that can be read, which does not serve while another is pinned; 0 for none."""
    _, newest = _newest_readable(folder)
    return newest.publication.run_seq if newest else 0


def roll_back(folder: Path, generation: int | None = None) -> Publication:
    """Make a kept generation serve, by default the one before, and pin it. Raises RollbackError naming those that are kept."""
    served, kept = generations.read_pointer(folder).generation, generations.kept_generations(folder)
    return _serve(folder, to_roll_back_to(generation, served, kept), pinned=True)


def resume(folder: Path) -> Publication:
    """Make the newest generation serve, and let publications take its place again. Raises RollbackError where none is kept."""
    kept = generations.kept_generations(folder)
    if not kept:
        raise RollbackError(f"{folder}: no generation is kept; `booksales publish` builds one")
    return _serve(folder, kept[-1], pinned=False)


def _serve(folder: Path, generation: int, pinned: bool) -> Publication:
    publication = DuckDBReading(generations.generation_file(folder, generation)).publication
    generations.swap_pointer(folder, Pointer(generation, publication.run_seq, pinned))
    return publication
