import json
import subprocess
import sys
from datetime import UTC, datetime

# Logging belongs to a process, so each test starts its own.
BEGIN = "import logging\nfrom jobs_config.log_setup import bind_run, log_event, set_up_logging\n"


def logged(*statements):
    """The lines on standard error of a process that runs the statements; nothing may be on standard output."""
    run = subprocess.run(
        [sys.executable, "-c", BEGIN + "\n".join(statements)], capture_output=True, text=True, check=True
    )
    assert run.stdout == ""
    return run.stderr.splitlines()


def test_each_event_is_one_json_object_with_its_fields():
    (line,) = logged(
        "set_up_logging(as_json=True)",
        "log_event(logging.getLogger('spark_jobs.runner'), 'job.finished', job='silver_sales', rows_read=10)",
    )

    event = json.loads(line)
    at = datetime.fromisoformat(event.pop("at"))
    assert at.utcoffset() == datetime.now(UTC).utcoffset()
    assert event == {
        "level": "INFO",
        "logger": "spark_jobs.runner",
        "event": "job.finished",
        "job": "silver_sales",
        "rows_read": 10,
    }


def test_every_line_after_it_is_bound_carries_the_run():
    lines = logged(
        "set_up_logging(as_json=True)",
        "logging.getLogger('a').info('before')",
        "bind_run(42)",
        "log_event(logging.getLogger('a'), 'job.started')",
        "logging.getLogger('somebody.else').warning('careful')",
    )

    assert [json.loads(line).get("run") for line in lines] == [None, 42, 42]


def test_an_error_and_its_trace_stay_on_one_json_line():
    (line,) = logged(
        "set_up_logging(as_json=True)",
        "try:\n    {}['isbn13']",
        "except KeyError:\n    logging.getLogger('a').exception('job.failed')",
    )

    event = json.loads(line)
    assert event["level"] == "ERROR"
    assert event["error"].endswith("KeyError: 'isbn13'")


def test_a_value_that_json_does_not_know_is_written_as_its_text():
    (line,) = logged(
        "import datetime, decimal",
        "set_up_logging(as_json=True)",
        "fields = {'window': datetime.date(2024, 5, 1), 'net': decimal.Decimal('9.90')}",
        "log_event(logging.getLogger('a'), 'job.started', **fields)",
    )

    assert {name: json.loads(line)[name] for name in ("window", "net")} == {"window": "2024-05-01", "net": "9.90"}


def test_on_a_terminal_a_line_is_plain_text_with_the_run():
    (line,) = logged(
        "set_up_logging(as_json=False)",
        "bind_run(7)",
        "log_event(logging.getLogger('a'), 'job.finished', table='silver.sales', rows=10)",
    )

    at, _, said = line.partition(" ")
    assert datetime.strptime(at, "%H:%M:%S")
    assert said == "INFO job.finished run=7 table=silver.sales rows=10"


def test_below_the_level_nothing_is_said_and_noisy_libraries_only_warn():
    lines = logged(
        "set_up_logging(as_json=False, level=logging.INFO)",
        "logging.getLogger('a').debug('quiet')",
        "logging.getLogger('py4j.clientserver').info('chatter')",
        "logging.getLogger('py4j.clientserver').warning('a fault')",
    )

    assert [line.split(" ", 1)[1].rstrip() for line in lines] == ["WARNING a fault"]
