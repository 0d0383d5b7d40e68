"""Raw results as JSON: what was measured, on which machine, by which command."""

import json
import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil

from jobs_config.machine import MEGABYTE

RESULTS = Path(__file__).parent / "results"
OURS = "ours"


@dataclass(frozen=True)
class Result:
    """One contestant at one size: every run, in the order they were made; seconds of the last one's phases, where it tells them."""

    name: str
    rows: int
    bytes: int
    runs: list[dict[str, float]]
    note: str = ""
    phases: dict[str, float] = field(default_factory=dict)

    def median(self, what: str) -> float:
        return statistics.median(run[what] for run in self.runs)

    @property
    def cpu_micros_per_row(self) -> float:
        return self.median("cpu_seconds") / self.rows * 1e6


@dataclass(frozen=True)
class Bench:
    """The results of one bench at one size."""

    bench: str
    command: str
    machine: dict[str, str | int]
    results: list[Result]


def machine() -> dict[str, str | int]:
    """Facts about the machine, none of which names it."""
    cpu = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": psutil.virtual_memory().total // MEGABYTE,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "pyarrow": version("pyarrow"),
    }


def write(bench: Bench, folder: Path) -> Path:
    """One file per bench and size."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{bench.bench}_{size(bench)}.json"
    path.write_text(json.dumps(asdict(bench), indent=2) + "\n")
    return path


def read(path: Path) -> Bench:
    values = json.loads(path.read_text())
    return Bench(**{**values, "results": [Result(**result) for result in values["results"]]})


def reference(bench: Bench) -> Result:
    """What the others are compared with: ours, or the first where we do not take part."""
    return next((result for result in bench.results if result.name.startswith(OURS)), bench.results[0])


def size(bench: Bench) -> str:
    """The rows of the reference, short."""
    return in_short(reference(bench).rows)


def in_short(rows: int) -> str:
    """A number of rows: 100k, 1m, 100m."""
    return f"{round(rows / 1_000_000)}m" if rows >= 1_000_000 else f"{rows // 1_000}k"


def table(bench: Bench) -> str:
    """The results as a table of Markdown; the ratio is that of CPU per row against the reference."""
    against = reference(bench)
    lines = [
        "| who | rows | wall s | M rows/s | CPU µs per row | ratio | peak MiB | B per row | load before | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for result in sorted(bench.results, key=lambda result: result.cpu_micros_per_row):
        seconds, cpu = result.median("seconds"), result.cpu_micros_per_row
        cells = [
            result.name, f"{result.rows:,}", f"{seconds:.1f}", f"{result.rows / seconds / 1e6:.2f}", f"{cpu:.2f}",
            f"{cpu / against.cpu_micros_per_row:.2f}", f"{result.median('peak_pss_mb'):,.0f}",
            f"{result.bytes / result.rows:.0f}", f"{result.median('load_before'):.1f}", result.note,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _lines(path: str) -> Iterable[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else ()


def spread(milliseconds: list[float]) -> dict[str, float]:
    """Median, the slowest of twenty and of a hundred, the slowest of all, and how many."""
    cuts = statistics.quantiles(milliseconds, n=100, method="inclusive") if len(milliseconds) > 1 else milliseconds * 99
    named = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "longest": max(milliseconds)}
    return {**{name: round(value, 1) for name, value in named.items()}, "count": len(milliseconds)}
