"""Jobs as child processes: the `booksales` command, in a session of its own."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import RowMapping

from api.jobs import LOST, Ended, Work
from jobs_config.errors import ExitCode
from jobs_config.state import HOME_VARIABLE, StateFolder

COMMAND = (sys.executable, "-m", "booksales.cli")
STATES = {
    ExitCode.DONE: "done",
    ExitCode.ATTENTION: "attention",
    ExitCode.REFUSED: "refused",
    ExitCode.INTERRUPTED: "cancelled",
}
LOG_BYTES = 4_000
PATIENCE_SECONDS = 20.0


class ChildProcesses:
    """Runs `command` with a job's line, and keeps what it says in the installation's logs."""

    def __init__(self, state: StateFolder, command: Sequence[str] = COMMAND) -> None:
        self._state = state
        self._command = command

    def start(self, job_id: str, work: Work, on_end: Callable[[Ended], None]) -> int:
        """Start it, and hear of its end."""
        process = self._launch(job_id, work.line)

        def wait() -> None:
            code = process.wait()
            on_end(Ended(_state_of(code), code))

        threading.Thread(target=wait, name=f"job {job_id}", daemon=True).start()
        return process.pid

    def ended(self, row: RowMapping) -> Ended | None:
        """A process that is gone while the job still runs was another API's child, which did not live to see its end."""
        if _is_alive(row["process_id"]) or row["started_at"] >= time.time() - PATIENCE_SECONDS:
            return None
        return LOST

    def interrupt(self, row: RowMapping) -> None:
        """As Ctrl-C does."""
        with suppress(ProcessLookupError):
            os.killpg(row["process_id"], signal.SIGINT)

    def said(self, row: RowMapping) -> list[str]:
        """The last lines of its output."""
        path = self._log(row["job_id"])
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
