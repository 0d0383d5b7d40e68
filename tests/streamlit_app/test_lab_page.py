"""Lab: what it will cost before, how it goes while it runs, and that it can be stopped."""

import sys
import time

import pytest
from live_api import served, token_of
from signed_in import account

from api.app import create_app
from api.child_jobs import ChildProcesses
from api.client import Client
from api.jobs import Jobs
from jobs_config.state import open_state
from streamlit_app import estimates

# Stands for the command line: says what it was told, and waits to be interrupted where it is to reload.
SAY = """
import sys, time
print('told', *sys.argv[1:], '<script>', flush=True)
try:
    time.sleep(60 if 'reload' in sys.argv else 0)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """The API over an installation whose jobs are harmless, and an engineer's token."""
    state = open_state(tmp_path_factory.mktemp("lab") / "booksales")
    app = create_app(state)
    account(app.state.authority, "admin")
    app.state.jobs = Jobs(app.state.authority.engine, ChildProcesses(state, (sys.executable, "-c", SAY)))
    with served(app) as url:
        yield url, token_of(state.warehouse, "engineer")


@pytest.fixture
def engineer(installation):
    with Client(*installation) as client:
        yield client


def ended(client):
    for _ in range(200):
        job = client.job(client.jobs(1)[0]["job_id"])
        if job["finished_at"]:
            return job
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def test_a_shop_is_generated_as_asked_for_and_followed(installation, open_page, engineer):
    page = open_page(installation[0], "lab", installation[1])
    assert "not known yet" in page.markdown[-1].value
    page.number_input(key="lab-sales").set_value(7_300).run()
    page.number_input(key="lab-years").set_value(2).run()
    page.number_input(key="lab-faults").set_value(0.5).run()
    assert [tile.value for tile in page.metric] == ["7,300", "10"]

    page.button(key="lab-generate").click().run()

    job = ended(engineer)
    assert job["arguments"] == {"sales": 7_300, "years": 2, "seed": 7, "faults": 0.005, "replace": False}
    page.run()
    assert page.status[0].label == "generate\\-test\\-data\\: done"
    assert page.code[0].value == "told generate --sales=7300 --years=2 --seed=7 --faults=0.005 <script>"
    assert "as 1 earlier job went" in next(text.value for text in page.markdown if "Time to generate" in text.value)


def test_a_job_that_runs_keeps_others_from_starting_and_can_be_cancelled(installation, open_page, engineer):
    page = open_page(installation[0], "lab", installation[1])
    page.button(key="lab-reload").click().run()
    page.run()
    assert page.button(key="lab-generate").disabled and page.button(key="lab-reload").disabled
    while not engineer.job(engineer.jobs(1)[0]["job_id"])["log_end"]:
        time.sleep(0.02)

    next(button for button in page.button if button.label == "Cancel").click().run()

    assert ended(engineer)["state"] == "cancelled"


def test_what_the_api_refuses_is_said(installation, open_page):
    page = open_page(installation[0], "lab", installation[1])
    page.number_input(key="lab-sales").set_value(1_000_001).run()

    page.button(key="lab-generate").click().run()

    assert page.error[0].proto.title == "Nothing is started"
    assert "1,000,000 sale lines at most" in page.error[0].value.replace("\\", "")


def job(sales, seconds, state="done", kind="generate-test-data"):
    finished = f"2025-01-01T00:{seconds // 60:02d}:{seconds % 60:02d}+00:00"
    asked = {"kind": kind, "state": state, "arguments": {"sales": sales}}
    return {**asked, "started_at": "2025-01-01T00:00:00+00:00", "finished_at": finished}


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ([], "not known yet: no such job has run here"),
        ([job(100_000, 10)], "about 50 s, as 1 earlier job went"),
        ([job(100_000, 10), job(100_000, 30), job(200_000, 40)], "about 100 s, as 3 earlier jobs went"),
        (
            [job(100_000, 10, "failed"), job(100_000, 10, kind="reload"), job(10, 5)],
            "not known yet: no such job has run here",
        ),
    ],
    ids=["no job", "one", "the median pace of three", "failed, other and tiny ones say nothing"],
)
def test_time_is_told_from_jobs_that_were_finished_here(jobs, said):
    assert estimates.generation(500_000, jobs).said == said
