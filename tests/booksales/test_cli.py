import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from booksales.cli import VERBS, parser

PROGRAM = Path(sys.executable).parent / "booksales"

ALL_VERBS = [
    "doctor",
    "demo",
    "source",
    "generate",
    "simulate-day",
    "sync",
    "reload",
    "sweep",
    "backfill",
    "feeds",
    "import-csv",
    "quarantine",
    "publish",
    "rollback",
    "permissions",
    "maintain",
    "erase-customer",
    "export-customer",
    "status",
    "runs",
    "unlock",
    "verify",
    "schedule",
    "aws",
    "users",
    "audit",
    "serve",
    "dashboard",
]
REPORTING_VERBS = [
    "doctor",
    "source",
    "generate",
    "simulate-day",
    "sync",
    "reload",
    "sweep",
    "backfill",
    "feeds",
    "import-csv",
    "quarantine",
    "publish",
    "rollback",
    "maintain",
    "erase-customer",
    "status",
    "runs",
    "unlock",
    "verify",
    "aws",
    "users",
    "audit",
]
# What each verb needs beside its name, where it keeps state.
CALLS = {
    "doctor": [],
    "demo": ["--no-serve"],
    "rollback": ["--dry-run"],
    "source": ["status"],
    "generate": ["--sales", "10"],
    "simulate-day": [],
    "sync": [],
    "reload": [],
    "sweep": [],
    "backfill": ["--from", "2025-03-01", "--until", "2025-03-02"],
    "import-csv": ["goodbooks", "books.csv"],
    "quarantine": ["list"],
    "publish": [],
    "permissions": [],
    "maintain": [],
    "erase-customer": ["1"],
    "export-customer": ["1"],
    "status": [],
    "runs": [],
    "unlock": [],
    "verify": [],
    "schedule": ["--print", "cron"],
    "users": ["list"],
    "audit": ["verify"],
    "serve": [],
}
READ_SETTINGS = [
    "demo",
    "sync",
    "reload",
    "sweep",
    "backfill",
    "import-csv",
    "quarantine",
    "publish",
    "permissions",
    "maintain",
    "schedule",
    "users",
    "audit",
    "serve",
]


def examples(text):
    """The lines below `examples:` in a help text."""
    return [line.strip() for line in text.partition("examples:\n")[2].splitlines()]


def test_the_help_lists_every_verb_and_every_exit_code(booksales):
    told = booksales("--help")

    assert told.code == 0
    assert len(VERBS) == len(ALL_VERBS)
    for verb in ALL_VERBS:
        assert re.search(rf"^    {verb}\b", told.out, re.MULTILINE)
    for code in ("0 done", "1 failed", "2 usage", "3 refused", "4 done, with something", "130 interrupted"):
        assert code in told.out


@pytest.mark.parametrize("verb", ALL_VERBS)
def test_every_verb_explains_itself_by_examples(booksales, verb):
    told = booksales(verb, "--help")

    assert told.code == 0
    assert told.err == ""
    assert any(f"booksales {verb}" in example for example in examples(told.out))


@pytest.mark.parametrize("verb", ALL_VERBS)
def test_every_example_is_a_command_that_is_understood(booksales, verb):
    words = [shlex.split(example) for example in examples(booksales(verb, "--help").out)]
    calls = [line[line.index("booksales") + 1 :] for line in words if "booksales" in line]

    assert [parser().parse_args(call).verb for call in calls] == [verb] * len(calls)


@pytest.mark.parametrize("verb", REPORTING_VERBS)
def test_every_verb_that_reports_does_so_for_programs(booksales, verb):
    assert "--json" in booksales(verb, "--help").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "VERB"),
        (["resync"], "invalid choice: 'resync'"),
        (["status", "--colour"], "unrecognized arguments: --colour"),
        (["runs", "three"], "expected a whole number from 1 to 9223372036854775807, found 'three'"),
        (["import-csv", "goodbooks"], "required: FILE"),
        (["generate", "--until", "yesterday"], "invalid fromisoformat value: 'yesterday'"),
        (["source", "restart"], "invalid choice: 'restart'"),
    ],
    ids=["no verb", "no such verb", "no such option", "no number", "no file", "no date", "no such action"],
)
def test_a_call_that_is_not_understood_is_a_matter_of_usage(booksales, arguments, said):
    refused = booksales(*arguments)

    assert refused.code == 2
    assert refused.out == ""
    assert refused.err.startswith("usage: booksales")
    assert said in refused.err


def test_an_error_of_ours_is_one_line_and_no_trace(installed_booksales):
    refused = installed_booksales("runs", "99")

    assert refused.code == 2
    assert refused.out == ""
    assert refused.err == "booksales runs: no run 99; `booksales runs` lists those there are\n"


@pytest.mark.parametrize("verb", CALLS)
def test_no_verb_touches_a_state_folder_of_another_format(booksales, home, verb):
    home.mkdir()
    (home / "format").write_text("2\n")

    refused = booksales(verb, *CALLS[verb])

    assert refused.code == 2
    assert refused.err.startswith(
        f"booksales {verb}: {home}: the state folder has format '2', this version reads format 1"
    )
    assert [path.name for path in home.iterdir()] == ["format"]


@pytest.mark.parametrize("verb", [*READ_SETTINGS, "dashboard"])
def test_a_setting_that_is_wrong_is_a_matter_of_configuration(booksales, monkeypatch, verb):
    monkeypatch.setenv("BOOKSALES_CORES", "many")

    refused = booksales(verb, *CALLS.get(verb, []))

    assert refused.code == 2
    assert refused.err.startswith(f"booksales {verb}: settings of environment 'local': cores: ")


def test_a_state_folder_that_cannot_be_made_is_named(booksales, home, monkeypatch):
    home.touch()

    refused = booksales("status")

    assert refused.code == 2
    assert refused.err.startswith(f"booksales status: {home}: the state folder cannot be used")
    assert refused.err.count("\n") == 1


def test_who_stops_reading_ends_the_command_in_silence(home):
    # Python's own buffer is what meets the closed pipe last.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    reader, writer = os.pipe()
    os.close(reader)

    ended = subprocess.run([PROGRAM, "status"], stdout=writer, stderr=subprocess.PIPE, text=True, env=environment)
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_ctrl_c_is_one_line_and_its_own_exit_code(home, monkeypatch):
    monkeypatch.setenv("BOOKSALES_SOURCE_URL", "postgresql://reader@127.0.0.1:1/shop")
    command = [PROGRAM, "reload", "--discard-history"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as asking:
        # It asks before it forgets.
        asking.stderr.read(1)
        asking.send_signal(signal.SIGINT)
        _, said = asking.communicate(timeout=20)

    assert asking.returncode == 130
    assert said.endswith("booksales reload: interrupted\n")
