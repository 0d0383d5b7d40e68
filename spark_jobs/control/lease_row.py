"""The writer's lease as a row of the control database, for writers that no file lock reaches.

The row outlives the holder's connection and expires unless it is renewed; the clock is the database's alone. Each taking raises
the fencing number. A holder that slept past its expiry, while another took over, finds a higher number at its next renewal.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine, RowMapping

from jobs_config.errors import BooksalesError, RefusedError
from spark_jobs.control.database import control_engine, create_tables, transaction
from spark_jobs.errors import LeaseLostError

LOGGER = logging.getLogger(__name__)

LIFE_SECONDS = 120.0
BEATS_PER_LIFE = 3
TURN_LOCK = 7_240_002
TURN_SECONDS = 10
WRITER = "writer"

METADATA = sa.MetaData()

# One row. A free lease has no host; its fencing number stays, for the next one must be higher.
LEASE = sa.Table(
    "lease",
    METADATA,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("purpose", sa.Text),
    sa.Column("run_seq", sa.BigInteger),
    sa.Column("host", sa.Text),
    sa.Column("process", sa.BigInteger),
    sa.Column("acquired_at", sa.DateTime(timezone=True)),
    sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
)
FREE = {name: None for name in ("purpose", "run_seq", "host", "process", "acquired_at", "heartbeat_at", "expires_at")}


@dataclass(frozen=True)
class RowHolder:
    """Who holds the row; times are the database's, in UTC. One that is not live may be taken over."""

    purpose: str
    run_seq: int | None
    host: str
    process: int
    acquired_at: datetime
    heartbeat_at: datetime
    expires_at: datetime
    fence: int
    is_live: bool

    def __str__(self) -> str:
        run = f", run {self.run_seq}" if self.run_seq else ""
        return (
            f"`booksales {self.purpose}` (process {self.process} on {self.host}{run}, since {_shown(self.acquired_at)})"
        )


class RowLease:
    """A row held by this process."""

    def __init__(self, engine: Engine, fence: int, life: float) -> None:
        self.fence = fence
        self._engine = engine
        self._life = life
        self._run_seq: int | None = None
        self._lost = ""
        self._lock = threading.Lock()

    def confirm(self) -> None:
        """Renew the row. Raises LeaseLostError when another took over, LedgerError when the database cannot say."""
        with self._lock:
            if not self._lost and not self._renewed():
                self._lost = self._taken_by()
        if self._lost:
            raise LeaseLostError(self._lost)

    def note_run(self, run_seq: int) -> None:
        """Say which run the lease is held for."""
        self._run_seq = run_seq
        self.confirm()

    def give_back(self) -> None:
        """Free the row, if it is still ours."""
        with transaction(self._engine) as connection:
            connection.execute(self._ours().values(**FREE))

    def _renewed(self) -> bool:
        with transaction(self._engine) as connection:
            _take_turn(connection)
            lived = {"heartbeat_at": _now(), "expires_at": _now() + _seconds(self._life)}
            return connection.execute(self._ours().values(run_seq=self._run_seq, **lived)).rowcount == 1

    def _ours(self) -> sa.Update:
        # Host and process too: after somebody deleted the row by hand, the numbers begin again.
        owner = (LEASE.c.host == socket.gethostname()) & (LEASE.c.process == os.getpid())
        return LEASE.update().where((LEASE.c.name == WRITER) & (LEASE.c.fence == self.fence) & owner)

    def _taken_by(self) -> str:
        with transaction(self._engine) as connection:
            row = _row(connection)
        holder = _holder_in(row)
        by = f"by {holder}" if holder else "by `booksales unlock`, or by a run that has ended since"
        number = f"fencing number {row['fence']}, ours was {self.fence}" if row else "its row is gone"
        return f"the writer's lease was taken over {by} ({number}); this run writes nothing more. Start a new one"


@contextmanager
def row_lease(
    ledger_url: str, purpose: str, life: float = LIFE_SECONDS, period: float | None = None
) -> Iterator[RowLease]:
    """Hold the row while the block runs, renewed by a thread every `period` seconds, by default a third of `life`.

    Raises RefusedError that names the holder while the row of another has not expired.
    """
    engine = control_engine(ledger_url)
    try:
        lease = RowLease(engine, _take(engine, purpose, life), life)
        done = threading.Event()
        beat = threading.Thread(target=_beat, args=(lease, period or life / BEATS_PER_LIFE, done), daemon=True)
        beat.start()
        try:
            yield lease
        finally:
            done.set()
            beat.join()
            _give_back(lease)
    finally:
        engine.dispose()


def row_holder(ledger_url: str) -> RowHolder | None:
    """Who holds the row, live or expired; None where it is free, or was never taken."""
    engine = control_engine(ledger_url)
    try:
        with transaction(engine) as connection:
            was_taken = sa.inspect(connection).has_table(LEASE.name)
            return _holder_in(_row(connection)) if was_taken else None
    finally:
        engine.dispose()


def take_away(ledger_url: str, holder: RowHolder) -> int | None:
    """Free the row by raising its number, so that its holder can commit nothing; the new number.

    None where `holder` no longer has it: whoever has it now was not looked at.
    """
    engine = control_engine(ledger_url)
    try:
        with transaction(engine) as connection:
            _take_turn(connection)
            same = (LEASE.c.name == WRITER) & (LEASE.c.fence == holder.fence) & LEASE.c.host.is_not(None)
            raised = LEASE.update().where(same).values(fence=LEASE.c.fence + 1, **FREE).returning(LEASE.c.fence)
            return connection.execute(raised).scalar()
    finally:
        engine.dispose()


def _take(engine: Engine, purpose: str, life: float) -> int:
    """The fencing number of the lease just taken."""
    create_tables(engine, METADATA)
    with transaction(engine) as connection:
        _take_turn(connection)
        row = _row(connection)
        holder = _holder_in(row)
        if holder and holder.is_live:
            raise RefusedError(
                f"{holder} is running; only one may write at a time. Its lease ends at {_shown(holder.expires_at)} unless it is "
                "renewed; wait for it, or look at it by `booksales unlock`"
            )
        if holder:
            LOGGER.warning("lease.taken_over", extra={"fields": {"fence": holder.fence, "holder": str(holder)}})
        values = {
            "fence": (row["fence"] if row else 0) + 1,
            "purpose": purpose,
            "run_seq": None,
            "host": socket.gethostname(),
            "process": os.getpid(),
            "acquired_at": _now(),
            "heartbeat_at": _now(),
            "expires_at": _now() + _seconds(life),
        }
        taking = insert(LEASE).values(name=WRITER, **values)
        fence = connection.execute(
            taking.on_conflict_do_update(index_elements=["name"], set_=values).returning(LEASE.c.fence)
        ).scalar_one()
    return int(fence)


def _take_turn(connection: Connection) -> None:
    """One taking or renewing at a time; the lock goes with the transaction. Raises RefusedError when the turn never comes."""
    until = time.monotonic() + TURN_SECONDS
    while not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(TURN_LOCK))).scalar():
        if time.monotonic() > until:
            raise RefusedError(
                f"another process has been taking the writer's lease for {TURN_SECONDS} s; "
                "see pg_locks of the control database, then start again"
            )
        time.sleep(0.02)


def _row(connection: Connection) -> RowMapping | None:
    live = (LEASE.c.expires_at > _now()).label("is_live")
    return connection.execute(sa.select(LEASE, live).where(LEASE.c.name == WRITER)).mappings().first()


def _holder_in(row: RowMapping | None) -> RowHolder | None:
    if row is None or row["host"] is None:
        return None
    held = {name: row[name] for name in RowHolder.__dataclass_fields__}
    return RowHolder(**{name: value.astimezone(UTC) if name.endswith("_at") else value for name, value in held.items()})


def _beat(lease: RowLease, period: float, done: threading.Event) -> None:
    while not done.wait(period):
        try:
            lease.confirm()
        except LeaseLostError as error:
            LOGGER.warning("lease.lost", extra={"fields": {"error": str(error)}})
            return
        except BooksalesError as error:
            # The server may be back before the row expires.
            LOGGER.warning("lease.not_renewed", extra={"fields": {"error": str(error)}})


def _give_back(lease: RowLease) -> None:
    try:
        lease.give_back()
    except BooksalesError as error:
        # It expires by itself.
        LOGGER.warning("lease.not_given_back", extra={"fields": {"error": str(error)}})


def _now() -> sa.ColumnElement[datetime]:
    # Not now(), which stands still inside a transaction.
    return sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))


def _seconds(count: float) -> sa.ColumnElement[object]:
    return sa.func.make_interval(0, 0, 0, 0, 0, 0, count, type_=sa.Interval())


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
