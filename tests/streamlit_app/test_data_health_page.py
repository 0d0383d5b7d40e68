"""Data health, over a ledger that knows a good run and a failed one."""

from datetime import timedelta

import pytest
from live_api import live_api, token_of
from small_star import publish_star

from jobs_config.state import open_state
from spark_jobs.check_result import CheckResult
from spark_jobs.control.results import StepResult
from spark_jobs.control.run_ledger import RunLedger
from streamlit_app.lineage import diagram
from streamlit_app.views.data_health import ago


@pytest.fixture(scope="module")
def operated(tmp_path_factory):
    """The API over an installation with runs, and its warehouse folder."""
    folder = tmp_path_factory.mktemp("operated")
    state = open_state(folder / "booksales")
    publish_star(state.warehouse, folder / "lake")
    ledger = RunLedger(state.ledger_url)
    run = ledger.start("reload", "bookstore")
    ledger.record_step(run, StepResult("silver_sales", "silver.sales", 100, 97, 3, 1, 2.54))
    ledger.record_quality(run, [CheckResult("silver.sales", "quantity_fits", "quarantine", 3, 100)])
    ledger.finish(run, "published", "<script>alert(1)</script>")
    ledger.finish(ledger.start("sync", "bookstore"), "failed", "the shop is away")
    with live_api(state.warehouse) as url:
        yield url, state.warehouse


def test_a_viewer_sees_how_fresh_the_data_is_and_what_numbers_mean(operated, open_page):
    url, warehouse = operated
    page = open_page(url, "health", token_of(warehouse))

    assert not page.exception
    assert page.warning[0].proto.title == "The data is late"
    tiles = {tile.label: tile.value for tile in page.metric}
    assert (tiles["Data through"], tiles["Promised every"]) == ("20 Mar 2025", "26 h")
    assert tiles["Last run"] == "sync: failed"
    assert "Net revenue" in set(page.dataframe[-1].value["Metric"])
    assert all("Run" not in frame.value.columns for frame in page.dataframe)


def test_an_engineer_looks_into_a_run_that_a_link_names(operated, open_page):
    url, warehouse = operated
    page = open_page(url, "health", token_of(warehouse, "engineer"), run="1")

    runs, steps, quality = (frame.value for frame in page.dataframe[:3])
    assert list(runs["State"]) == ["failed", "published"]
    assert list(runs["Detail"]) == ["the shop is away", "<script>alert(1)</script>"]
    assert steps.to_dict("records") == [
        {"Table": "silver.sales", "Read": 100, "Written": 97, "Quarantined": 3, "Seconds": 2.5}
    ]
    assert quality.to_dict("records")[0]["Failed"] == 3
    assert page.warning[1].proto.title == "3 rows were put aside"


@pytest.mark.parametrize("run", ["77", "x", "1; drop table run"])
def test_a_link_with_no_such_run_shows_the_newest(operated, open_page, run):
    url, warehouse = operated
    page = open_page(url, "health", token_of(warehouse, "engineer"), run=run)

    assert not page.exception
    assert page.get_by_key("run").value == "2"
    assert "There is no run" in page.warning[-1].value


def test_the_run_that_is_chosen_is_in_the_address(operated, open_page):
    url, warehouse = operated
    page = open_page(url, "health", token_of(warehouse, "engineer"))

    page.get_by_key("run").set_value("1").run()

    assert page.query_params["run"] == "1"
    assert page.dataframe[1].value["Table"].tolist() == ["silver.sales"]


def test_the_diagram_has_every_table_and_edge():
    graph = {
        "tables": [{"name": name, "grain": ""} for name in ("shop.sale", "bronze.sales", "silver.sales")],
        "edges": [{"from": "shop.sale", "to": "bronze.sales"}, {"from": "bronze.sales", "to": "silver.sales"}],
    }

    lines = diagram(graph).splitlines()

    assert lines[0] == "flowchart LR"
    assert '  shop__sale["sale"]' in lines and '  silver__sales["sales"]' in lines
    assert lines[-2:] == ["shop__sale --> bronze__sales", "bronze__sales --> silver__sales"]


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(minutes=20), "20 min"),
        (timedelta(seconds=-4), "0 min"),
        (timedelta(hours=7), "7 h"),
        (timedelta(days=600), "600 days"),
    ],
)
def test_an_age_is_told_in_one_unit(age, text):
    assert ago(age) == text


def test_quality_is_drawn_over_runs_once_there_are_several(operated, open_page):
    url, warehouse = operated
    engineer = token_of(warehouse, "engineer")
    assert not [each for each in open_page(url, "health", engineer).subheader if "over the last" in each.value]
    ledger = RunLedger(open_state(warehouse.parent).ledger_url)
    run = ledger.start("sync", "bookstore")
    ledger.record_step(run, StepResult("silver_sales", "silver.sales", 50, 43, 7, 1, 1.0))
    ledger.record_quality(run, [CheckResult("silver.sales", "quantity_fits", "quarantine", 7, 50)])
    ledger.finish(run, "unchanged", "")

    page = open_page(url, "health", engineer)

    assert not page.exception
    assert any("over the last" in each.value for each in page.subheader)
    rows = next(frame.value for frame in page.dataframe if "Over the runs" in frame.value.columns)
    assert [(row["Newest"], list(row["Over the runs"])) for row in rows.to_dict("records")] == [(7, [3, 7])]
