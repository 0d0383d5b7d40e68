"""Ports on loopback, and child processes that run until they are stopped."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from booksales.local_stack.errors import LocalStackError, last_lines, log_since

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.1
START_SECONDS = 60.0
STOP_SECONDS = 10.0


def free_port(preferred: int = 0, setting: str = "") -> int:
    """A TCP port on loopback that nobody listens on: `preferred` if given, else any.

    Raises LocalStackError when the preferred port is taken; `setting` names the variable that would change it.
    """
    with socket.socket() as probe:
        # A port whose last connections still linger may be listened on again; servers ask for that too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, preferred))
        except OSError as error:
            advice = f"set {setting} to another, or to 0 for any" if setting else "free it"
            raise LocalStackError(f"port {preferred} on {LOOPBACK} is taken ({error.strerror}); {advice}") from error
        return int(probe.getsockname()[1])


class Child:
    """One child process with its log file. Leave the `with` block and it is gone, with its own children."""

    def __init__(
        self, name: str, command: Sequence[str], logs: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._log_offset = 0
        self._is_stopped = False

    def __enter__(self) -> "Child":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches us first and we stop it in order."""
        self._log_offset = self.log.stat().st_size if self.log.exists() else 0
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise LocalStackError(f"{self.name}: {self._command[0]} cannot be started ({error.strerror})") from error
        finally:
            os.close(descriptor)

    def exit_code(self) -> int | None:
        """None while it runs (or before it was started)."""
        return self._process.poll() if self._process else None

    def wait_until_healthy(self, url: str, seconds: float = START_SECONDS) -> None:
        """Return when `url` answers with success. Raises LocalStackError with the end of the log when it does not."""
        until = time.monotonic() + seconds
        while not _answers(url):
            if self.exit_code() is not None:
                raise self.failure(f"ended with exit code {self.exit_code()} before it answered")
            if time.monotonic() > until:
                raise self.failure(f"{url} did not answer within {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask the process and its children to end, then make them. Does nothing when it is not running."""
        if self._process is None or self._is_stopped:
            return
        self._signal(signal.SIGTERM)
        try:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        finally:
            # Also after a second Ctrl-C, which is somebody in a hurry.
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._is_stopped = True

    def failure(self, what: str) -> LocalStackError:
        """An error that says what happened and shows the end of the log since this start."""
        return LocalStackError(
            f"{self.name}: {what}; the end of {self.log}:\n{last_lines(log_since(self.log, self._log_offset))}"
        )

    def _signal(self, number: signal.Signals) -> None:
        # The session is also a process group: it still exists when the process itself has ended but left children.
        assert self._process is not None
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            self._process.poll()


def processes_with_open(path: Path) -> dict[int, str]:
    """Number and name of each process that has a file open, as far as this user may see."""
    found = {}
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if any(Path(file.path) == path.resolve() for file in process.open_files()):
                found[process.pid] = process.info["name"]
    return found


@contextmanager
def stop_signals_raise() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP interrupt like Ctrl-C, so that `finally` and `with` run."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def watch(children: Sequence[Child]) -> None:
    """Wait until Ctrl-C. Raises LocalStackError when a child ends by itself."""
    while True:
        for child in children:
            if child.exit_code() is not None:
                raise child.failure(f"ended with exit code {child.exit_code()}")
        time.sleep(POLL_SECONDS)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _answers(url: str) -> bool:
    # No proxy: the address is on loopback, whatever HTTP_PROXY says.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return 200 <= answer.status < 300
    except (urllib.error.URLError, OSError):
        return False
