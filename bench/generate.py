"""How fast is a shop generated, beside generators that others use?

Rows are of different kinds: ours are a shop's sales of 18 columns with what they depend on, TPC-H's mostly order lines of 16 columns
of uniform random numbers. All write Parquet with zstd, as many rows as ours has sales.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.measured import Measurement, measure
from bench.results import OURS, Bench, Result, machine

# Rows of all tables of TPC-H at scale factor 1.
TPCH_ROWS = 8_661_245
PEERS = Path(__file__).parent / "peers"
UNTIL = "2025-06-30"

Contestant = tuple[str, Callable[[Path], list[str]], str]


def contestants(sales: int, environment: Path, cores: int) -> list[Contestant]:
    """Name, command into a folder, and a word about it. Without an environment of the peers only ours and numpy run."""
    python, scale = environment / "bin" / "python", f"{sales / TPCH_ROWS:.6f}"
    generate = [
        sys.executable,
        "-m",
        "booksales.cli",
        "generate",
        f"--sales={sales}",
        f"--until={UNTIL}",
        "--to=parquet",
    ]
    all_of_them: list[Contestant] = [
        (OURS, lambda folder: [*generate, f"--out={folder / 'shop'}", f"--processes={cores}"], "a whole shop"),
        (
            "numpy columns",
            lambda folder: [sys.executable, str(PEERS / "generate_numpy.py"), str(sales), str(folder)],
            "no structure",
        ),
    ]
    if python.exists():
        tpchgen = str(environment / "bin" / "tpchgen-cli")
        all_of_them += [
            (
                "DuckDB dbgen",
                lambda folder: [str(python), str(PEERS / "generate_dbgen.py"), scale, str(folder)],
                "TPC-H",
            ),
            (
                "tpchgen-cli",
                lambda folder: [
                    tpchgen,
                    "parquet",
                    f"--scale-factor={scale}",
                    f"--output-dir={folder}",
                    "--compression=ZSTD(1)",
                ],
                "TPC-H",
            ),
        ]
    return all_of_them


def run(sales: int, runs: int, environment: Path, only: str, command: str) -> Bench:
    """Every contestant `runs` times, in turn, so that a busy minute of the machine hits all of them."""
    facts = machine()
    chosen = [each for each in contestants(sales, environment, int(facts["cores"])) if only in each[0]]
    taken: dict[str, list[Measurement]] = {name: [] for name, _, _ in chosen}
    sizes: dict[str, int] = {}
    for _ in range(runs):
        for name, line, _ in chosen:
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                taken[name].append(measure(line(Path(folder)), {"BOOKSALES_HOME": f"{folder}/home"}))
                sizes[name] = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
                shutil.rmtree(Path(folder) / "shop", ignore_errors=True)
            print(f"{name}: {taken[name][-1]}", file=sys.stderr)
    results = [
        Result(name, sales, sizes[name], [run.as_values() for run in taken[name]], note) for name, _, note in chosen
    ]
    return Bench("generate", command, facts, results)
