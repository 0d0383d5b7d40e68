"""Reading from the embedded warehouse: one publication's file, open read-only."""

import threading
from contextlib import nullcontext
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb

from warehouse.deadlines import Deadlines
from warehouse.embedded import generations
from warehouse.embedded.checks import value
from warehouse.publication import DamagedPublicationError, Publication, QuestionTimeoutError


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


class DuckDBReading:
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
