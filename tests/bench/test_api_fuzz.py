"""What became of generated requests, read from JUnit reports."""

import sys

import pytest

from bench import api_fuzz

REPORT = """<testsuites><testsuite>
<testcase name="test_x[many-GET /api/runs/]" time="12.34">
<properties><property name="200" value="5"/><property name="not sent" value="9"/></properties>
</testcase>
<testcase name="test_x[many-POST /api/users/]" time="1">
<properties><property name="422" value="7"/><property name="200" value="1"/></properties>
<failure message="x"/>
</testcase>
</testsuite></testsuites>"""


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.xml"
    path.write_text(REPORT)
    return path


def test_requests_are_counted_by_status_and_failures_by_operation(report):
    found = api_fuzz.summary([report])

    assert (found["requests"], found["failed"], found["by_status"]) == (13, 1, {"200": 6, "422": 7})
    assert found["operations"][0] == {
        "operation": "GET /api/runs/",
        "seconds": 12.3,
        "failed": False,
        "by_status": {"200": 5},
    }


def test_a_failed_operation_is_the_exit_code(report, tmp_path, monkeypatch):
    out = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["api_fuzz.py", "--out", str(out), "--reports", str(report)])

    assert api_fuzz.main() == 1
    assert '"requests": 13' in out.read_text()
