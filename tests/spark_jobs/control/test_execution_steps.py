"""The Lambda of the state machines, against a run ledger on PostgreSQL."""

import subprocess
import sys

import pytest

from jobs_config.errors import ConfigError
from spark_jobs.check_result import CheckResult
from spark_jobs.control.execution_steps import (
    MOST_DETAIL,
    LeaseHeldError,
    NoRunError,
    RunFailedError,
    StillRunningError,
    handler,
)
from spark_jobs.control.lease_row import row_lease
from spark_jobs.control.results import StepResult
from spark_jobs.control.run_ledger import RunLedger

NIGHT = "sync-2026-06-01"
FAILURE = {"error": "States.TaskFailed", "cause": "the job ran out of memory"}


@pytest.fixture
def ledger(control_database, monkeypatch) -> RunLedger:
    monkeypatch.setenv("BOOKSALES_LEDGER_URL", control_database)
    return RunLedger(control_database)


def asked(step: str, **more: str) -> dict[str, object]:
    return handler({"step": step, "kind": "sync", "execution": NIGHT, **more}, None)


def sales_step(rows_quarantined: int) -> StepResult:
    return StepResult("silver_sales", "silver.sales", 10_000, 10_000 - rows_quarantined, rows_quarantined, 3, 1.0)


def test_a_free_lease_lets_the_machine_go_on(ledger):
    assert asked("wait_for_lease") == {"is_free": True}


def test_a_live_lease_is_named_and_one_that_was_given_back_is_none(ledger, control_database):
    with (
        row_lease(control_database, "reload"),
        pytest.raises(LeaseHeldError, match=r"`booksales reload` \(process \d+ on "),
    ):
        asked("wait_for_lease")

    assert asked("wait_for_lease") == {"is_free": True}


def test_the_outcome_of_a_run_is_that_of_the_execution_that_started_it(ledger):
    other = ledger.start("reload", "bookstore", execution="reload-before")
    ledger.finish(other, "published")
    run_seq = ledger.start("sync", "bookstore", execution=NIGHT)
    ledger.record_step(run_seq, sales_step(0))
    ledger.finish(run_seq, "published")

    outcome = asked("read_outcome")

    said = f"Run {run_seq} (sync) is published: 1 jobs, 10,000 rows written."
    assert outcome == {"run_seq": run_seq, "state": "published", "needs_attention": False, "text": said}


def test_a_table_with_too_much_in_quarantine_needs_a_look(ledger):
    run_seq = ledger.start("sync", "bookstore", execution=NIGHT)
    ledger.record_step(run_seq, sales_step(11))
    ledger.record_quality(run_seq, [CheckResult("silver.sales", "has_rate", "quarantine", 11, 10_000)])
    ledger.finish(run_seq, "published")

    outcome = asked("read_outcome")

    assert outcome["needs_attention"] is True
    assert "silver.sales: 11 of 10,000 rows in quarantine, more than 0.1%" in str(outcome["text"])


def test_a_job_that_ended_well_without_a_run_is_a_failure(ledger):
    with pytest.raises(NoRunError, match=f"execution {NIGHT}: its job ended well, but the ledger has no run of it"):
        asked("read_outcome")


@pytest.mark.parametrize("ended", ["failed", "interrupted"])
def test_a_job_that_ended_well_while_its_run_did_not_is_a_failure(ledger, ended):
    run_seq = ledger.start("sync", "bookstore", execution=NIGHT)
    ledger.finish(run_seq, ended, "the disk is full")

    with pytest.raises(RunFailedError, match=f"run {run_seq} is {ended}: the disk is full"):
        asked("read_outcome")


def test_a_killed_run_is_closed_with_the_words_of_the_platform(ledger):
    run_seq = ledger.start("sync", "bookstore", execution=NIGHT)

    assert asked("record_failure", **FAILURE) == {"run_seq": run_seq}

    run = ledger.run(run_seq)
    assert run is not None
    assert (run["state"], run["detail"]) == (
        "failed",
        f"execution {NIGHT}: States.TaskFailed: the job ran out of memory",
    )


def test_a_run_that_closed_itself_keeps_its_own_words(ledger):
    run_seq = ledger.start("sync", "bookstore", execution=NIGHT)
    ledger.finish(run_seq, "failed", "a stop expectation failed")

    assert asked("record_failure", **FAILURE) == {"run_seq": run_seq}

    run = ledger.run(run_seq)
    assert run is not None
    assert run["detail"] == "a stop expectation failed"


def test_a_run_that_is_alive_is_not_closed(ledger, control_database):
    with row_lease(control_database, "sync") as lease:
        run_seq = RunLedger(control_database, lease).start("sync", "bookstore", execution=NIGHT)

        with pytest.raises(StillRunningError, match=f"run {run_seq} holds the lease until"):
            asked("record_failure", **FAILURE)

        run = ledger.run(run_seq)
        assert run is not None
        assert run["state"] == "running"


def test_a_job_that_never_began_leaves_a_failed_run(ledger):
    before = ledger.start("reload", "bookstore")
    ledger.finish(before, "published")
    long = "x" * MOST_DETAIL + "the end"

    assert asked("record_failure", error="Glue.EntityNotFoundException", cause=long) == {"run_seq": before + 1}

    run = ledger.run(before + 1)
    assert run is not None
    assert (run["kind"], run["state"], run["execution"]) == ("sync", "failed", NIGHT)
    assert run["detail"].endswith("the end")
    assert len(run["detail"]) < MOST_DETAIL + 50
    assert ledger.start("sync", "bookstore") == before + 2


def test_an_unknown_step_is_a_mistake_in_the_definition(ledger):
    with pytest.raises(ConfigError, match="no step 'reboot'; there are wait_for_lease, read_outcome, record_failure"):
        asked("reboot")


def test_the_lambda_needs_no_spark_and_no_warehouse():
    code = "import spark_jobs.control.execution_steps, sys; print(*{name.split('.')[0] for name in sys.modules})"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert {"pyspark", "delta", "duckdb", "pandas", "pyarrow"} & set(loaded) == set()
