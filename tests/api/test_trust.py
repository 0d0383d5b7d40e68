"""Whether numbers can be trusted: freshness, lineage, what runs did, what was put aside."""

import itertools
import sys
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter
from signed_in import bearer
from small_star import publish_star

from api.app import close, create_app
from api.set_aside import SetAside
from api.shapes.trust import Freshness, LineageGraph, Quarantined, RunDetail, SetAsideRecords
from jobs_config.settings import Settings
from spark_jobs.control.results import StepResult
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.expectations import CheckResult

BASE = "http://127.0.0.1:8600"


def strictly(shape, answer):
    assert answer.status_code == 200, answer.text
    return TypeAdapter(shape).validate_python(answer.json(), strict=True, extra="forbid")


@pytest.fixture
def own_asked_by(own_app, authority):
    return lambda role: TestClient(own_app, base_url=BASE, headers=bearer(authority, role))


@pytest.fixture
def ledger(own_state):
    """A run that put rows aside in two tables, and after it one that never got to work."""
    ledger = RunLedger(own_state.ledger_url)
    run = ledger.start("reload", "bookstore")
    ledger.record_step(run, StepResult("silver_sales", "silver.sales", 100, 97, 3, 1, 2.5))
    ledger.record_step(run, StepResult("silver_books", "silver.books", 20, 20, 0, 1, 0.5))
    ledger.record_step(run, StepResult("gold_fact_sales", "gold.fact_sales", 97, 96, 1, 1, 3.5))
    ledger.record_quality(
        run,
        [
            CheckResult("silver.sales", "quantity_fits", "quarantine", 3, 100),
            CheckResult("silver.sales", "price_is_positive", "quarantine", 0, 100),
            CheckResult("silver.sales", "store_is_known", "warn", 7, 100),
            CheckResult("gold.fact_sales", "exchange_rate_found", "quarantine", 1, 97),
        ],
    )
    ledger.finish(run, "published", "96 sales")
    ledger.finish(ledger.start("sync", "bookstore"), "failed", "the shop is away")
    return ledger


def test_a_run_is_shown_with_what_its_jobs_did(own_asked_by, ledger):
    run = strictly(RunDetail, own_asked_by("engineer").get("/api/runs/1/"))

    assert (run["kind"], run["state"], run["detail"]) == ("reload", "published", "96 sales")
    assert [(step["table_name"], step["rows_read"], step["rows_quarantined"]) for step in run["steps"]] == [
        ("gold.fact_sales", 97, 1),
        ("silver.books", 20, 0),
        ("silver.sales", 100, 3),
    ]
    assert own_asked_by("engineer").get("/api/runs/77/").json()["type"].endswith("no-such-run")


def test_what_the_newest_run_at_work_put_aside_is_told_by_table_and_rule(own_asked_by, ledger):
    aside = strictly(Quarantined, own_asked_by("engineer").get("/api/quarantine/"))

    assert aside["run_seq"] == 1
    assert aside["tables"] == [
        {
            "table_name": "gold.fact_sales",
            "rows_quarantined": 1,
            "rows_read": 97,
            "rules": [{"expectation": "exchange_rate_found", "failed_rows": 1}],
        },
        {
            "table_name": "silver.sales",
            "rows_quarantined": 3,
            "rows_read": 100,
            "rules": [{"expectation": "quantity_fits", "failed_rows": 3}],
        },
    ]
    assert strictly(Quarantined, own_asked_by("engineer").get("/api/quarantine/?run=2"))["tables"] == []


# Stands for the command line: tells of two records, and on its error stream what it was asked.
TELL = """
import json, sys
record = {"source": "bookstore", "run_seq": 1, "reasons": ["price: required"], "byte_start": None}
rows = [{**record, "table_name": table, "row_key": "bookstore/4711", "record": str(sys.argv[1:])}
        for table in ("silver.sales", "silver.customers")]
print(json.dumps(rows))
"""


def test_what_is_aside_is_listed_as_the_command_line_tells_it_and_no_customers_key(own_asked_by, own_app, own_state):
    own_app.state.set_aside = SetAside(own_state, (sys.executable, "-c", TELL))

    shown = strictly(SetAsideRecords, own_asked_by("engineer").get("/api/quarantine/records/?run=1&limit=7"))["records"]

    assert [record["row_key"] for record in shown] == ["bookstore/4711", "xxxxxxxxx/xxxx"]
    assert shown[0]["record"] == "['quarantine', 'show', '--json', '--limit=7', '--run=1']"
    assert shown[0]["reasons"] == ["price: required"]
    assert own_asked_by("analyst").get("/api/quarantine/records/").status_code == 403


@pytest.mark.parametrize(
    "code", ["import sys; sys.exit(1)", "print('no JSON')"], ids=["it fails", "it says something else"]
)
def test_a_lake_that_cannot_be_read_is_said_without_its_reason(own_asked_by, own_app, own_state, code):
    own_app.state.set_aside = SetAside(own_state, (sys.executable, "-c", code))

    answer = own_asked_by("engineer").get("/api/quarantine/records/")

    assert answer.status_code == 409
    assert "booksales quarantine show" in answer.json()["detail"]


@pytest.mark.slow
def test_before_the_first_run_the_command_line_tells_of_nothing(own_asked_by):
    assert own_asked_by("engineer").get("/api/quarantine/records/").json() == {"records": []}


def test_before_the_first_run_there_is_nothing_aside(own_asked_by):
    assert strictly(Quarantined, own_asked_by("engineer").get("/api/quarantine/")) == {"run_seq": None, "tables": []}


def test_lineage_leads_from_the_shop_to_what_answers_and_its_names_are_tables(api):
    graph = strictly(LineageGraph, api.get("/api/lineage/"))
    edges = {(edge["from"], edge["to"]) for edge in graph["edges"]}

    way = ["bookstore.sales_sale", "bronze.sales", "silver.sales", "gold.fact_sales", "warehouse.rollup_sales_daily",
           "warehouse.rollup_region_daily"]  # fmt: skip
    assert set(itertools.pairwise(way)) <= edges
    assert {name for edge in edges for name in edge} == {table["name"] for table in graph["tables"]}
    assert [edge for edge in edges if edge[0] == edge[1]] == []
    grains = {table["name"]: table["grain"] for table in graph["tables"]}
    assert grains["gold.fact_sales"].startswith("one row per sale line")


@pytest.mark.parametrize(("hours", "is_late"), [(26, True), (24 * 36_500, False)], ids=["long ago", "a century's time"])
def test_data_is_late_when_nothing_newer_came_within_the_promise(own_state, ledger, tmp_path, hours, is_late):
    publish_star(own_state.warehouse, tmp_path / "lake")
    app = create_app(own_state, Settings(freshness_hours=hours))
    viewer = TestClient(app, base_url=BASE, headers=bearer(app.state.authority))

    found = strictly(Freshness, viewer.get("/api/freshness/"))
    close(app)

    assert found["is_late"] is is_late
    assert (found["promised_hours"], found["data_through"]) == (hours, "2025-03-20")
    loaded, due = (datetime.fromisoformat(found[name]) for name in ("loaded_at", "due_at"))
    assert loaded == datetime(2025, 3, 21, 6, 30, tzinfo=UTC)
    assert (due - loaded).total_seconds() == hours * 3600
    assert (found["last_run"]["kind"], found["last_run"]["state"]) == ("sync", "failed")


def test_without_a_publication_freshness_is_the_problem_it_is(own_asked_by):
    assert own_asked_by("viewer").get("/api/freshness/").json()["type"].endswith("not-published")
