"""A run that is told to stop, or is killed: what it leaves, and what the next one does."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from tempfile import NamedTemporaryFile

import psutil
import psycopg2
import pytest
from few_rows import FEW_ROWS
from oracle import differences, held_rows, source_rows

from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.verify import Comparison, verify
from jobs_config.errors import ExitCode
from jobs_config.state import StateFolder, open_state
from spark_jobs.control.lease import is_held
from spark_jobs.control.run_ledger import RunLedger
from warehouse.embedded.generations import kept_generations, read_pointer
from warehouse.embedded.warehouse import EmbeddedWarehouse

pytestmark = pytest.mark.slow

PROGRAM = str(Path(sys.executable).parent / "booksales")
STAGES = {
    "while extracting": "extract …",
    "in silver": "clean and check",
    "in gold": "model the star",
    "publishing": "publish …",
}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateFolder]:
    """A small shop, published once."""
    home = tmp_path_factory.mktemp("stopped") / "booksales"
    environment = {**os.environ, "BOOKSALES_HOME": str(home)}
    subprocess.run([PROGRAM, "demo", "--no-serve", "--sales", "2000"], env=environment, check=True, capture_output=True)
    subprocess.run([PROGRAM, "source", "start"], env=environment, check=True, capture_output=True)
    state = open_state(home)
    yield state
    EmbeddedPostgres(state).stop()


def reload_until(state: StateFolder, said: str) -> subprocess.Popen[str]:
    """A reload that has just said what is looked for."""
    environment = {**os.environ, "BOOKSALES_HOME": str(state.root)}
    process = subprocess.Popen([PROGRAM, "reload"], env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if re.match(said, line):
            return process
    raise AssertionError(f"the reload ended with {process.wait()} and never said {said!r}")


def below(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def ended(process: subprocess.Popen[str], others: list[psutil.Process]) -> int:
    """The exit code; nothing that it started is left."""
    if process.stderr is not None:
        process.stderr.close()
    code = process.wait(60)
    assert psutil.wait_procs(others, timeout=30)[1] == []
    return code


def verified(state: StateFolder) -> int:
    return subprocess.run(
        [PROGRAM, "verify"], env={**os.environ, "BOOKSALES_HOME": str(state.root)}, capture_output=True
    ).returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_ends_the_run_in_good_order(installation: StateFolder, number: signal.Signals) -> None:
    served = read_pointer(installation.warehouse)
    process = reload_until(installation, "clean and check")
    others = below(process)

    process.send_signal(number)

    assert ended(process, others) == ExitCode.INTERRUPTED
    assert RunLedger(installation.ledger_url).runs(1)[0]["state"] == "interrupted"
    assert not is_held(installation.lock_file)
    assert read_pointer(installation.warehouse) == served


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_a_killed_run_leaves_the_old_version_serving_and_the_next_run_succeeds(
    installation: StateFolder, stage: str
) -> None:
    served = read_pointer(installation.warehouse)
    process = reload_until(installation, stage)
    others = below(process)
    time.sleep(0.5)

    for victim in (*others, psutil.Process(process.pid)):
        victim.kill()

    assert ended(process, others) == -signal.SIGKILL
    assert read_pointer(installation.warehouse).generation in (served.generation, served.generation + 1)
    assert verified(installation) == ExitCode.DONE
    assert not is_held(installation.lock_file)


def test_after_all_that_a_reload_is_as_good_as_the_first(installation: StateFolder) -> None:
    served = read_pointer(installation.warehouse).generation
    environment = {**os.environ, "BOOKSALES_HOME": str(installation.root)}

    code = subprocess.run([PROGRAM, "reload"], env=environment, capture_output=True).returncode

    assert code == ExitCode.DONE
    assert read_pointer(installation.warehouse).generation == served + 1
    assert served + 1 in kept_generations(installation.warehouse)
    assert verified(installation) == ExitCode.DONE


KILLS = 200
IN_A_ROW = 4
RELOADS_TAKE = 1.5
# A few rows: compiling for them costs more than running. Spark reads its settings from the JVM's properties. With one
# compiler the JVM takes 48 MB for code, which a sync of many changes fills.
FOR_FEW_ROWS = " ".join(
    [
        "-XX:TieredStopAtLevel=1",
        "-XX:ReservedCodeCacheSize=240m",
        *(f"-D{name}={value}" for name, value in FEW_ROWS.items()),
    ]
)


@pytest.fixture(scope="module")
def seconds_of_a_sync() -> list[float]:
    """What undisturbed syncs took here, the last one at the end: a moment of a run's life depends on what else the machine does."""
    return [30.0]


@pytest.mark.parametrize("number", range(0, KILLS, IN_A_ROW))
def test_runs_killed_at_any_moment_one_after_the_other_lose_nothing(
    installation: StateFolder,
    seconds_of_a_sync: list[float],
    record_property: Callable[[str, str], None],
    number: int,
) -> None:
    """Some of many: the process group of a sync, every tenth time of a reload, is killed at a random moment of its life."""
    random = Random(number)
    environment = {**os.environ, "BOOKSALES_HOME": str(installation.root), "JDK_JAVA_OPTIONS": FOR_FEW_ROWS}
    dsn = EmbeddedPostgres(installation).owner_dsn()
    for kill in range(number, number + IN_A_ROW):
        kind = "reload" if kill % 10 == 9 else "sync"
        change_a_few(dsn, random)
        served = read_pointer(installation.warehouse)
        life = seconds_of_a_sync[-1] * (RELOADS_TAKE if kind == "reload" else 1)
        code, phase = killed(installation, kind, random.uniform(0.5, life), environment)
        record_property(f"{kind} killed in", phase)

        # The control: without a rerun the oracle sees what is missing, unless the run was quicker than we.
        now = read_pointer(installation.warehouse)
        missing = differences(source_rows(dsn), held_rows(installation.lake, installation.warehouse))
        assert now.generation in (served.generation, served.generation + 1)
        assert (missing == {}) == (now != served)
        assert code in (ExitCode.DONE, -signal.SIGKILL)
        assert disagreements(installation) == []

    began = time.monotonic()
    assert subprocess.run([PROGRAM, "sync"], env=environment, capture_output=True).returncode == ExitCode.DONE
    seconds_of_a_sync.append(time.monotonic() - began)
    assert differences(source_rows(dsn), held_rows(installation.lake, installation.warehouse)) == {}
    assert disagreements(installation) == []


def killed(state: StateFolder, kind: str, after_seconds: float, environment: dict[str, str]) -> tuple[int, str]:
    """The exit code of a run of which every process is killed after a time, and the phase that it was in."""
    with NamedTemporaryFile("w+") as said:
        process = subprocess.Popen([PROGRAM, kind], env=environment, stderr=said, text=True)
        with suppress(subprocess.TimeoutExpired):
            process.wait(after_seconds)
        others = below(process) if process.poll() is None else []
        for victim in (*others, process):
            victim.kill()
        code = ended(process, others)
        said.seek(0)
        begun = [line.removesuffix(" …\n") for line in said if line.endswith(" …\n")]
    return code, begun[-1] if begun else "before Spark"


def disagreements(state: StateFolder) -> list[Comparison]:
    """What source, lake and warehouse say differently of the run that serves."""
    compared = verify(RunLedger(state.ledger_url), str(state.lake), EmbeddedWarehouse(state.warehouse))
    return [comparison for comparison in compared if not comparison.agrees]


CHANGES = """
insert into sales_sale (order_id, line_number, kind, book_id, store_id, sold_at, unit_price, quantity, currency)
select (select max(order_id) + 1 from sales_sale), 1, 'sale', book_id, store_id, sold_at, unit_price, 1, currency
from sales_sale where kind = 'sale' and id >= %(low)s limit 1;
update sales_sale set quantity = quantity + 1 where id = (select min(id) from sales_sale where kind = 'sale' and id >= %(high)s);
update books_book set list_price = list_price + 1 where id %% 7 = %(seventh)s;
delete from sales_sale where id = (select min(id) from sales_sale where kind = 'return' and id >= %(low)s);
"""
# What no time and no tombstone shows.
SILENT_CHANGES = """
set session_replication_role = replica;
update sales_sale set tax_amount = tax_amount + 0.01 where id = (select min(id) from sales_sale where kind = 'sale' and id >= %(low)s);
delete from sales_sale where id = (select max(id) from sales_sale where kind = 'return' and id <= %(high)s)
"""


def change_a_few(dsn: str, random: Random) -> None:
    """New, changed and deleted rows, some of them changed or deleted without a trace."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select min(id), max(id) from sales_sale")
        lowest, highest = cursor.fetchone() or (0, 0)
        values = {
            "low": random.randint(lowest, highest // 2),
            "high": random.randint(highest // 2, highest - 10),
            "seventh": random.randrange(7),
        }
        cursor.execute(CHANGES, values)
        cursor.execute(SILENT_CHANGES, values)
