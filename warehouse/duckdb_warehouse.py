"""The embedded warehouse: publish builds a new DuckDB file beside the old one and swaps a pointer; read opens it read-only."""

import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, date
from pathlib import Path
from typing import Any

import duckdb

from warehouse import generations
from warehouse.deadlines import Deadlines
from warehouse.duckdb_checks import check, value
from warehouse.duckdb_filling import fill, write_ops
from warehouse.publication import (
    Base,
    DamagedPublicationError,
    Pointer,
    Publication,
    PublicationError,
    PublicationGoneError,
    QuestionTimeoutError,
    RollbackError,
    TableExport,
    gone,
    to_roll_back_to,
)
from warehouse.serving_file import make_serving_file
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


def _newest_readable(folder: Path) -> "tuple[int, Generation | None]":
    """The newest kept generation that is not damaged, with its number."""
    for number in reversed(generations.kept_generations(folder)):
        with suppress(DamagedPublicationError):
            return number, Generation(generations.generation_file(folder, number))
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
    publication = Generation(generations.generation_file(folder, generation)).publication
    generations.swap_pointer(folder, Pointer(generation, publication.run_seq, pinned))
    return publication


def open_file(path: Path, config: dict[str, str | bool | int | float | list[str]]) -> duckdb.DuckDBPyConnection:
    """A generation's file, read-only. Raises DamagedPublicationError where it is missing or cannot be read."""
    try:
        return duckdb.connect(str(path), read_only=True, config=config)
    except duckdb.Error as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DamagedPublicationError:
    found = f"damaged ({str(error).splitlines()[0]})" if path.exists() else "not there, though it should serve"
    return DamagedPublicationError(
        f"{path}: {found}; `booksales publish` builds it anew from the lake, `booksales rollback` serves one that is kept"
    )


# Two threads that open one file at the same time share what they set up.
_SETTING_UP = threading.Lock()
_DEADLINES = Deadlines()


class Generation:
    """One publication, open read-only. Whoever holds it keeps reading it, whatever is published meanwhile.

    A question may take `question_seconds`, without end where they are none.
    """

    def __init__(self, path: Path, question_seconds: float | None = None) -> None:
        self.path = path
        self._question_seconds = question_seconds
        self._connection = open_file(
            path, config={"enable_external_access": "false", "autoload_known_extensions": "false"}
        )
        # A file opened twice in one process is one instance of DuckDB, set up and locked by whoever came first.
        with _SETTING_UP:
            if not value(self._connection, "select current_setting('lock_configuration')"):
                # Global: every cursor is a session of its own, and would take the machine's time zone.
                self._connection.execute("set global timezone = 'UTC'")
                self._connection.execute("set lock_configuration = true")
        try:
            self.publication = self._read_publication()
        except (duckdb.Error, LookupError) as error:
            self._connection.close()
            raise _damaged(path, error) from error

    def _read_publication(self) -> Publication:
        names = {name: _in_utc(name) if name.endswith("_at") else name for name in Publication.__dataclass_fields__}
        columns = ", ".join(f"{value} as {name}" for name, value in names.items())
        described = self.rows(f"select {columns} from ops.publication")[0]
        moments = {name: described[name].replace(tzinfo=UTC) for name in names if name.endswith("_at")}
        return Publication(**{**described, **moments})

    @property
    def serving_file(self) -> Path:
        """What people's own SQL is asked of; a publication of an earlier version has none."""
        return generations.serving_file(self.path.parent, self.publication.generation)

    def rows(self, sql: str, parameters: dict[str, object] | None = None) -> list[dict[str, Any]]:
        """The answer as one dict per row; money as Decimal. Safe to call from several threads. Raises QuestionTimeoutError."""
        seconds, cursor = self._question_seconds, self._connection.cursor()
        try:
            with _DEADLINES.within(seconds, cursor.interrupt) if seconds is not None else nullcontext():
                cursor.execute(sql, parameters or {})
                names = [column[0] for column in cursor.description or []]
                return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except duckdb.InterruptException as error:
            raise QuestionTimeoutError(
                f"the question took longer than {seconds:g} s and was ended; ask for less at once"
            ) from error
        finally:
            cursor.close()

    def release(self) -> None:
        """Others read the same open file, so there is nothing to let go of."""


def _in_utc(column: str) -> str:
    # DuckDB hands out a timestamp with time zone only where pytz is installed; a plain one it always can.
    return f"timezone('UTC', {column})"


class DuckDBWarehouse:
    """Reads the generation that serves; picks up a new one without a restart. A question may take `question_seconds`."""

    def __init__(self, folder: Path, question_seconds: float | None = None) -> None:
        self.folder = folder
        self._question_seconds = question_seconds
        self._lock = threading.Lock()
        self._served: Pointer | None = None
        self._open: Generation | None = None
        self._earlier_lock = threading.Lock()
        self._earlier: Generation | None = None

    def current(self, label: str = "") -> Generation:
        """The serving generation; hold it for as long as answers must agree. Raises NoPublicationError.

        Queries run in this process and are recorded nowhere else, so the label has no use.
        """
        with self._lock:
            # Read inside the lock: two threads that saw different pointers must not open the older one last.
            pointer = generations.read_pointer(self.folder)
            if pointer != self._served or self._open is None:
                path = generations.generation_file(self.folder, pointer.generation)
                self._open = Generation(path, self._question_seconds)
                self._served = pointer
            # What is removed must not stay open.
            if self._earlier is not None and not self._earlier.path.exists():
                self._earlier = None
            return self._open

    def earlier(self, generation: int, label: str = "") -> Generation:
        """A generation that served before and is kept, or the one that serves. Raises PublicationGoneError, NoPublicationError.

        The one asked for last stays open: whoever reads an earlier one asks several questions of it.
        """
        serving = self.current(label)
        if generation == serving.publication.generation:
            return serving
        path = generations.generation_file(self.folder, generation)
        with self._earlier_lock:
            if generation > serving.publication.generation or not path.exists():
                self._earlier = None
                raise PublicationGoneError(gone(generation))
            if self._earlier is None or self._earlier.path != path:
                try:
                    self._earlier = Generation(path, self._question_seconds)
                except DamagedPublicationError as error:
                    if path.exists():
                        raise
                    raise PublicationGoneError(gone(generation)) from error
            return self._earlier
