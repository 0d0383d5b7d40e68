"""What do the pipeline's jobs take on a generated shop: its load, full reloads by both readers, and syncs of what a day changes?

PostgreSQL stands for somebody else's server: its CPU and memory are not counted, its use of the machine is. Jobs run one after the
other on the same shop, each from its command line, so that starting Spark counts.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measured import Measurement, measure
from bench.results import Bench, Result, machine

UNTIL = "2025-06-30"
PHASE = re.compile(r"^✓ (.+?)(?:: .*)? \((\d+\.\d) s\)$", re.MULTILINE)
LOAD = "load into PostgreSQL"
CHANGES = ("--sales=55000", "--corrections=10000", "--soft-deletes=250", "--hard-deletes=250")


@dataclass(frozen=True)
class Job:
    """A command, settings that it runs under, the change of the shop before it, and a word about it."""

    name: str
    line: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()
    change: tuple[str, ...] = ()
    note: str = ""


def jobs(sales: int) -> list[Job]:
    """In the order in which they run. Changes are those of the promise about 100 million sales, and fewer in smaller shops."""
    columnar, changes = (("BOOKSALES_READER", "columnar"),), CHANGES if sales >= 10_000_000 else ()
    return [
        Job(LOAD, ("generate", f"--sales={sales}", f"--until={UNTIL}"), note="indexes and checks of keys included"),
        Job("reload, columnar reader", ("reload",), columnar),
        Job("reload, JDBC reader", ("reload",)),
        Job("sync of a day", ("sync",), columnar, ("simulate-day", *changes), "changes along the lateness curve"),
        Job("sync of a day, spread", ("sync",), columnar, ("simulate-day", "--even", *changes), "changes in all years"),
        Job("sync of nothing", ("sync",), columnar, note="sweeps included"),
    ]


def run(sales: int, runs: int, only: str, home: Path, command: str) -> Bench:
    """Every job `runs` times in turn, the load once; a shop that `home` holds already is taken as it is. Names are of what ran."""
    chosen = [job for job in jobs(sales) if job.name.startswith(only)]
    taken: dict[str, list[Measurement]] = {job.name: [] for job in chosen}
    written: dict[str, int] = {}
    has_shop = (home / "source").exists()
    with source_of(home):
        for job in chosen:
            if job.name == LOAD and has_shop:
                continue
            for _ in range(1 if job.name == LOAD else runs):
                if job.change:
                    subprocess.run(_line(job.change), env=_environment(home), check=True)
                before = _bytes_below(home)
                taken[job.name].append(measure(_line(job.line), {"BOOKSALES_HOME": str(home), **dict(job.settings)}))
                written[job.name] = max(0, _bytes_below(home) - before)
                print(f"{job.name}: {taken[job.name][-1]}", file=sys.stderr)
    results = [_result(job, sales, taken[job.name], written[job.name]) for job in chosen if taken[job.name]]
    return Bench("pipeline", command, machine(), results)


def _result(job: Job, sales: int, taken: list[Measurement], written: int) -> Result:
    return Result(job.name, sales, written, [each.as_values() for each in taken], job.note, _phases(taken[-1].said))


@contextmanager
def source_of(home: Path) -> Iterator[None]:
    """A server that is nobody's child, so that no job is charged with it; it is stopped at the end."""
    subprocess.run(_line(("source", "start")), env=_environment(home), check=True, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        subprocess.run(_line(("source", "stop")), env=_environment(home), check=True, stdout=subprocess.DEVNULL)


def _line(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "booksales.cli", *arguments]


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "BOOKSALES_HOME": str(home)}


def _bytes_below(home: Path) -> int:
    """Of lake and warehouse: what jobs leave behind."""
    return sum(
        path.lstat().st_size for name in ("lake", "warehouse") for path in (home / name).rglob("*") if path.is_file()
    )


def _phases(said: str) -> dict[str, float]:
    """Seconds that each phase has taken, as the job itself says."""
    return {name: float(seconds) for name, seconds in PHASE.findall(said)}
