"""Run a command and say what it took: wall time, CPU seconds and memory of the whole tree of processes."""

import os
import platform
import subprocess
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from jobs_config.machine import MEGABYTE

SAMPLE_SECONDS = 0.25
LONGEST_SECONDS = 7200


def machine_in_words() -> str:
    """Facts about the machine on one line, none of which names it."""
    return f"{os.cpu_count()} cores, {psutil.virtual_memory().total // MEGABYTE} MiB, {platform.platform()}"


class BenchError(Exception):
    """A contestant failed; its result would mean nothing."""


@dataclass(frozen=True)
class Measurement:
    """What one run took. CPU is that of the command and everything below it; memory is PSS, so that shared pages count once."""

    seconds: float
    cpu_seconds: float
    peak_pss_mb: int
    load_before: float
    said: str = field(default="", repr=False, compare=False)

    def as_values(self) -> dict[str, float]:
        return {name: value for name, value in vars(self).items() if name != "said"}


class Tree(threading.Thread):
    """Watches a process and everything below it until it ends: peak memory in MiB, and the CPU seconds each was last seen with."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._cpu_seconds: dict[int, float] = {}
        self.peak_mb = 0

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu_seconds.values())

    def run(self) -> None:
        try:
            while self._root.status() != psutil.STATUS_ZOMBIE:
                began = time.monotonic()
                self._look()
                # Looking at large processes takes a while itself.
                time.sleep(max(SAMPLE_SECONDS, 20 * (time.monotonic() - began)))
        except psutil.Error:
            return

    def _look(self) -> None:
        memory = 0
        for process in (self._root, *self._root.children(recursive=True)):
            try:
                memory += process.memory_full_info().pss
                times = process.cpu_times()
                self._cpu_seconds[process.pid] = times.user + times.system
            except psutil.Error:
                continue
        self.peak_mb = max(self.peak_mb, memory // MEGABYTE)


def measure(
    line: Sequence[str],
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    ends_with: Collection[int] = (0,),
) -> Measurement:
    """Run a command to its end. Raises BenchError with the end of what it said when it ends with another code."""
    load, began = os.getloadavg()[0], time.monotonic()
    with subprocess.Popen(
        line,
        env={**os.environ, **(environment or {})},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        tree = Tree(process.pid)
        tree.start()
        assert process.stdout is not None
        said = process.stdout.read()
        # Unlike `wait`, this tells what the process and its children took, but for those it did not wait for, as Spark its JVM.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    tree.join()
    if process.returncode not in ends_with:
        raise BenchError(
            f"{Path(line[0]).name} {' '.join(line[1:3])} ended with {process.returncode}: {said.strip()[-500:]}"
        )
    cpu = max(usage.ru_utime + usage.ru_stime, tree.cpu_seconds)
    return Measurement(round(seconds, 2), round(cpu, 2), tree.peak_mb, round(load, 1), said)
