"""The writer's lease: whoever holds it is the only writer of lake and warehouse.

Where the run ledger is a file, it is a locked file: the system frees the lock when its holder is gone, however it went. Where
the ledger is on PostgreSQL, it is a row there (spark_jobs/control/lease_row.py), which holds for writers on several machines.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from jobs_config.errors import RefusedError
from spark_jobs.control.database import is_server
from spark_jobs.control.lease_row import LIFE_SECONDS, row_holder, row_lease

HELD_VARIABLE = "BOOKSALES_LEASE_HELD"
# How long a writer tries for the lock file.
PATIENCE_SECONDS = 0.2


class Lease(Protocol):
    """The right to write, as its holder sees it."""

    def confirm(self) -> None:
        """Call it before every commit. Raises LeaseLostError when another may write by now."""

    def note_run(self, run_seq: int) -> None:
        """Say which run the lease is held for."""


class FileLease:
    """A file lock cannot be lost by whoever still runs, nor has it anything to note."""

    def confirm(self) -> None: ...

    def note_run(self, run_seq: int) -> None: ...


FILE_LEASE = FileLease()


@dataclass(frozen=True)
class FileHolder:
    """What the lock file says of whoever took the lock last, whether it still has it or not."""

    purpose: str
    process: int
    since: str

    def __str__(self) -> str:
        return f"`booksales {self.purpose}` is running (process {self.process}, since {self.since})"


@contextmanager
def open_lease(ledger_url: str, lock_file: str, purpose: str, life: float = LIFE_SECONDS) -> Iterator[Lease]:
    """Hold the lease while the block runs: the lock file, unless none is named or a parent holds it, and a server's row.

    `life` is how many seconds a row outlives its last renewal. Raises RefusedError that names the holder.
    """
    with ExitStack() as held:
        if lock_file and not os.environ.get(HELD_VARIABLE):
            held.enter_context(writer_lease(Path(lock_file), purpose))
        yield held.enter_context(row_lease(ledger_url, purpose, life)) if is_server(ledger_url) else FILE_LEASE


def somebody_writes(ledger_url: str, lock_file: Path) -> bool:
    """Whether the lease is held now, by the lock file or by a server's row."""
    if is_held(lock_file):
        return True
    holder = row_holder(ledger_url) if is_server(ledger_url) else None
    return holder is not None and holder.is_live


@contextmanager
def writer_lease(path: Path, purpose: str) -> Iterator[int]:
    """Hold the lock file while the block runs; gives the open descriptor, which a child process may inherit.

    Raises RefusedError that names the holder when somebody else has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if not _locked(descriptor):
        holder = file_holder(path) or "another run is going on"
        os.close(descriptor)
        raise RefusedError(f"{holder}; only one may write at a time. Wait for it, or end it first")
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"purpose": purpose, "process": os.getpid(), "since": since}).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours now. Tried for a moment: somebody who only looks (`is_held`) holds it too, for less."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)


def is_held(path: Path) -> bool:
    """Whether somebody has the lock file locked now."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


def file_holder(path: Path) -> FileHolder | None:
    """Who took the lock file last; None where it does not say."""
    try:
        said = json.loads(path.read_text())
        return FileHolder(str(said["purpose"]), int(said["process"]), str(said["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
