"""Run a command and say what it took: wall time, CPU seconds and memory of the whole tree of processes."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

MEGABYTE = 1 << 20
SAMPLE_SECONDS = 0.25
LONGEST_SECONDS = 7200


class BenchError(Exception):
    """A contestant failed; its result would mean nothing."""


@dataclass(frozen=True)
class Measurement:
    """What one run took. CPU is that of the command and everything below it; memory is PSS, so that shared pages count once."""

    seconds: float
    cpu_seconds: float
    peak_pss_mb: int
    load_before: float

    def as_values(self) -> dict[str, float]:
        return asdict(self)


class Memory(threading.Thread):
    """Samples the memory of a process and everything below it until it ends; the peak in MiB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self.peak_mb = 0

    def run(self) -> None:
        try:
            while self._root.status() != psutil.STATUS_ZOMBIE:
                self.peak_mb = max(self.peak_mb, self._now())
                time.sleep(SAMPLE_SECONDS)
        except psutil.Error:
            return

    def _now(self) -> int:
        total = 0
        for process in (self._root, *self._root.children(recursive=True)):
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        return total // MEGABYTE


def measure(line: Sequence[str], environment: dict[str, str] | None = None, folder: Path | None = None) -> Measurement:
    """Run a command to its end. Raises BenchError with the end of what it said when it fails."""
    load, began = os.getloadavg()[0], time.monotonic()
    with subprocess.Popen(
        line,
        env={**os.environ, **(environment or {})},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        memory = Memory(process.pid)
        memory.start()
        assert process.stdout is not None
        said = process.stdout.read()
        # Unlike `wait`, this tells what the process and its finished children took.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    memory.join()
    if process.returncode:
        raise BenchError(
            f"{Path(line[0]).name} {' '.join(line[1:3])} ended with {process.returncode}: {said.strip()[-500:]}"
        )
    return Measurement(round(seconds, 2), round(usage.ru_utime + usage.ru_stime, 2), memory.peak_mb, round(load, 1))
