"""The benches run, and their raw results are what the tables are made of. The times are not looked at."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench import generate
from bench.__main__ import BENCHES, parser
from bench.measured import BenchError, measure
from bench.results import RESULTS, Bench, Result, read, table, write

NO_PEERS = Path("/nowhere")
RUN = {"seconds": 2.0, "cpu_seconds": 4.0, "peak_pss_mb": 100, "load_before": 0.5}
BENCH = Bench(
    "generate",
    "python -m bench generate",
    {"cpu": "one", "cores": 2},
    [
        Result("ours", 1_000_000, 20_000_000, [RUN, {**RUN, "cpu_seconds": 2.0}, {**RUN, "cpu_seconds": 9.0}]),
        Result("another", 2_000_000, 20_000_000, [RUN], "half as dear"),
    ],
)


def kept():
    return [path for path in sorted(RESULTS.glob("*_*.json")) if path.name.split("_")[0] in BENCHES]


def test_what_a_command_took_counts_its_children():
    busy = "sum(i * i for i in range(6_000_000))"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{busy}'])"

    took = measure([sys.executable, "-c", child])

    assert took.cpu_seconds > 0.1
    assert took.seconds >= 0.1
    assert took.peak_pss_mb >= 5


def test_what_a_command_took_counts_children_that_nobody_waits_for():
    busy = "import time\nend = time.process_time() + 1\nwhile time.process_time() < end: pass"
    # Where SIGCHLD is ignored, the kernel adds what children took to nobody.
    ignoring = "import signal, subprocess, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    unheeded = f"{ignoring}; subprocess.run([sys.executable, '-c', {busy!r}])"

    took = measure([sys.executable, "-c", unheeded])

    assert took.cpu_seconds > 0.7


def test_a_contestant_that_fails_has_no_result_but_a_reason():
    with pytest.raises(BenchError, match="ended with 3: no such table"):
        measure([sys.executable, "-c", "import sys; print('no such table'); sys.exit(3)"])


def test_the_table_shows_medians_and_the_ratio_to_ours():
    heading, _, other, ours = table(replace(BENCH, results=BENCH.results[::-1])).splitlines()

    assert heading.startswith("| who | rows | wall s |")
    assert ours == "| ours | 1,000,000 | 2.0 | 0.50 | 4.00 | 1.00 | 100 | 20 | 0.5 |  |"
    assert other == "| another | 2,000,000 | 2.0 | 1.00 | 2.00 | 0.50 | 100 | 10 | 0.5 | half as dear |"


def test_results_are_read_as_they_were_written(tmp_path):
    path = write(BENCH, tmp_path)

    assert path.name == "generate_1m.json"
    assert read(path) == BENCH


def test_the_smallest_bench_of_generation_runs_and_is_whole():
    bench = generate.run(20_000, 1, NO_PEERS, "", "python -m bench generate --sales=20000")

    assert [result.name for result in bench.results] == ["ours", "numpy columns"]
    for result in bench.results:
        assert result.rows == 20_000
        assert result.bytes > 20_000
        assert all(set(run) == set(RUN) for run in result.runs)
    assert {"cpu", "cores", "memory_mb", "system", "python"} <= set(bench.machine)


@pytest.mark.parametrize("path", kept(), ids=lambda path: path.stem)
def test_kept_results_are_whole_and_name_the_command_that_repeats_them(path):
    bench = read(path)

    assert path.name.startswith(f"{bench.bench}_")
    words = bench.command.split()
    assert words[:3] == ["python", "-m", "bench"]
    assert parser().parse_args(words[3:]).bench == bench.bench
    assert all(result.runs and result.rows and set(result.runs[0]) == set(RUN) for result in bench.results)
    assert table(bench).count("\n") == len(bench.results) + 1
