"""Long work: the `booksales` command as a child process, one at a time, to be followed and cancelled."""

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from api.auth.schema import JOB
from api.database import alone, writing
from jobs_config.errors import BooksalesError, ExitCode
from jobs_config.state import HOME_VARIABLE, StateFolder

COMMAND = (sys.executable, "-m", "booksales.cli")
RUNNING, CANCELLING = "running", "cancelling"
STATES = {
    ExitCode.DONE: "done",
    ExitCode.ATTENTION: "attention",
    ExitCode.REFUSED: "refused",
    ExitCode.INTERRUPTED: "cancelled",
}
LOG_BYTES = 4_000
PATIENCE_SECONDS = 20.0


class JobError(BooksalesError):
    """The job cannot be started or cancelled as things stand."""


class NoJobError(BooksalesError):
    """There is no job of that number."""


@dataclass(frozen=True)
class Work:
    """What to start: a kind, the verb with its arguments as `booksales` takes them, and what was asked for, to be shown."""

    kind: str
    line: Sequence[str]
    arguments: Mapping[str, object]


class Jobs:
    """Starts, follows and cancels. A job goes on where the API stops; the next API finds out how it ended."""

    def __init__(self, engine: Engine, state: StateFolder, command: Sequence[str] = COMMAND) -> None:
        self._engine = engine
        self._state = state
        self._command = command

    def start(self, work: Work, username: str) -> RowMapping:
        """Start it. Raises JobError where another one runs."""
        # Begins with the moment, so that of jobs of one second the newest is known.
        job_id = f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(2)}"
        with writing(self._engine) as connection:
            alone(connection, "jobs")
            self._close_lost(connection)
            going_on = connection.execute(
                sa.select(JOB.c.job_id).where(JOB.c.state.in_((RUNNING, CANCELLING)))
            ).scalar()
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
            process = self._launch(job_id, work.line)
            connection.execute(JOB.insert().values(**values, process_id=process.pid))
        threading.Thread(target=self._wait, args=(job_id, process), name=f"job {job_id}", daemon=True).start()
        return self.find(job_id)

    def find(self, job_id: str) -> RowMapping:
        """One job as it stands. Raises NoJobError."""
        self._look()
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
        """Interrupt it as Ctrl-C does: it ends in good order. Raises NoJobError, JobError where it has ended."""
        row = self.find(job_id)
        if row["state"] not in (RUNNING, CANCELLING):
            raise JobError(f"job {job_id} has ended: {row['state']}")
        with writing(self._engine) as connection:
            connection.execute(JOB.update().where(JOB.c.job_id == job_id).values(state=CANCELLING))
        with suppress(ProcessLookupError):
            os.killpg(row["process_id"], signal.SIGINT)
        return self.find(job_id)

    def log_end(self, job_id: str) -> list[str]:
        """The last lines that it said."""
        path = self._log(job_id)
        if not path.exists():
            return []
        return path.read_bytes()[-LOG_BYTES:].decode(errors="replace").splitlines()[-30:]

    def _launch(self, job_id: str, line: Sequence[str]) -> subprocess.Popen[bytes]:
        descriptor = os.open(self._log(job_id), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return subprocess.Popen(
                [*self._command, *line],
                env={**os.environ, HOME_VARIABLE: str(self._state.root)},
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                # In a session of its own: it is cancelled by itself, and goes on where the API stops.
                start_new_session=True,
            )
        finally:
            os.close(descriptor)

    def _wait(self, job_id: str, process: subprocess.Popen[bytes]) -> None:
        self._close(job_id, process.wait())

    def _close(self, job_id: str, code: int) -> None:
        with writing(self._engine) as connection:
            ended = {"state": _state_of(code), "exit_code": code, "finished_at": int(time.time())}
            connection.execute(JOB.update().where(JOB.c.job_id == job_id, JOB.c.finished_at.is_(None)).values(**ended))

    def _look(self) -> None:
        with writing(self._engine) as connection:
            self._close_lost(connection)

    def _close_lost(self, connection: Connection) -> None:
        """A process that is gone while the job still runs was another API's child, which did not live to see its end."""
        for row in connection.execute(sa.select(JOB).where(JOB.c.finished_at.is_(None))).mappings().all():
            if not _is_alive(row["process_id"]) and row["started_at"] < time.time() - PATIENCE_SECONDS:
                lost = {"state": "ended without a word", "finished_at": int(time.time())}
                connection.execute(JOB.update().where(JOB.c.job_id == row["job_id"]).values(**lost))

    def _log(self, job_id: str) -> Path:
        return self._state.logs / f"job-{job_id}.log"


def _state_of(code: int) -> str:
    if code == -signal.SIGINT:
        return "cancelled"
    return STATES.get(code, "failed")  # type: ignore[call-overload]


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
