import json

import pytest

from jobs_config.state import open_state
from spark_jobs.control.results import StepResult
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.expectations import CheckResult


@pytest.fixture
def two_runs(home):
    """The first published with a row aside, the second failed."""
    ledger = RunLedger(open_state(home).ledger_url)
    ledger.start("reload", "bookstore")
    ledger.record_step(1, StepResult("silver_sales", "silver.sales", 12_000, 11_999, 1, 0, 2.5))
    ledger.record_quality(1, [CheckResult("silver.sales", "known_kind", "quarantine", 1, 12_000)])
    ledger.finish(1, "published")
    ledger.start("publish", "bookstore")
    ledger.finish(2, "failed", "the disk is full")


def test_before_the_first_run_the_command_that_makes_it_is_named(booksales):
    told = booksales("runs")

    assert (told.code, told.err) == (0, "")
    assert told.out == "no runs yet; `booksales reload` makes the first\n"


def test_before_the_first_run_programs_get_an_empty_list(booksales):
    assert json.loads(booksales("runs", "--json").out) == []


def test_runs_are_listed_newest_first_and_failed_ones_with_their_reason(booksales, two_runs):
    titles, newest, first = booksales("runs").out.splitlines()

    assert titles.split() == ["run", "kind", "state", "started", "detail"]
    assert newest.split()[:3] == ["2", "publish", "failed"]
    assert newest.endswith("the disk is full")
    assert first.split()[:3] == ["1", "reload", "published"]


def test_as_many_runs_are_listed_as_were_asked_for(booksales, two_runs):
    assert [run["run_seq"] for run in json.loads(booksales("runs", "--limit", "1", "--json").out)] == [2]


def test_one_run_is_shown_with_its_jobs_and_the_checks_that_failed(booksales, two_runs):
    told = booksales("runs", "1")

    heading, titles, job, check = told.out.splitlines()
    assert heading.startswith("run 1: reload, published, ")
    assert titles.split() == ["job", "table_name", "rows_read", "rows_written", "rows_quarantined"]
    assert job.split() == ["silver_sales", "silver.sales", "12,000", "11,999", "1"]
    assert check == "quarantine: silver.sales: 1 of 12,000 rows fail known_kind"


def test_one_run_is_shown_to_programs(booksales, two_runs):
    told = json.loads(booksales("runs", "1", "--json").out)

    assert told["run"]["state"] == "published"
    assert [job["rows_quarantined"] for job in told["jobs"]] == [1]
    assert [check["expectation"] for check in told["failed_checks"]] == ["known_kind"]


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["as text", "as JSON"])
def test_an_unknown_run_is_refused_with_how_to_find_the_known_ones(booksales, two_runs, form):
    refused = booksales("runs", "99", *form)

    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "booksales runs: no run 99; `booksales runs` lists those there are\n"


def test_a_run_that_was_killed_says_so_in_every_form(booksales, two_runs, home):
    killed = RunLedger(open_state(home).ledger_url).start("sync", "bookstore")

    alone = booksales("runs", str(killed))
    told = [
        json.loads(booksales("runs", "--json").out)[0],
        json.loads(booksales("runs", str(killed), "--json").out)["run"],
        json.loads(booksales("status", "--json").out)["last_run"],
    ]

    assert [run["state"] for run in told] == ["ended without a word"] * 3
    assert alone.out.startswith(f"run {killed}: sync, ended without a word, 20")
    assert " to " not in alone.out.splitlines()[0]
