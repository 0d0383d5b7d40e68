"""The main job with its run ledger and lease on PostgreSQL: a run whose lease is taken away publishes nothing."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from psycopg2.extensions import parse_dsn

from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.errors import ExitCode
from jobs_config.state import StateFolder, open_state
from spark_jobs.control.database import PASSWORD_VARIABLE
from spark_jobs.control.lease_row import row_holder
from spark_jobs.control.run_ledger import RunLedger
from warehouse.embedded.generations import kept_generations, read_pointer

pytestmark = pytest.mark.slow

PROGRAM = str(Path(sys.executable).parent / "booksales")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StateFolder, dict[str, str]]]:
    """A small shop, and a control database beside it, with the environment that names both."""
    state = open_state(tmp_path_factory.mktemp("server") / "booksales")
    postgres = EmbeddedPostgres(state)
    environment = {**os.environ, "BOOKSALES_HOME": str(state.root)}
    booksales(environment, "generate", "--sales", "2000")
    postgres.create_database("control")
    told = parse_dsn(postgres.owner_dsn("control"))
    environment["BOOKSALES_LEDGER_URL"] = f"postgresql+psycopg2://{told['user']}@{told['host']}:{told['port']}/control"
    environment[PASSWORD_VARIABLE] = told["password"]
    with pytest.MonkeyPatch.context() as here:
        here.setenv(PASSWORD_VARIABLE, told["password"])
        yield state, environment
    postgres.stop()


def booksales(environment: Mapping[str, str], *arguments: str) -> int:
    return subprocess.run([PROGRAM, *arguments], env=environment, capture_output=True, check=False).returncode


def test_a_run_whose_lease_was_taken_away_publishes_nothing_and_the_next_one_does(
    installation: tuple[StateFolder, dict[str, str]],
) -> None:
    state, environment = installation
    assert booksales(environment, "reload") == ExitCode.DONE
    served = read_pointer(state.warehouse)

    with subprocess.Popen([PROGRAM, "reload"], env=environment, stderr=subprocess.PIPE, text=True) as late:
        assert late.stderr is not None
        next(line for line in late.stderr if re.match("clean and check", line))
        refused = booksales(environment, "unlock")
        holder = row_holder(environment["BOOKSALES_LEDGER_URL"])
        taken = booksales(environment, "unlock", "--force", "--yes")
        said = late.stderr.read()

    assert (refused, taken, late.returncode) == (ExitCode.REFUSED, ExitCode.DONE, ExitCode.REFUSED)
    assert "the writer's lease was taken over by `booksales unlock`" in said
    assert read_pointer(state.warehouse) == served
    assert kept_generations(state.warehouse) == [served.generation]
    ledger = RunLedger(environment["BOOKSALES_LEDGER_URL"])
    assert [(run["run_seq"], run["state"]) for run in ledger.runs()] == [(2, "failed"), (1, "published")]
    assert holder is not None
    assert holder.run_seq == 2

    assert booksales(environment, "reload") == ExitCode.DONE
    assert booksales(environment, "verify") == ExitCode.DONE
    assert read_pointer(state.warehouse).run_seq == 3
    assert not (state.root / "ledger.db").exists()
