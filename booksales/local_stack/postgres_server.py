"""One PostgreSQL server process over one folder: made, started, recovered after a crash, stopped."""

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from booksales.local_stack.errors import LocalStackError, last_lines, log_since
from booksales.local_stack.files import write_in_one_step
from booksales.local_stack.postgres_programs import Programs, find_programs
from booksales.local_stack.postgres_roles import OWNER
from booksales.local_stack.postgres_settings import HOST_RULES, server_settings
from booksales.local_stack.processes import POLL_SECONDS, free_port
from jobs_config.machine import memory_bytes

# Recovery after a crash in the middle of a large load takes minutes, and so can the checkpoint of a stop.
START_SECONDS = 600
STOP_SECONDS = 300
ORPHAN_SECONDS = 10
PORT_ATTEMPTS = 3

ADVICE = {
    "No space left on device": "the disk is full; free some, or name a state folder on another by BOOKSALES_HOME",
    "could not map anonymous shared memory": "there is too little memory; end other programs",
}


@dataclass(frozen=True)
class Running:
    """What the server says of itself in postmaster.pid."""

    pid: int
    port: int
    is_ready: bool


class PostgresServer:
    """The server of `folder`, which holds its port, its lock and, in a folder of its account's own, its data.

    `log` takes what it says.
    """

    def __init__(self, folder: Path, log: Path) -> None:
        self.data = folder / "server" / "data"
        self.log = log
        self._folder = folder
        self._port_file = folder / "port"

    def running(self) -> Running | None:
        """The server process, if there is one: after a crash the number in the pid file may be another program's."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        is_ready = len(lines) > 7 and lines[7].strip() == "ready"
        return Running(pid, port, is_ready) if _works_in(pid, self.data) else None

    def start(self, owner_password: str) -> None:
        """Start the server unless it runs; return when it takes connections."""
        try:
            with self._locked():
                if self.running() is None:
                    programs = find_programs()
                    if not self.data.exists():
                        self._initialise(programs, owner_password)
                    self._end_orphans()
                    self._launch(programs)
                self._wait_until_ready()
        except OSError as error:
            raise LocalStackError(f"{error.filename or self._folder}: {error.strerror}{_advice(str(error))}") from error

    def stop(self) -> None:
        """Stop the server if it runs. Open transactions are rolled back."""
        if self.running() is None:
            return
        with self._locked():
            if self.running() is not None:
                programs = find_programs()
                # What a stop without a checkpoint leaves undone, the next start recovers from the log.
                if self._control(programs, "stop", "-m", "fast", seconds=STOP_SECONDS) != 0:
                    self._control(programs, "stop", "-m", "immediate", seconds=STOP_SECONDS)
        if still := self.running():
            raise LocalStackError(
                f"PostgreSQL (process {still.pid}) did not stop within {2 * STOP_SECONDS} s; see {self.log}"
            )

    def _initialise(self, programs: Programs, owner_password: str) -> None:
        # Under another name until complete, so that an interrupted attempt is not taken for a database.
        unfinished = self.data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for folder in (self.data.parent, unfinished):
            programs.make_folder(folder)
        seen = programs.seen_as(unfinished)
        said = self._log_size()
        password_file = self.data.with_name("initial_password")
        options = ["--username", OWNER, "--pwfile", f"{seen}/../{password_file.name}", "--auth", "scram-sha-256"]
        options += ["--encoding", "UTF8", "--locale", _locale(), "--no-instructions"]
        try:
            programs.write(password_file, owner_password + "\n")
            with self._log_to_append() as log:
                code = programs.run(["initdb", "-D", seen, *options], unfinished, log)
        finally:
            password_file.unlink(missing_ok=True)
        if code != 0:
            raise self._failure("initdb could not make the database", said)
        unfinished.rename(self.data)

    def _launch(self, programs: Programs) -> None:
        for attempts_left in reversed(range(PORT_ATTEMPTS)):
            self._configure(programs, self._choose_port())
            said = self._log_size()
            if self._control(programs, "start", seconds=START_SECONDS) == 0:
                return
            # Somebody else may take a free port in the moment between our look and the server's.
            if "could not bind" not in log_since(self.log, said) or not attempts_left:
                raise self._failure("PostgreSQL did not start", said)
            self._port_file.unlink(missing_ok=True)

    def _choose_port(self) -> int:
        """The port of last time while nobody else has it, so that an address once shown stays good."""
        with suppress(FileNotFoundError, ValueError, LocalStackError):
            return free_port(int(self._port_file.read_text()))
        port = free_port()
        write_in_one_step(self._port_file, f"{port}\n".encode())
        return port

    def _configure(self, programs: Programs, port: int) -> None:
        programs.write(self.data / "postgresql.conf", server_settings(port, memory_bytes()))
        programs.write(self.data / "pg_hba.conf", HOST_RULES)

    def _control(self, programs: Programs, verb: str, *options: str, seconds: int) -> int:
        command = ["pg_ctl", verb, "-D", programs.seen_as(self.data), "-w", "-t", str(seconds), *options]
        with self._log_to_append() as log:
            return programs.run(command, self.data, log)

    def _end_orphans(self) -> None:
        """End server processes that outlived a killed server, and remove its pid file.

        A backend notices only between statements; two generations at work on one data directory would destroy it.
        """
        orphans = [process for process in psutil.process_iter(["name"]) if _is_orphan(process, self.data)]
        for orphan in orphans:
            with suppress(psutil.NoSuchProcess):
                orphan.send_signal(signal.SIGQUIT)
        _, alive = psutil.wait_procs(orphans, timeout=ORPHAN_SECONDS)
        if alive:
            raise LocalStackError(
                f"PostgreSQL process {alive[0].pid} of a crashed server does not end; end it and start again"
            )
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        # pg_ctl waited already, unless the server was started by a command that was interrupted while it recovered.
        until = time.monotonic() + START_SECONDS
        while not ((server := self.running()) and server.is_ready):
            if server is None or time.monotonic() > until:
                raise self._failure("PostgreSQL did not become ready", max(0, self._log_size() - 4000))
            time.sleep(POLL_SECONDS)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One start or stop at a time, over all processes."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(self._folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _log_to_append(self) -> Iterator[IO[bytes]]:
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            yield log

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _failure(self, what: str, since: int) -> LocalStackError:
        said = log_since(self.log, since)
        return LocalStackError(f"{self.data}: {what}{_advice(said)}; the end of {self.log}:\n{last_lines(said)}")


def _works_in(pid: int, folder: Path) -> bool:
    """Whether the process is one of the server over that folder: they all work inside it."""
    try:
        return Path(psutil.Process(pid).cwd()) == folder.resolve()
    except psutil.Error:
        return False


def _is_orphan(process: psutil.Process, data: Path) -> bool:
    return process.info["name"] == "postgres" and _works_in(process.pid, data)


def _advice(said: str) -> str:
    return next((f"; {advice}" for sign, advice in ADVICE.items() if sign in said), "")


def _locale() -> str:
    # Sorts by code point everywhere and still knows upper and lower case; macOS has no C.UTF-8.
    return "C.UTF-8" if os.uname().sysname == "Linux" else "C"
