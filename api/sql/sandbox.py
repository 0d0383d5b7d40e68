"""Runs questions in SQL outside this process, each in one of its own that is killed where it takes too long (decision 22)."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from warehouse.narrowed import Statement

# As a file and isolated: it imports nothing of ours, and nobody's environment or folder reaches it.
COMMAND = (sys.executable, "-I", str(Path(__file__).with_name("process.py")))
PATIENCE_SECONDS = 2.0
ADMITTED_PER_SLOT = 3
THREADS = 2
MOST_ANSWER_BYTES = 16 << 20
# By the kernel, for its memory or for the seconds it was given.
OUT_OF_TIME = (-signal.SIGALRM, -signal.SIGXCPU)
OUT_OF_MEMORY = (-signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS)


class SqlBusyError(Exception):
    """As many questions as may be are being answered."""


class SqlTooLongError(Exception):
    """The question took longer than it may, and was ended."""


class SqlTooMuchError(Exception):
    """The question needs more memory than it may have, or its answer is too large."""


class SqlFaultError(Exception):
    """DuckDB cannot make sense of the question, or it fails on a value."""


class NotServedError(Exception):
    """The publication has no serving file."""


@dataclass(frozen=True)
class Bounds:
    """What one question may take, and how many may be answered at once."""

    seconds: float
    memory_mb: int
    at_once: int


@dataclass(frozen=True)
class SqlAnswer:
    """Columns with their types, the first rows by name, and whether there are more."""

    columns: tuple[tuple[str, str], ...]
    rows: list[dict[str, Any]]
    is_truncated: bool


class Sandbox:
    """Answers questions over serving files."""

    def __init__(self, bounds: Bounds, command: Sequence[str] = COMMAND) -> None:
        self.bounds = bounds
        self._command = command
        self._slots = threading.BoundedSemaphore(bounds.at_once)
        self._admitted = threading.BoundedSemaphore(bounds.at_once * ADMITTED_PER_SLOT)

    def answer(self, file: Path, statements: Sequence[Statement], sql: str, rows: int) -> SqlAnswer:
        """The first rows of a question over the views that the statements make.

        Raises SqlBusyError, SqlTooLongError, SqlTooMuchError, SqlFaultError, NotServedError.
        """
        if not file.exists():
            raise NotServedError("this publication has no file for SQL; `booksales publish` makes one")
        request = {
            "file": str(file),
            "statements": statements,
            "sql": sql,
            "seconds": self.bounds.seconds,
            "memory_mb": self.bounds.memory_mb,
            "threads": THREADS,
            "rows": rows,
            "answer_bytes": MOST_ANSWER_BYTES,
        }
        with self._slot():
            said = self._run(json.dumps(request).encode())
        return _answer(said)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """A place for whoever asks, also to wait: each who waits holds one of the threads that answer everybody.

        Raises SqlBusyError at once where all places are taken.
        """
        if not self._admitted.acquire(blocking=False):
            raise SqlBusyError(self._busy())
        try:
            yield
        finally:
            self._admitted.release()

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=PATIENCE_SECONDS):
            raise SqlBusyError(self._busy())
        try:
            yield
        finally:
            self._slots.release()

    def _run(self, request: bytes) -> dict[str, Any]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            cwd="/",
            # A group of its own, so that whatever it might start ends with it.
            start_new_session=True,
        )
        try:
            out, error = process.communicate(request, timeout=self.bounds.seconds)
        except subprocess.TimeoutExpired as timeout:
            raise SqlTooLongError(self._too_long()) from timeout
        finally:
            _end(process)
        if process.returncode in OUT_OF_TIME:
            raise SqlTooLongError(self._too_long())
        if process.returncode in OUT_OF_MEMORY or b"MemoryError" in error:
            raise SqlTooMuchError(f"it needs more than {self.bounds.memory_mb} MB")
        if process.returncode:
            raise RuntimeError(
                f"the process for SQL ended with {process.returncode}: {error.decode(errors='replace')[-500:]}"
            )
        found: dict[str, Any] = json.loads(out)
        return found

    def _busy(self) -> str:
        return f"{self.bounds.at_once} questions in SQL are being answered; ask again in a few seconds"

    def _too_long(self) -> str:
        return f"the question took longer than {self.bounds.seconds:g} s and was ended; ask for less at once"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole group and wait for it; nothing of a question outlives it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _answer(said: dict[str, Any]) -> SqlAnswer:
    if "fault" in said:
        error = {"memory": SqlTooMuchError, "size": SqlTooMuchError, "file": NotServedError}.get(
            said["fault"], SqlFaultError
        )
        raise error(said["reason"])
    columns = tuple((name, kind) for name, kind in said["columns"])
    rows = [
        {name: _typed(kind, value) for (name, kind), value in zip(columns, row, strict=True)} for row in said["rows"]
    ]
    return SqlAnswer(columns, rows, said["is_truncated"])


def _typed(kind: str, value: Any) -> Any:
    """A value as the API shows it: money digit by digit, whole numbers of any size, dates."""
    if value is None:
        return None
    if kind.startswith("DECIMAL") or (isinstance(value, int) and abs(value) >= 2**63):
        return Decimal(value)
    read = {"DATE": date.fromisoformat, "TIMESTAMP": datetime.fromisoformat}.get(kind)
    if read is None or not isinstance(value, str):
        return value
    try:
        return read(value)
    except ValueError:
        return value  # before the first year, or infinite
