"""The state machines, executed: their turns, retries and failures, with local processes for jobs and a ledger on PostgreSQL."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from state_machines import Execution, Retries, StateMachines, definition, machines_over_stand_ins

from booksales.local_stack.postgres import EmbeddedPostgres
from spark_jobs.control.lease_row import row_lease
from spark_jobs.control.run_ledger import RunLedger

GLUE, EMR = "glue", "emr-serverless"
RUNTIMES = (GLUE, EMR)
# The other runtime differs in how a job is started alone, which one fast test shows.
SLOWLY_ON_EMR = (GLUE, pytest.param(EMR, marks=pytest.mark.slow))
CAME_THROUGH = [
    "HasFlag",
    "SetDefaultFlag",
    "WaitForLease",
    "Run",
    "ReadOutcome",
    "QualityGate",
    "SmokeQuery",
    "Notify",
    "Done",
]
FAILED_IN_RUN = ["HasFlag", "SetDefaultFlag", "WaitForLease", "Run", "RecordFailure", "NotifyFailure", "Failed"]


class Stage:
    """Machines over stand-in jobs: what jobs are told to do, what they were called with, and the ledger they keep."""

    def __init__(self, machines: StateMachines, folder: Path, ledger_url: str) -> None:
        self._machines, self._folder, self._ledger_url = machines, folder, ledger_url
        self.ledger = RunLedger(ledger_url)

    def run(self, machine: str, orders: str = "", runtime: str = "glue", **given: object) -> Execution:
        """Execute a machine; each job that it starts follows the next order."""
        (self._folder / "orders").write_text(orders)
        (self._folder / "calls").unlink(missing_ok=True)
        self._machines.heard()
        places = [f"--ledger={self._ledger_url}", "--lake=s3://lake/lake", "--set=time_zone=Europe/Berlin"]
        return self._machines.run(
            definition(machine, runtime, places, self._machines.topic, Retries(lease_wait=2)), given
        )

    def calls(self) -> list[list[str]]:
        """The command line of each job that was started."""
        path = self._folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def heard(self) -> list[tuple[str, str]]:
        """Outcome and subject of each message since the run began."""
        return [(message["outcome"], message["subject"]) for message in self._machines.heard()]

    def newest(self) -> tuple[str, str, str]:
        """Execution, state and detail of the newest run in the ledger."""
        (run,) = self.ledger.runs(1)
        return run["execution"], run["state"], run["detail"]


@pytest.fixture(scope="module")
def stage(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("machines")
    names = ("pipeline", "shop", "main.py", "generate.py")
    with machines_over_stand_ins(postgres, "machines", folder, names) as (machines, url):
        yield Stage(machines, folder, url)


@pytest.mark.parametrize(
    ("verb", "runtime"),
    [
        *(("sync", runtime) for runtime in RUNTIMES),
        *(pytest.param(verb, GLUE, marks=pytest.mark.slow) for verb in ("reload", "sweep", "maintain")),
    ],
)
def test_a_run_that_comes_through_is_asked_a_question_and_told(stage: Stage, verb: str, runtime: str) -> None:
    ended = stage.run(verb, runtime=runtime)

    assert (ended.status, ended.states) == ("SUCCEEDED", CAME_THROUGH), ended.cause
    run, question = stage.calls()
    assert run == [
        verb, *question[1:4], f"--execution={ended.name}", "--log-format=json", "--log-format=json",
    ]  # fmt: skip
    assert question[0] == "smoke"
    assert question[2:4] == ["--lake=s3://lake/lake", "--set=time_zone=Europe/Berlin"]
    assert stage.newest() == (ended.name, "published", "")
    (message,) = stage.heard()
    assert message == ("done", f"booksales-test {verb} run {stage.ledger.runs(1)[0]['run_seq']}: published")


@pytest.mark.slow
def test_an_argument_of_the_execution_goes_to_the_job(stage: Stage) -> None:
    ended = stage.run("sync", flag="--approve-deletes")

    assert ended.states == [state for state in CAME_THROUGH if state != "SetDefaultFlag"]
    assert stage.calls()[0][-1] == "--approve-deletes"


def test_too_much_in_quarantine_is_told_and_what_was_published_stays(stage: Stage) -> None:
    ended = stage.run("reload", "quarantine")

    assert ended.status == "SUCCEEDED"
    assert ended.states[5:7] == ["QualityGate", "NotifyAttention"]
    assert [outcome for outcome, _ in stage.heard()] == ["attention", "done"]


@pytest.mark.parametrize("runtime", SLOWLY_ON_EMR)
def test_a_job_that_fails_once_is_started_again(stage: Stage, runtime: str) -> None:
    ended = stage.run("sync", "fail", runtime=runtime)

    assert (ended.status, ended.states) == ("SUCCEEDED", CAME_THROUGH), ended.cause
    assert [call[0] for call in stage.calls()] == ["sync", "sync", "smoke"]
    assert [run["state"] for run in stage.ledger.runs(2)] == ["published", "failed"]
    assert [outcome for outcome, _ in stage.heard()] == ["done"]


@pytest.mark.parametrize("runtime", SLOWLY_ON_EMR)
def test_a_job_that_fails_twice_is_told_and_its_own_words_stay(stage: Stage, runtime: str) -> None:
    ended = stage.run("sync", "fail fail", runtime=runtime)

    assert (ended.status, ended.error, ended.states) == ("FAILED", "RunFailed", FAILED_IN_RUN), ended.cause
    assert ended.cause.startswith("States.TaskFailed: ")
    assert [call[0] for call in stage.calls()] == ["sync", "sync"]
    assert stage.newest() == (ended.name, "failed", "silver.sales: 3 of 9 rows fail has_book")
    assert stage.heard() == [("failed", "booksales-test sync failed")]


@pytest.mark.slow
def test_a_killed_job_is_closed_once_its_lease_has_expired(stage: Stage) -> None:
    # The second attempt is refused by the lease of the first, as a job's would be.
    ended = stage.run("sync", "die refuse")

    assert ended.status == "FAILED"
    assert ended.states[-3:] == ["RecordFailure", "NotifyFailure", "Failed"]
    execution, state, detail = stage.newest()
    assert (execution, state) == (ended.name, "failed")
    assert detail.startswith(f"execution {ended.name}: States.TaskFailed: ")
    assert "the shop cannot be reached" in detail


@pytest.mark.slow
def test_a_job_that_never_begins_leaves_a_failed_run(stage: Stage) -> None:
    before = stage.ledger.runs(1)[0]["run_seq"]

    ended = stage.run("reload", "refuse refuse")

    assert ended.states == FAILED_IN_RUN
    (run,) = stage.ledger.runs(1)
    assert (run["run_seq"], run["kind"], run["state"], run["execution"]) == (before + 1, "reload", "failed", ended.name)
    assert stage.heard() == [("failed", "booksales-test reload failed")]


@pytest.mark.slow
def test_a_job_that_ends_well_without_a_run_is_a_failure(stage: Stage) -> None:
    ended = stage.run("sync", "silent")

    assert (ended.status, ended.error) == ("FAILED", "RunFailed")
    assert ended.cause.startswith("NoRunError: ")
    assert stage.newest()[:2] == (ended.name, "failed")
    assert [outcome for outcome, _ in stage.heard()] == ["failed"]


@pytest.mark.slow
def test_a_publication_that_does_not_answer_is_told_while_the_run_stays_published(stage: Stage) -> None:
    ended = stage.run("sync", "done refuse refuse")

    assert ended.states[-4:] == ["SmokeQuery", "RecordFailure", "NotifyFailure", "Failed"]
    assert stage.newest() == (ended.name, "published", "")
    assert [outcome for outcome, _ in stage.heard()] == ["failed"]


def test_a_machine_waits_for_its_turn_and_starts_nothing_before(stage: Stage) -> None:
    with row_lease(stage._ledger_url, "reload"):
        ended = stage.run("sync")

    assert (ended.status, ended.error) == ("FAILED", "RunFailed")
    assert ended.cause.startswith("LeaseHeldError: ")
    assert "`booksales reload` (process" in ended.cause
    assert stage.calls() == []
    assert stage.newest()[:2] == (ended.name, "failed")
    assert [outcome for outcome, _ in stage.heard()] == ["failed"]


@pytest.mark.parametrize("runtime", SLOWLY_ON_EMR)
def test_test_data_are_made_as_large_as_was_asked(stage: Stage, runtime: str) -> None:
    ended = stage.run("generate", runtime=runtime, sales=5000, years=2, seed=3, faults=0)

    assert (ended.status, ended.states) == ("SUCCEEDED", ["Generate", "Notify", "Done"]), ended.cause
    assert stage.calls()[0][:4] == ["--sales=5000", "--years=2", "--seed=3", "--faults=0"]
    assert stage.heard() == [("done", "booksales-test test data is there")]


@pytest.mark.slow
def test_test_data_that_fail_are_in_the_ledger_and_told(stage: Stage) -> None:
    ended = stage.run("generate", "refuse refuse", sales=5000, years=2, seed=3, faults=0)

    assert ended.states == ["Generate", "RecordFailure", "NotifyFailure", "Failed"]
    assert stage.ledger.runs(1)[0]["kind"] == "generate"
    assert stage.heard() == [("failed", "booksales-test test data failed")]
