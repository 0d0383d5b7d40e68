"""Runs, quality, publications, and jobs in processes of their own."""

import sys
import time

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter
from signed_in import bearer

from api.app import close, create_app
from api.auth.schema import JOB
from api.child_jobs import ChildProcesses
from api.database import writing
from api.jobs import Jobs, Work
from api.shapes.operations import Job, JobList, Publications, QualityResults, QualityTrend, Runs
from jobs_config.settings import Settings
from spark_jobs.check_result import CheckResult
from spark_jobs.control.results import StepResult
from spark_jobs.control.run_ledger import RunLedger

BASE = "http://127.0.0.1:8600"
GENERATE = "/api/analytics/generate-test-data/"

# Stands for the command line: says what it was told, and ends, or waits to be interrupted.
SAY = "import sys; print('told', *sys.argv[1:]); sys.exit(int(sys.argv[1]) if sys.argv[1].isdigit() else 0)"
WAIT = "import time, sys\ntry:\n    print('waiting', flush=True); time.sleep(60)\nexcept KeyboardInterrupt:\n    sys.exit(130)"


def python(code):
    return (sys.executable, "-c", code)


@pytest.fixture
def operated(own_state):
    app = create_app(own_state, Settings())
    app.state.jobs = Jobs(app.state.authority.engine, ChildProcesses(own_state, python(SAY)))
    yield app
    close(app)


@pytest.fixture
def engineer(operated):
    return TestClient(operated, base_url=BASE, headers=bearer(operated.state.authority, "engineer"))


def ended(client, job_id):
    for _ in range(200):
        job = client.get(f"/api/jobs/{job_id}/").json()
        if job["finished_at"]:
            TypeAdapter(Job).validate_python(job, strict=True, extra="forbid")
            return job
        time.sleep(0.05)
    raise AssertionError(f"job {job_id} does not end")


def test_test_data_is_generated_by_a_process_of_its_own_that_can_be_followed(engineer):
    started = engineer.post(GENERATE, json={"sales": 5000, "seed": 11, "replace": True})

    job = started.json()
    assert started.status_code == 202
    assert started.headers["Location"] == f"/api/jobs/{job['job_id']}/"
    assert (job["kind"], job["state"], job["started_by"]) == ("generate-test-data", "running", "engineer")
    done = ended(engineer, job["job_id"])
    assert (done["state"], done["exit_code"]) == ("done", 0)
    assert done["log_end"] == ["told generate --sales=5000 --years=5 --seed=11 --faults=0 --replace"]
    listed = engineer.get("/api/jobs/").json()
    TypeAdapter(JobList).validate_python(listed, strict=True, extra="forbid")
    assert [one["job_id"] for one in listed["jobs"]] == [job["job_id"]]


def test_of_jobs_of_one_second_the_newest_is_listed_first(engineer, monkeypatch):
    monkeypatch.setattr("api.jobs.int", lambda number: 1_800_000_000, raising=False)
    started = []
    for _ in range(6):
        started.append(engineer.post("/api/jobs/sync/", json={}).json()["job_id"])
        ended(engineer, started[-1])

    listed = [job["job_id"] for job in engineer.get("/api/jobs/").json()["jobs"]]

    assert listed == started[::-1]


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/api/jobs/sync/", {}, "told sync"),
        ("/api/jobs/reload/", {}, "told reload"),
        ("/api/jobs/rollback/", {}, "told rollback"),
        ("/api/jobs/rollback/", {"generation": 3}, "told rollback 3"),
        ("/api/jobs/rollback/", {"resume": True}, "told rollback --resume"),
    ],
)
def test_each_job_is_a_verb_of_the_command_line(engineer, path, body, told):
    job = engineer.post(path, json=body).json()

    assert ended(engineer, job["job_id"])["log_end"] == [told]


@pytest.mark.parametrize(
    ("code", "state"), [(0, "done"), (1, "failed"), (2, "failed"), (3, "refused"), (4, "attention"), (130, "cancelled")]
)
def test_a_job_ends_as_its_exit_code_says(operated, engineer, code, state):
    row = operated.state.jobs.start(Work("sync", [str(code)], {}), "ana")

    assert ended(engineer, row["job_id"])["state"] == state


def test_one_job_runs_at_a_time_and_can_be_cancelled(operated, engineer, own_state):
    operated.state.jobs = Jobs(operated.state.authority.engine, ChildProcesses(own_state, python(WAIT)))
    job = engineer.post("/api/jobs/sync/", json={}).json()
    while not engineer.get(f"/api/jobs/{job['job_id']}/").json()["log_end"]:
        time.sleep(0.02)

    second = engineer.post("/api/jobs/reload/", json={})
    cancelled = engineer.post(f"/api/jobs/{job['job_id']}/cancel/")

    assert (second.status_code, second.json()["type"]) == (409, "urn:booksales:problem:not-possible")
    assert job["job_id"] in second.json()["detail"]
    assert cancelled.status_code == 202
    assert ended(engineer, job["job_id"])["state"] == "cancelled"
    assert engineer.post(f"/api/jobs/{job['job_id']}/cancel/").status_code == 409


def test_a_job_whose_process_is_gone_ended_without_a_word(operated, engineer):
    lost = {"job_id": "0" * 16, "kind": "sync", "arguments": "{}", "state": "running", "started_by": "ana"}
    with writing(operated.state.authority.engine) as connection:
        connection.execute(JOB.insert().values(**lost, started_at=int(time.time()) - 3600, process_id=2**22 - 3))

    assert engineer.get(f"/api/jobs/{'0' * 16}/").json()["state"] == "ended without a word"


def test_no_test_data_goes_into_a_shop_of_ones_own(own_state):
    app = create_app(own_state, Settings(source_url="postgresql://reader@shop.example/books"))
    engineer = TestClient(app, base_url=BASE, headers=bearer(app.state.authority, "engineer"))

    answer = engineer.post(GENERATE, json={})

    assert answer.status_code == 409
    assert "not a generated one" in answer.json()["detail"]
    close(app)


def test_how_much_may_be_generated_depends_on_the_role(operated, engineer):
    admin = TestClient(operated, base_url=BASE, headers=bearer(operated.state.authority, "admin"))

    refused = engineer.post(GENERATE, json={"sales": 1_000_001})
    started = admin.post(GENERATE, json={"sales": 1_000_001})

    assert (refused.status_code, started.status_code) == (409, 202)
    ended(admin, started.json()["job_id"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", GENERATE, {"sales": 0}, 422),
        ("POST", GENERATE, {"sales": 10, "command": "rm"}, 422),
        ("POST", GENERATE, {"seed": "7; rm"}, 422),
        ("POST", "/api/jobs/sync/", {"x": 1}, 422),
        ("POST", "/api/jobs/rollback/", {"generation": "latest"}, 422),
        ("POST", "/api/jobs/rollback/", {"generation": 1, "resume": True}, 409),
        ("GET", f"/api/jobs/{'1' * 16}/", None, 404),
        ("GET", "/api/jobs/../../etc/", None, 404),
        ("GET", "/api/jobs/x/", None, 422),
        ("GET", "/api/runs/?before=0", None, 422),
        ("GET", "/api/quality/?run=x", None, 422),
        ("GET", "/api/quality/trend/?runs=1", None, 422),
        ("GET", "/api/publications/?limit=1001", None, 422),
    ],
)
def test_what_makes_no_sense_starts_nothing(operated, engineer, method, path, body, status):
    assert engineer.request(method, path, json=body).status_code == status
    assert operated.state.jobs.newest(10) == []


# the ledger


@pytest.fixture
def ledger(own_state):
    ledger = RunLedger(own_state.ledger_url)
    for number in range(5):
        run = ledger.start("reload", "bookstore")
        ledger.finish(run, "failed" if number == 2 else "done", f"number {number}")
    ledger.record_quality(run, [CheckResult("gold.fact_sales", "key_found", "warn", 3, 100)])
    return ledger


def test_runs_are_read_from_the_ledger_the_failed_ones_too(engineer, ledger):
    first = engineer.get("/api/runs/?limit=3").json()
    second = engineer.get(f"/api/runs/?limit=3&before={first['next']}").json()

    for page in (first, second):
        TypeAdapter(Runs).validate_python(page, strict=True, extra="forbid")
    assert [run["run_seq"] for run in first["runs"] + second["runs"]] == [5, 4, 3, 2, 1]
    assert [run["state"] for run in first["runs"]] == ["done", "done", "failed"]
    assert second["next"] is None


def test_what_expectations_found_is_read_from_the_ledger(engineer, ledger):
    results = engineer.get("/api/quality/").json()

    TypeAdapter(QualityResults).validate_python(results, strict=True, extra="forbid")
    assert [(one["table_name"], one["failed_rows"]) for one in results["results"]] == [("gold.fact_sales", 3)]
    assert engineer.get("/api/quality/?run=1").json() == {"results": []}
    TypeAdapter(Publications).validate_python(engineer.get("/api/publications/").json(), strict=True, extra="forbid")


def test_quality_is_followed_over_the_runs_that_checked_anything(engineer, ledger):
    for kind, failed, read in (("sync", 9, 40), ("sync", 0, 20)):
        run = ledger.start(kind, "bookstore")
        ledger.record_step(run, StepResult("silver_sales", "silver.sales", read, read - failed, failed, 1, 1.0))
        ledger.record_step(run, StepResult("fact_sales", "gold.fact_sales", read, read, 0, 1, 1.0))
        found = [CheckResult("silver.sales", "quantity_fits", "quarantine", failed, read)]
        ledger.record_quality(run, [*found, CheckResult("silver.sales", "never_fails", "warn", 0, read)])
        ledger.finish(run, "done", "")

    trend = engineer.get("/api/quality/trend/").json()

    TypeAdapter(QualityTrend).validate_python(trend, strict=True, extra="forbid")
    numbers = ["run_seq", "rows_read", "rows_quarantined", "expectations", "expectations_failed"]
    assert [[run[name] for name in numbers] for run in trend["runs"]] == [
        [5, 0, 0, 1, 1],
        [6, 40, 9, 2, 1],
        [7, 20, 0, 2, 0],
    ]
    assert [(each["expectation"], each["failed_rows"]) for each in trend["expectations"]] == [
        ("quantity_fits", [None, 9, 0]),
        ("key_found", [3, None, None]),
    ]
    newest = engineer.get("/api/quality/trend/?runs=2").json()
    assert [run["run_seq"] for run in newest["runs"]] == [6, 7]
    assert [each["expectation"] for each in newest["expectations"]] == ["quantity_fits"]
