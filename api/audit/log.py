"""Writes the audit: entries that come at the same time go in one transaction, by one thread per process.

Several processes append to one chain: whoever writes reads the newest entry inside the transaction that is alone in writing.
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from api.audit.anchors import AnchorError, append_anchor
from api.audit.chain import START, entry_hash
from api.audit.schema import ENTRY
from api.audit.segments import drop_old, last_dropped, seal
from api.audit.verify import Verdict, verify
from api.database import alone, writing

ANCHOR_SECONDS = 60.0
SEGMENT_SECONDS = 24 * 3600.0
MOST_AT_ONCE = 500

Record = dict[str, Any]
Written = Future[int]

logger = logging.getLogger(__name__)

_LIMITS = {
    column.name: column.type.length
    for column in ENTRY.columns
    if isinstance(column.type, sa.String) and column.type.length
}
_NOTHING: Record = dict.fromkeys(column.name for column in ENTRY.columns)


class AuditLog:
    """The audit of one installation. Close it, so that what is under way is written and anchored."""

    def __init__(self, engine: Engine, key: bytes, anchors: Path, retention_days: int) -> None:
        self.engine = engine
        self._key = key
        self._anchors = anchors
        self._retention_days = retention_days
        self._queue: queue.Queue[tuple[Record, Written] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, record: Record) -> Written:
        """Write an entry; the future has its number once it is committed."""
        written: Written = Future()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="audit", daemon=True)
                self._thread.start()
            self._queue.put(({**record, "at": time.time_ns() // 1000}, written))
        return written

    def verify(self) -> Verdict:
        """Whether what is written is as it was."""
        return verify(self.engine, self._key, self._anchors)

    def close(self) -> None:
        """Write what is under way, and keep the head."""
        with self._lock:
            if self._thread is not None:
                self._queue.put(None)
                self._thread.join()
                self._thread = None
        self.engine.dispose()

    def _work(self) -> None:
        anchored_at = sealed_at = time.monotonic()
        goes_on = True
        while goes_on:
            goes_on = self._write(self._batch(anchored_at + ANCHOR_SECONDS - time.monotonic()))
            if not goes_on or time.monotonic() - anchored_at >= ANCHOR_SECONDS:
                self._keep_head()
                anchored_at = time.monotonic()
            if time.monotonic() - sealed_at >= SEGMENT_SECONDS:
                self._end_segment()
                sealed_at = time.monotonic()

    def _batch(self, seconds: float) -> list[tuple[Record, Written] | None]:
        """What has come, at least one within the seconds."""
        found: list[tuple[Record, Written] | None] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._queue.get(timeout=max(seconds, 0.01)))
            while len(found) < MOST_AT_ONCE:
                found.append(self._queue.get_nowait())
        return found

    def _write(self, batch: Sequence[tuple[Record, Written] | None]) -> bool:
        """Whether to go on after the batch."""
        given = [item for item in batch if item is not None]
        if given:
            try:
                numbers = append(self.engine, self._key, [record for record, _ in given])
            except Exception as error:
                logger.exception("audit.not_written", extra={"fields": {"entries": len(given)}})
                for _, written in given:
                    written.set_exception(error)
            else:
                for (_, written), number in zip(given, numbers, strict=True):
                    written.set_result(number)
        return None not in batch

    def _keep_head(self) -> None:
        try:
            keep_head(self.engine, self._key, self._anchors)
        except (AnchorError, OSError, sa.exc.DBAPIError):
            logger.exception("audit.not_anchored")

    def _end_segment(self) -> None:
        try:
            seal(self.engine, self._key)
            drop_old(self.engine, self._key, self._retention_days)
        except sa.exc.DBAPIError:
            logger.exception("audit.not_sealed")


def append(engine: Engine, key: bytes, records: Sequence[Record]) -> list[int]:
    """Append entries to the chain in one transaction; returns their numbers."""
    with writing(engine) as connection:
        alone(connection, "audit")
        seq, before = _head(connection)
        rows = []
        for record in records:
            seq += 1
            row = {**_NOTHING, **{name: _fitting(name, value) for name, value in record.items()}}
            row |= {"seq": seq, "prev_hash": before}
            row["hash"] = before = entry_hash(key, row)
            rows.append(row)
        connection.execute(ENTRY.insert(), rows)
        return [row["seq"] for row in rows]


def keep_head(engine: Engine, key: bytes, anchors: Path) -> None:
    """Keep the newest entry's hash outside the database, once the entry itself is on disk."""
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("pragma wal_checkpoint(full)")
    with engine.connect() as connection:
        seq, newest = _head(connection)
    if seq:
        append_anchor(anchors, key, seq, newest)


def _head(connection: Connection) -> tuple[int, str]:
    row = connection.execute(sa.select(ENTRY.c.seq, ENTRY.c.hash).order_by(ENTRY.c.seq.desc()).limit(1)).first()
    if row is None:
        dropped = last_dropped(connection)
        return (dropped["last_seq"], dropped["last_hash"]) if dropped else (0, START)
    return row[0], row[1]


def _fitting(name: str, value: Any) -> Any:
    """A text no longer than its column, and no NUL, which PostgreSQL refuses."""
    return value.replace("\0", "\\0")[: _LIMITS[name]] if isinstance(value, str) and name in _LIMITS else value
