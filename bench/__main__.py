"""`python -m bench generate|extract|pipeline|queries|load|table`: measure, write raw results, show them."""

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

from bench import extract, generate, load, pipeline, queries
from bench.measured import BenchError
from bench.results import RESULTS, Bench, read, table, write

ENVIRONMENT = Path(sys.prefix).parent / ".venv-bench"
BENCHES = {"generate": generate, "extract": extract, "pipeline": pipeline}


def main() -> int:
    arguments = parser().parse_args()
    if arguments.bench == "table":
        for path in arguments.files or sorted(RESULTS.glob("*_*.json")):
            if path.name.split("_")[0] in BENCHES:
                print(f"### {path.stem}\n\n{table(read(path))}\n")
        return 0
    try:
        if arguments.bench == "queries":
            print(queries.report(arguments.home, arguments.visits, arguments.out))
            return 0
        if arguments.bench == "load":
            print(load.report(arguments.home, load_asked(arguments), arguments.out))
            return 0
        bench = measured(arguments)
    except BenchError as error:
        print(f"bench {arguments.bench}: {error}", file=sys.stderr)
        return 1
    path = write(bench, arguments.out)
    print(f"{table(bench)}\n\nraw: {path}")
    return 0


def measured(arguments: argparse.Namespace) -> Bench:
    """Run the bench that was asked for. Raises BenchError."""
    command = shlex.join(
        ["python", "-m", "bench", arguments.bench, f"--sales={arguments.sales}", f"--runs={arguments.runs}"]
    )
    if arguments.bench in ("generate", "extract"):
        return BENCHES[arguments.bench].run(
            arguments.sales, arguments.runs, arguments.environment, arguments.only, command
        )
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = arguments.home or Path(folder) / "booksales"
        return pipeline.run(arguments.sales, arguments.runs, arguments.only, home, command)


def load_asked(arguments: argparse.Namespace) -> load.Asked:
    return load.Asked(
        arguments.readers,
        arguments.think,
        arguments.seconds,
        arguments.cache_mb,
        not arguments.no_swap,
        arguments.build,
    )


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m bench", description="Measure us beside others.")
    benches = top.add_subparsers(dest="bench", required=True)
    for name, module in BENCHES.items():
        bench = benches.add_parser(name, description=module.__doc__)
        bench.add_argument("--sales", type=int, default=1_000_000, help="sale lines (default: 1,000,000)")
        bench.add_argument("--runs", type=int, default=3, help="runs of each; the table shows medians (default: 3)")
        bench.add_argument("--only", default="", help="contestants whose name holds this; jobs whose name begins so")
        bench.add_argument("--out", type=Path, default=RESULTS, help="folder of the raw results")
        if name == "pipeline":
            bench.add_argument("--home", type=Path, help="state folder, kept afterwards (default: one that is removed)")
        else:
            bench.add_argument("--environment", type=Path, default=ENVIRONMENT, help="where the peers are installed")
    asked = benches.add_parser("queries", description=queries.__doc__)
    asked.add_argument("--home", type=Path, required=True, help="state folder with a publication")
    asked.add_argument("--visits", type=int, default=300, help="pages that are opened (default: 300)")
    asked.add_argument("--out", type=Path, default=RESULTS, help="folder of the raw results")
    crowd = benches.add_parser("load", description=load.__doc__)
    crowd.add_argument("--home", type=Path, required=True, help="state folder with a publication")
    crowd.add_argument("--readers", type=int, default=50, help="who look at once (default: 50)")
    crowd.add_argument("--think", type=float, default=2, help="seconds between two pages, on average (default: 2)")
    crowd.add_argument("--seconds", type=float, default=120, help="how long (default: 120)")
    crowd.add_argument("--cache-mb", type=int, default=0, help="the API's cache in MiB (default: none)")
    crowd.add_argument("--no-swap", action="store_true", help="no other publication serves meanwhile")
    crowd.add_argument("--build", action="store_true", help="build a publication on all cores beside")
    crowd.add_argument("--out", type=Path, default=RESULTS, help="folder of the raw results")
    shown = benches.add_parser("table", description="Tables of raw results.")
    shown.add_argument("files", type=Path, nargs="*", help="raw results (default: all that are kept)")
    return top


if __name__ == "__main__":
    sys.exit(main())
