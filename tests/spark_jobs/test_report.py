import json
from datetime import UTC, date, datetime

import pytest

from spark_jobs.control.results import FileResult, StepResult
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.expectations import CheckResult
from spark_jobs.report import Extras, extras_of, write_report
from spark_jobs.runner import Run
from spark_jobs.tables import Lake
from warehouse.publication import Publication

HOSTILE = "<script>alert('x')</script> & \"more\""
ESCAPED = "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;more&quot;"


@pytest.fixture
def run(tmp_path):
    run = Run(12, Lake(None, str(tmp_path)), RunLedger(f"sqlite:///{tmp_path / 'ledger.db'}"), "bookstore", {})
    run.steps.append(StepResult("silver_books", "silver.books", 1234567, 1234560, 7, 3, 2.345))
    run.quality.append(CheckResult("silver.books", "known_format", "quarantine", 0, 1234567))
    return run


def publication(time_zone: str = "UTC") -> Publication:
    at = datetime(2024, 5, 1, 6, 30, tzinfo=UTC)
    return Publication(4, 12, at, at, date(2020, 1, 1), date(2024, 4, 30), "USD", time_zone, "sunday", 98765)


def test_the_page_shows_names_from_outside_as_text_and_not_as_markup(run, tmp_path):
    run.steps.append(StepResult(HOSTILE, HOSTILE, 1, 1, 0, 3, 1.0))
    run.quality.append(CheckResult(HOSTILE, HOSTILE, HOSTILE, 1, 1, HOSTILE))
    run.files.append(FileResult("ab" * 32, HOSTILE, 3, 0, 2, 1, 1, 0))
    place = {"table_name": HOSTILE, "row_key": "k", "file_sha256": None, "masked": HOSTILE}
    overlap = {"month": "2024-03-01", "title": HOSTILE, "feed_units": 1, "shop_units": 2, "feed_net": 1, "shop_net": 2}
    extras = Extras({HOSTILE: [place]}, [], [overlap])

    page = write_report(run, publication(time_zone=HOSTILE), tmp_path / "reports", extras).html_file.read_text()

    assert page.count(ESCAPED) == 12
    assert "<script" not in page


def test_the_page_shows_every_job_and_only_the_checks_that_failed(run, tmp_path):
    run.quality.append(CheckResult("silver.books", "price_not_negative", "quarantine", 7, 1234567))

    page = write_report(run, publication(), tmp_path / "reports").html_file.read_text()

    assert (
        "<tr><td>silver_books</td><td>silver.books</td><td class='n'>1,234,567</td><td class='n'>1,234,560</td>"
        "<td class='n'>7</td><td>2.3</td></tr>"
    ) in page
    assert "<td>price_not_negative</td><td>quarantine</td><td class='n'>7</td>" in page
    assert "known_format" not in page


def test_the_page_says_so_when_every_check_passed(run, tmp_path):
    page = write_report(run, publication(), tmp_path / "reports").html_file.read_text()

    assert "<p>All 1 checks passed on every row.</p>" in page


def test_the_json_file_holds_the_same_for_programs(run, tmp_path):
    report = write_report(run, publication(), tmp_path / "reports")

    values = json.loads(report.json_file.read_text())
    assert report.json_file.name == "run-000012.json"
    assert (values["run"], values["rows_quarantined"]) == (12, 7)
    assert values["publication"]["data_through"] == "2024-04-30"
    assert values["jobs"][0]["rows_written"] == 1234560
    assert values["quality"][0]["expectation"] == "known_format"


def test_the_lines_for_a_terminal_name_the_generation_and_the_page(run, tmp_path):
    report = write_report(run, publication(), tmp_path / "reports")

    assert report.text.splitlines() == [
        "run 12 published generation 4: 98,765 sale lines, 2020-01-01 to 2024-04-30, totals in USD",
        "quarantined: 7 rows (see the report)",
        f"report: {tmp_path / 'reports' / 'run-000012.html'}",
    ]


def test_the_page_says_at_once_whether_the_numbers_can_be_trusted(run, tmp_path):
    def verdict(*results):
        run.quality = list(results)
        return (
            write_report(run, publication(), tmp_path / "reports")
            .html_file.read_text()
            .partition("class='verdict ")[2][:4]
        )

    run.steps = []
    assert verdict(CheckResult("t", "e", "stop", 0, 5)) == "good"
    assert verdict(CheckResult("t", "e", "warn", 1, 5)) == "look"
    assert verdict(CheckResult("t", "e", "stop", 1, 5)).startswith("bad")


def test_a_run_that_was_stopped_has_a_report_too(run, tmp_path):
    run.quality = [CheckResult("gold.fact_sales", "net_is_gross_less_discount", "stop", 3, 9)]

    report = write_report(run, None, tmp_path / "reports")

    assert "Nothing was published; the version before still serves." in report.html_file.read_text()
    assert report.text.startswith("run 12 published nothing\n")


def test_what_the_warehouse_said_no_to_is_in_the_report_and_says_itself_what_readers_have(run, tmp_path):
    said = "COPY into star.dim_genre: row 9 of <file>, column genre: too long; whether it was published is not known"

    report = write_report(run, None, tmp_path / "reports", failure=said)

    page = report.html_file.read_text()
    assert "row 9 of &lt;file&gt;, column genre" in page
    assert "Nothing was published" not in page
    assert "Every check passed" not in page.partition("<h2>")[0]
    assert json.loads(report.json_file.read_text())["failure"] == said
    assert report.text.startswith("run 12 failed\n")


def test_files_are_shown_with_what_became_of_every_physical_record(run, tmp_path):
    run.files.append(FileResult("ab" * 32, "may.csv", 10_001, 0, 10_000, 9_257, 743, 0))

    report = write_report(run, publication(), tmp_path / "reports")

    cells = "".join(f"<td class='n'>{number}</td>" for number in ("10,001", "1", "0", "9,257", "743", "0"))
    assert f"<tr><td>may.csv</td>{cells}</tr>" in report.html_file.read_text()
    assert "may.csv: 9,257 of 10,000 records accepted" in report.text


def test_the_trend_holds_runs_of_the_same_kind_and_source_oldest_first(run, tmp_path):
    ledger = run.ledger
    for kind, source, aside in (("sync", "bookstore", 1), ("reload", "bookstore", 9), ("sync", "bookstore", 3)):
        number = ledger.start(kind, source)
        ledger.record_step(number, StepResult("silver_books", "silver.books", 100, 99, aside, 1, 1.0))
        ledger.finish(number, "published")
    run.run_seq, run.steps = 3, []

    extras = extras_of(run, None)
    page = write_report(run, publication(), tmp_path / "reports", extras).html_file.read_text()

    assert [(line["run"], line["rows_quarantined"]) for line in extras.trend] == [(1, 1), (3, 3)]
    assert "aria-label='from 1 to 3, at most 3'" in page


def test_lineage_leads_from_every_metric_to_columns_and_from_every_table_to_the_source(run, tmp_path):
    values = json.loads(write_report(run, publication(), tmp_path / "reports").json_file.read_text())

    made_of = {item["table"]: item["made_of"] for item in reversed(values["lineage"]["tables"])}
    metrics = {item["metric"]: item["of"] for item in values["lineage"]["metrics"]}
    assert "silver.sales" in made_of["gold.fact_sales"]
    assert made_of["silver.sales"] == ["bronze.sales"]
    assert metrics["Net revenue"]["gross_revenue"] == "case when not is_return then gross_reporting_amount else 0 end"
    assert {table for tables in made_of.values() for table in tables if table.startswith(("silver.", "gold."))} <= {
        *made_of, "silver.suppressions",
    }  # fmt: skip
