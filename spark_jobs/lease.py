"""The writer's lease on one machine: a locked file. Whoever holds it is the only writer of lake and warehouse.

The system frees the lock when its holder is gone, however it went.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from jobs_config.errors import RefusedError

HELD_VARIABLE = "BOOKSALES_LEASE_HELD"


@contextmanager
def writer_lease(path: Path, purpose: str) -> Iterator[int]:
    """Hold the lease while the block runs; gives the open descriptor, which a child process may inherit.

    Raises RefusedError that names the holder when somebody else has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = _holder(path)
        os.close(descriptor)
        raise RefusedError(f"{holder}; only one may write at a time. Wait for it, or end it first") from error
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"purpose": purpose, "process": os.getpid(), "since": since}).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody writes now."""
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


def _holder(path: Path) -> str:
    try:
        held = json.loads(path.read_text())
        return f"`booksales {held['purpose']}` is running (process {held['process']}, since {held['since']})"
    except (OSError, ValueError, KeyError):
        return "another run is going on"
