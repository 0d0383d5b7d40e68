import json
from datetime import UTC, date, datetime

import pytest

from spark_jobs.expectations import CheckResult
from spark_jobs.report import write_report
from spark_jobs.run_ledger import RunLedger, StepResult
from spark_jobs.runner import Run
from spark_jobs.tables import Lake
from warehouse.publication import Publication

HOSTILE = "<script>alert('x')</script> & \"more\""
ESCAPED = "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;more&quot;"


@pytest.fixture
def run(spark, tmp_path):
    run = Run(12, Lake(spark, str(tmp_path)), RunLedger(f"sqlite:///{tmp_path / 'ledger.db'}"), "bookstore", {})
    run.steps.append(StepResult("silver_books", "silver.books", 1234567, 1234560, 7, 3, 2.345))
    run.quality.append(CheckResult("silver.books", "known_format", "quarantine", 0, 1234567))
    return run


def publication(time_zone: str = "UTC") -> Publication:
    at = datetime(2024, 5, 1, 6, 30, tzinfo=UTC)
    return Publication(4, 12, at, at, date(2020, 1, 1), date(2024, 4, 30), "USD", time_zone, "sunday", 98765)


def test_the_page_shows_names_from_outside_as_text_and_not_as_markup(run, tmp_path):
    run.steps.append(StepResult(HOSTILE, HOSTILE, 1, 1, 0, 3, 1.0))
    run.quality.append(CheckResult(HOSTILE, HOSTILE, HOSTILE, 1, 1))

    page = write_report(run, publication(time_zone=HOSTILE), tmp_path / "reports").html_file.read_text()

    assert page.count(ESCAPED) == 6
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
