"""How long does the main job take, from nothing to a published shop, and how much memory?

    python -m bench.main_job --sales 1000000 --out bench/results/main_job.json

Runs `booksales demo --no-serve` in a state folder of its own and samples the memory of every process below it: PSS, so that
shared pages count once. PostgreSQL, which stands for somebody else's server, is counted apart.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from bench.measured import machine_in_words
from jobs_config.machine import MEGABYTE

SAMPLE_SECONDS = 0.5
PHASE = re.compile(r"^✓ (.+?)(?:: .*)? \((\d+\.\d) s\)$")


class Memory(threading.Thread):
    """Samples the memory below a process until it ends; peaks in MiB."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self.peaks = {"pipeline_pss_mb": 0, "postgres_pss_mb": 0}

    def run(self) -> None:
        while self._root.is_running() and self._root.status() != psutil.STATUS_ZOMBIE:
            self._sample()
            time.sleep(SAMPLE_SECONDS)

    def _sample(self) -> None:
        now = dict.fromkeys(self.peaks, 0)
        for process in psutil.process_iter(["name"]):
            is_postgres = process.info["name"] == "postgres"
            try:
                if is_postgres or self._root in process.parents() or process == self._root:
                    pss = process.memory_full_info().pss // MEGABYTE
                    now["postgres_pss_mb" if is_postgres else "pipeline_pss_mb"] += pss
            except psutil.Error:
                continue
        self.peaks = {name: max(peak, now[name]) for name, peak in self.peaks.items()}


def measure(sales: int, home: Path) -> dict[str, object]:
    """Run the job once; raises CalledProcessError when it fails."""
    load, began = os.getloadavg(), time.monotonic()
    line = [sys.executable, "-m", "booksales.cli", "demo", "--no-serve", "--sales", str(sales)]
    environment = {**os.environ, "BOOKSALES_HOME": str(home)}
    with subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True) as job:
        memory = Memory(job.pid)
        memory.start()
        assert job.stderr is not None
        said = [text.rstrip() for text in job.stderr]
    seconds = time.monotonic() - began
    if job.returncode:
        raise subprocess.CalledProcessError(job.returncode, line, stderr="\n".join(said))
    phases = {match[1]: float(match[2]) for text in said if (match := PHASE.match(text))}
    return {
        "sales": sales,
        "seconds": round(seconds, 1),
        "phases": phases,
        **memory.peaks,
        "machine": machine_in_words(),
        "load_before": load,
        "output": said,
    }


def main() -> int:
    """Measure what the arguments ask for and write it down."""
    parser = argparse.ArgumentParser(description="Time the main job and watch its memory.")
    parser.add_argument("--sales", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parsed = parser.parse_args()
    results = []
    for _ in range(parsed.runs):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            result = measure(parsed.sales, Path(folder) / "booksales")
        # Where it ran is nobody's business.
        result["output"] = [text.replace(folder, "") for text in result["output"]]  # type: ignore[attr-defined]
        print(json.dumps({name: value for name, value in result.items() if name != "output"}))
        results.append(result)
    parsed.out.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
