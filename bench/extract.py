"""How fast does one table leave PostgreSQL for Parquet, by the tools that people would take?

The table is sales_sale of a generated shop, 18 columns. The limit is COPY, which writes nothing. CPU is that of the reader and of
PostgreSQL together; memory is the reader's.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import quote

import psutil

from bench.measured import Measurement, measure
from bench.results import Bench, Result, machine
from booksales.local_stack.jars import ensure_jars
from booksales.local_stack.java import java_home
from booksales.local_stack.postgres import EmbeddedPostgres
from datagen.plan import ShopPlan
from datagen.shop import generate_shop
from jobs_config.progress import Progress
from jobs_config.state import StateFolder, open_state

PEERS = Path(__file__).parent / "peers"
LIMIT = "COPY TO STDOUT (the limit)"
UNTIL = date(2025, 6, 30)


@dataclass(frozen=True)
class Contestant:
    """A script, the Python that runs it, and a word about it."""

    name: str
    python: str
    script: str
    note: str = ""


def contestants(environment: Path) -> list[Contestant]:
    """Without an environment of the peers, the limit and Spark alone."""
    found = [
        Contestant(LIMIT, sys.executable, "extract_copy.py", "two halves, nothing is written"),
        Contestant(
            "Spark JDBC as documented", sys.executable, "extract_spark.py", "ranges of the key, session included"
        ),
    ]
    python = environment / "bin" / "python"
    if python.exists():
        found += [
            Contestant("ConnectorX", str(python), "extract_connectorx.py", "two partitions of the key"),
            Contestant("ADBC", str(python), "extract_adbc.py", "two halves"),
            Contestant("dlt", str(python), "extract_dlt.py", "by ConnectorX"),
            Contestant("DuckDB postgres scanner", str(python), "extract_duckdb.py", "two threads"),
        ]
    return found


def run(sales: int, runs: int, environment: Path, only: str, command: str) -> Bench:
    """Every contestant `runs` times, in turn, on a shop that is made for it."""
    chosen = [each for each in contestants(environment) if only in each.name]
    taken: dict[str, list[Measurement]] = {each.name: [] for each in chosen}
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        state = open_state(Path(home) / "booksales")
        with source_of(state, sales) as (variables, server):
            for _ in range(runs):
                for each in chosen:
                    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                        before = cpu_seconds(server)
                        measured = measure([each.python, str(PEERS / each.script), folder], variables)
                        of_server = cpu_seconds(server) - before
                        sizes[each.name] = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
                    taken[each.name].append(replace(measured, cpu_seconds=round(measured.cpu_seconds + of_server, 2)))
                    print(f"{each.name}: {taken[each.name][-1]}", file=sys.stderr)
    results = [
        Result(each.name, sales, sizes[each.name], [run.as_values() for run in taken[each.name]], each.note)
        for each in chosen
    ]
    return Bench("extract", command, machine(), results)


@contextmanager
def source_of(state: StateFolder, sales: int) -> Iterator[tuple[dict[str, str], psutil.Process]]:
    """A shop of so many sales: how scripts find it, and its server."""
    postgres, progress = EmbeddedPostgres(state), Progress()
    postgres.start()
    try:
        generate_shop(postgres.owner_dsn(), ShopPlan(sales, until=UNTIL), progress)
        java = java_home(state)
        jars = ensure_jars(state, java, progress)
        user, place = postgres.reader_url().removeprefix("postgresql://").split("@")
        variables = {
            "BENCH_SOURCE_URL": f"postgresql://{user}:{quote(postgres.reader_password())}@{place}",
            "BENCH_SPARK_JARS": ",".join(str(jar) for jar in jars),
            "JAVA_HOME": str(java),
        }
        status = postgres.status()
        assert status.pid is not None
        yield variables, psutil.Process(status.pid)
    finally:
        postgres.stop()


def cpu_seconds(server: psutil.Process) -> float:
    """What a server and its processes, ended ones too, have taken so far."""
    times = server.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for process in server.children():
        own = process.cpu_times()
        total += own.user + own.system
    return total
