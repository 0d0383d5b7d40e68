"""Long work that is started here and goes on elsewhere: one job at a time, to be followed and cancelled."""

import json
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from api.auth.schema import JOB
from api.database import alone, writing
from jobs_config.errors import BooksalesError
from jobs_config.log_setup import log_event

RUNNING, CANCELLING = "running", "cancelling"

logger = logging.getLogger(__name__)


class JobError(BooksalesError):
    """The job cannot be started or cancelled as things stand."""


class PlatformAwayError(BooksalesError):
    """Whoever runs the jobs does not answer, or refuses to."""


class NoJobError(BooksalesError):
    """There is no job of that number."""


@dataclass(frozen=True)
class Work:
    """What to start: a kind, the verb with its arguments as `booksales` takes them, and what was asked for, to be shown."""

    kind: str
    line: Sequence[str]
    arguments: Mapping[str, object]


@dataclass(frozen=True)
class Ended:
    """How a job ended, and its exit code where it had one."""

    state: str
    exit_code: int | None = None


LOST = Ended("ended without a word")


class Launcher(Protocol):
    """Where work is done. A row is the job's in the database."""

    def start(self, job_id: str, work: Work, on_end: Callable[[Ended], None]) -> int | None:
        """Start it; the process, where it is one of this machine. Whoever hears of the end first calls `on_end`.

        Raises JobError where it cannot be started, PlatformAwayError.
        """

    def ended(self, row: RowMapping) -> Ended | None:
        """How a job ended that nobody was told of, or None where it goes on. Raises PlatformAwayError."""

    def interrupt(self, row: RowMapping) -> None:
        """Stop it. Raises PlatformAwayError."""

    def said(self, row: RowMapping) -> list[str]:
        """The last lines that it said. Raises PlatformAwayError."""


class Jobs:
    """Starts, follows and cancels. A job goes on where the API stops; the next API finds out how it ended.

    Work is done by `platform`, where there is one, else by `children`, processes of this machine.
    """

    def __init__(self, engine: Engine, children: Launcher, platform: Launcher | None = None) -> None:
        self._engine = engine
        self._children = children
        self._platform = platform

    def start(self, work: Work, username: str) -> RowMapping:
        """Start it. Raises JobError where another one runs."""
        # Begins with the moment, so that of jobs of one second the newest is known.
        job_id = f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(2)}"
        self._look()
        is_kept = threading.Event()
        try:
            with writing(self._engine) as connection:
                self._start(connection, job_id, work, username, partial(self._close, job_id, is_kept))
        finally:
            is_kept.set()
        return self._row(job_id)

    def find(self, job_id: str) -> RowMapping:
        """One job as it stands. Raises NoJobError."""
        self._look()
        return self._row(job_id)

    def _row(self, job_id: str) -> RowMapping:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(JOB).where(JOB.c.job_id == job_id)).mappings().one_or_none()
        if row is None:
            raise NoJobError(f"no job {job_id[:40]!r}; /api/jobs/ lists those there are")
        return row

    def newest(self, limit: int) -> Sequence[RowMapping]:
        """The newest jobs first."""
        self._look()
        asked = sa.select(JOB).order_by(JOB.c.started_at.desc(), JOB.c.job_id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return connection.execute(asked).mappings().all()

    def cancel(self, job_id: str) -> RowMapping:
        """Stop it. Raises NoJobError, JobError where it has ended, PlatformAwayError."""
        row = self.find(job_id)
        goes_on = sa.and_(JOB.c.job_id == job_id, JOB.c.finished_at.is_(None))
        with writing(self._engine) as connection:
            changed = connection.execute(JOB.update().where(goes_on).values(state=CANCELLING)).rowcount
        if not changed:
            raise JobError(f"job {job_id} has ended: {self._row(job_id)['state']}")
        launcher = self._launcher_of(row)
        if launcher is not None:
            launcher.interrupt(row)
        return self.find(job_id)

    def said(self, row: RowMapping) -> list[str]:
        """The last lines that a job said, as far as they are to be had."""
        launcher = self._launcher_of(row)
        try:
            return launcher.said(row) if launcher is not None else []
        except PlatformAwayError as error:
            log_event(logger, "platform.away", reason=str(error))
            return []

    def _start(
        self, connection: Connection, job_id: str, work: Work, username: str, on_end: Callable[[Ended], None]
    ) -> None:
        alone(connection, "jobs")
        going_on = connection.execute(sa.select(JOB.c.job_id).where(JOB.c.finished_at.is_(None))).scalar()
        if going_on:
            raise JobError(f"job {going_on} runs; follow it at /api/jobs/{going_on}/, or cancel it")
        values = {
            "job_id": job_id,
            "kind": work.kind,
            "arguments": json.dumps(dict(work.arguments)),
            "state": RUNNING,
            "started_by": username,
            "started_at": int(time.time()),
        }
        connection.execute(JOB.insert().values(**values))
        process = (self._platform or self._children).start(job_id, work, on_end)
        connection.execute(JOB.update().where(JOB.c.job_id == job_id).values(process_id=process))

    def _launcher_of(self, row: RowMapping) -> Launcher | None:
        """Who was given the job, whatever the settings say by now: a process of this machine has a number."""
        return self._platform if row["process_id"] is None else self._children

    def _close(self, job_id: str, is_kept: threading.Event, ended: Ended) -> None:
        # A job may end before it is in the database.
        is_kept.wait()
        self._record(job_id, ended)

    def _record(self, job_id: str, ended: Ended) -> None:
        values = {"state": ended.state, "exit_code": ended.exit_code, "finished_at": int(time.time())}
        with writing(self._engine) as connection:
            connection.execute(JOB.update().where(JOB.c.job_id == job_id, JOB.c.finished_at.is_(None)).values(**values))

    def _look(self) -> None:
        with self._engine.connect() as connection:
            going_on = connection.execute(sa.select(JOB).where(JOB.c.finished_at.is_(None))).mappings().all()
        for row in going_on:
            launcher = self._launcher_of(row)
            try:
                ended = launcher.ended(row) if launcher is not None else LOST
            except PlatformAwayError as error:
                # As far as anybody knows it goes on.
                log_event(logger, "platform.away", reason=str(error))
                continue
            if ended is not None:
                self._record(row["job_id"], ended)
