"""Jobs that the API starts where state machines do the work: started, followed and cancelled, with local processes for their jobs."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from s3_server import ACCESS
from signed_in import bearer
from state_machines import StateMachines, definition, machines_over_stand_ins

from api.app import close, create_app
from api.auth.schema import JOB
from api.database import writing
from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.settings import Settings
from jobs_config.state import open_state
from spark_jobs.control.run_ledger import RunLedger

BASE = "http://127.0.0.1:8600"
GENERATE = "/api/analytics/generate-test-data/"


class Platform:
    """Machines by the names that Terraform gives them, their jobs, and an engineer who reaches them by the API."""

    def __init__(self, machines: StateMachines, folder: Path, ledger_url: str) -> None:
        self._folder = folder
        self.ledger = RunLedger(ledger_url)
        for verb in ("sync", "reload", "generate"):
            text = definition(verb, "glue", [f"--ledger={ledger_url}"], machines.topic)
            self.prefix = machines.deploy(f"booksales-test-{verb}", text).removesuffix(f"-{verb}")
        self.order("")

    def order(self, orders: str) -> None:
        """What the next jobs are to do."""
        (self._folder / "orders").write_text(orders)
        (self._folder / "calls").unlink(missing_ok=True)

    def calls(self) -> list[list[str]]:
        """The command line of each job since the last orders."""
        path = self._folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture(scope="module")
def platform(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("platform")
    with (
        machines_over_stand_ins(postgres, "api_jobs", folder, ("pipeline", "shop")) as (machines, url),
        pytest.MonkeyPatch.context() as here,
    ):
        for name, value in {**ACCESS, "AWS_ENDPOINT_URL": machines.address}.items():
            here.setenv(name, value)
        yield Platform(machines, folder, url)


@pytest.fixture
def engineer(platform: Platform, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(open_state(tmp_path / "booksales"), Settings(state_machines=platform.prefix))
    yield TestClient(app, base_url=BASE, headers=bearer(app.state.authority, "engineer"))
    close(app)


def ended(client: TestClient, job_id: str) -> dict[str, Any]:
    for _ in range(300):
        job: dict[str, Any] = client.get(f"/api/jobs/{job_id}/").json()
        if job["finished_at"]:
            return job
        time.sleep(0.1)
    raise AssertionError(f"job {job_id} does not end")


def test_a_job_is_an_execution_that_bears_its_name_in_the_ledger_too(platform: Platform, engineer: TestClient) -> None:
    platform.order("")

    started = engineer.post("/api/jobs/sync/", json={})

    assert started.status_code == 202, started.text
    job = ended(engineer, started.json()["job_id"])
    assert (job["kind"], job["state"], job["exit_code"]) == ("sync", "done", None)
    assert job["log_end"] == [f"{platform.prefix.replace('stateMachine', 'execution')}-sync:{job['job_id']}: SUCCEEDED"]
    assert [call[0] for call in platform.calls()] == ["sync", "smoke"]
    assert platform.ledger.runs(1)[0]["execution"] == job["job_id"]
    assert engineer.get("/api/jobs/").json()["jobs"][0]["state"] == "done"


def test_a_job_that_fails_says_what_its_execution_failed_of(platform: Platform, engineer: TestClient) -> None:
    platform.order("fail fail")

    job = ended(engineer, engineer.post("/api/jobs/reload/", json={}).json()["job_id"])

    assert job["state"] == "failed"
    assert job["log_end"][1] == "RunFailed"
    assert job["log_end"][2].startswith("States.TaskFailed: ")


def test_test_data_is_as_large_as_asked_for_and_wipes_nothing(platform: Platform, engineer: TestClient) -> None:
    platform.order("")

    job = ended(
        engineer, engineer.post(GENERATE, json={"sales": 5000, "years": 3, "seed": 11, "faults": 0.01}).json()["job_id"]
    )
    refused = engineer.post(GENERATE, json={"sales": 5000, "replace": True})

    assert job["state"] == "done"
    assert platform.calls()[0][:4] == ["--sales=5000", "--years=3", "--seed=11", "--faults=0.01"]
    assert refused.status_code == 409
    assert "`replace` is for an embedded shop" in refused.json()["detail"]


def test_a_rollback_is_not_for_a_reader_of_the_warehouse(engineer: TestClient) -> None:
    refused = engineer.post("/api/jobs/rollback/", json={})

    assert refused.status_code == 409
    assert "whoever may write the warehouse runs `booksales rollback`" in refused.json()["detail"]
    assert engineer.get("/api/jobs/").json()["jobs"] == []


def test_one_job_runs_at_a_time_and_is_stopped_by_cancelling_it(platform: Platform, engineer: TestClient) -> None:
    platform.order("wait")
    job_id = engineer.post("/api/jobs/sync/", json={}).json()["job_id"]
    while not platform.calls():
        time.sleep(0.05)

    second = engineer.post("/api/jobs/reload/", json={})
    cancelled = engineer.post(f"/api/jobs/{job_id}/cancel/")

    assert (second.status_code, cancelled.status_code) == (409, 202)
    assert job_id in second.json()["detail"]
    assert ended(engineer, job_id)["state"] == "cancelled"


def test_an_execution_that_is_forgotten_ended_without_a_word_and_stands_in_nobodys_way(
    platform: Platform, engineer: TestClient, tmp_path: Path
) -> None:
    lost = {"job_id": "0" * 16, "kind": "sync", "arguments": "{}", "state": "running", "started_by": "ana"}
    app: Any = engineer.app
    with writing(app.state.authority.engine) as connection:
        connection.execute(JOB.insert().values(**lost, started_at=int(time.time()) - 3_600))
    platform.order("")

    listed = engineer.get("/api/jobs/").json()["jobs"]

    assert [job["state"] for job in listed] == ["ended without a word"]
    assert engineer.get(f"/api/jobs/{lost['job_id']}/").json()["log_end"][0].endswith(": UNKNOWN")
    assert engineer.post("/api/jobs/sync/", json={}).status_code == 202


def test_a_job_is_asked_of_whoever_was_given_it_whatever_the_settings_say_by_now(
    platform: Platform, tmp_path: Path
) -> None:
    state = open_state(tmp_path / "moved")
    at_home = create_app(state, Settings())
    given_away = {"job_id": "1" * 16, "kind": "sync", "arguments": "{}", "state": "running", "started_by": "ana"}
    own = {"job_id": "2" * 16, "kind": "sync", "arguments": "{}", "state": "running", "started_by": "ana"}
    with writing(at_home.state.authority.engine) as connection:
        for row, process in ((given_away, None), (own, 2**22 - 3)):
            started = int(time.time()) - 3_600
            connection.execute(JOB.insert().values(**row, started_at=started, process_id=process))
    headers = bearer(at_home.state.authority, "engineer")

    states = []
    for app in (at_home, create_app(state, Settings(state_machines=platform.prefix))):
        client = TestClient(app, base_url=BASE, headers=headers)
        states.append({job["job_id"][0]: job["state"] for job in client.get("/api/jobs/").json()["jobs"]})
        close(app)

    assert states == [{"1": "ended without a word", "2": "ended without a word"}] * 2


def test_a_platform_that_is_away_is_said_and_kept_out_of_the_answer(
    engineer: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    prefix = "arn:aws:states:us-east-1:123456789012:stateMachine:booksales-test"
    app = create_app(open_state(tmp_path / "away"), Settings(state_machines=prefix))
    client = TestClient(app, base_url=BASE, headers=bearer(app.state.authority, "engineer"))

    answer = client.post("/api/jobs/sync/", json={})
    going_on = {"job_id": "3" * 16, "kind": "sync", "arguments": "{}", "state": "running", "started_by": "ana"}
    with writing(app.state.authority.engine) as connection:
        connection.execute(JOB.insert().values(**going_on, started_at=1))

    assert (answer.status_code, answer.json()["type"]) == (503, "urn:booksales:problem:platform-away")
    assert "123456789012" not in answer.text
    assert [job["state"] for job in client.get("/api/jobs/").json()["jobs"]] == ["running"]
    assert client.get(f"/api/jobs/{going_on['job_id']}/").json()["log_end"] == []
    assert client.post(f"/api/jobs/{going_on['job_id']}/cancel/").status_code == 503
    close(app)
