"""What each verb says of damage that nobody should meet, and of errors that nobody foresaw."""

import json
import shutil
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from small_star import published_once

from booksales.last_resort import in_one_line
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.source_totals import SourceTotal

PROGRAM = str(Path(sys.executable).parent / "booksales")


@pytest.fixture
def served(booksales, home):
    """An installation with one publication, and a run of the ledger that made it."""
    booksales("status")
    published_once(home)
    ledger = RunLedger(f"sqlite:///{home}/ledger.db")
    run_seq = ledger.start("reload", "bookstore")
    ledger.record_versions(run_seq, {"silver.sales": 0}, {})
    ledger.record_source_totals(run_seq, [SourceTotal("sales", "2025-03", "USD", 1, 1, 1, Decimal(1))])
    ledger.record_publication(1, run_seq, run_seq)
    ledger.finish(run_seq, "published")
    return home / "warehouse"


DAMAGES = {
    "no generation file": (
        lambda warehouse: (warehouse / "wh.000001.duckdb").unlink(),
        "not there, though it should serve",
    ),
    "a junk generation file": (
        lambda warehouse: (warehouse / "wh.000001.duckdb").write_bytes(b"junk" * 5000),
        "damaged (",
    ),
    "a pointer of wrong types": (
        lambda warehouse: (warehouse / "CURRENT").write_text('{"generation": "x"}'),
        "damaged;",
    ),
    "a pointer to nothing": (
        lambda warehouse: (warehouse / "CURRENT").write_text('{"generation": 9, "run_seq": 1}'),
        "wh.000009.duckdb: not there",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_status_says_what_is_damaged_beside_all_that_is_not(booksales, served, damage):
    make, said = DAMAGES[damage]
    make(served)

    told, for_programs = booksales("status"), booksales("status", "--json")

    assert (told.code, told.err, for_programs.code) == (4, "", 4)
    (line,) = [line for line in told.out.splitlines() if line.startswith("served  ")]
    assert said in line
    assert "`booksales publish`" in line
    assert "last run       1 reload: published\n" in told.out
    assert said in json.loads(for_programs.out)["fault"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_says_in_one_line_what_is_damaged(booksales, served, damage):
    make, _ = DAMAGES[damage]
    make(served)

    refused = booksales("verify")

    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "unforeseen" not in refused.err
    assert "`booksales publish`" in refused.err or "the ledger does not know generation 9" in refused.err


def test_verify_says_in_one_line_that_a_lake_table_is_gone(booksales, served):
    refused = booksales("verify")

    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert refused.err.startswith("booksales verify: lake or warehouse cannot be read: OSError: ")
    assert refused.err.endswith("; `booksales reload` rebuilds both\n")


def test_a_stray_file_in_the_warehouse_disturbs_nobody(booksales, served):
    (served / "wh.abc.duckdb").touch()

    assert booksales("status").code == 0
    assert json.loads(booksales("status", "--json").out)["kept_generations"] == [1]
    assert booksales("rollback", "--dry-run").code == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["runs", "99999999999999999999"], "RUN: expected a whole number from 1 to 9223372036854775807"),
        (["runs", "0"], "RUN: expected a whole number from 1"),
        (["runs", "--limit", "0"], "--limit: expected a whole number from 1 to 10000, found '0'"),
        (["runs", "--limit", "-1"], "--limit: expected a whole number from 1 to 10000, found '-1'"),
        (["runs", "--limit", "99999999999999999999"], "--limit: expected a whole number from 1 to 10000"),
        (["runs", "--limit", "1_0"], "--limit: expected a whole number"),
        (["serve", "--port", "99999"], "--port: expected a whole number from 0 to 65535, found '99999'"),
        (["dashboard", "--port", "-1"], "--port: expected a whole number from 0 to 65535, found '-1'"),
        (["rollback", "99999999999999999999"], "generation: expected a whole number"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_number_out_of_range_is_a_mistake_in_the_call(booksales, home, call, said):
    refused = booksales(*call)

    assert (refused.code, refused.out) == (2, "")
    assert f"error: argument {said}" in refused.err
    assert not home.exists()


def test_a_source_url_with_a_character_that_cannot_be_seen_is_refused_in_one_line(booksales, monkeypatch):
    monkeypatch.setenv("BOOKSALES_SOURCE_URL", "postgresql://reader@host/sh%00op")

    refused = booksales("reload", "--dry-run")

    assert refused.code == 2
    assert refused.err.startswith(
        "booksales reload: source URL: it holds a character that cannot be seen; expected postgresql://"
    )


def test_a_lost_key_stops_a_reload_before_it_begins(booksales, home, monkeypatch):
    monkeypatch.setenv("BOOKSALES_SOURCE_URL", "postgresql://reader@127.0.0.1:1/shop")
    booksales("status")
    (home / "lake" / "silver" / "customers").mkdir(parents=True)

    refused = booksales("reload")

    assert refused.code == 2
    assert f"{home}/secrets/pseudonym_key: lost, while {home}/lake/silver/customers was made with it" in refused.err
    assert not (home / "secrets" / "pseudonym_key").exists()


def read_only(folder, *command):
    """The command, in a mount of its own where the folder cannot be written to, not even by root."""
    mounts = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mounts, str(folder), *command],
        capture_output=True,
        text=True,
    )


def test_a_folder_that_may_only_be_read_is_enough_for_a_look(booksales, home, served):
    if not shutil.which("unshare") or read_only(home, "true").returncode != 0:
        pytest.skip("missing: user namespaces")

    told = read_only(home, PROGRAM, "status")
    refused = read_only(home, PROGRAM, "rollback", "1")
    # Without its folders there is something to make, and no way to.
    shutil.rmtree(home / "tmp")
    unusable = read_only(home, PROGRAM, "status")

    assert (told.returncode, told.stderr) == (0, "")
    assert "served         generation 1 of run 1" in told.stdout
    assert (unusable.returncode, unusable.stderr.count("\n")) == (2, 1)
    assert "the state folder cannot be used" in unusable.stderr
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "Read-only file system" in refused.stderr


def unforeseen(served):
    """Damage that no verb has a word of its own for."""
    (served.parent / "writer.lock").unlink(missing_ok=True)
    (served.parent / "writer.lock").mkdir()


def test_an_error_that_nobody_foresaw_is_one_line_and_its_trace_is_in_a_log(booksales, served):
    unforeseen(served)

    refused = booksales("rollback", "1")

    log = served.parent / "logs" / "errors.log"
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert refused.err.startswith("booksales rollback: IsADirectoryError: [Errno 21] Is a directory")
    assert refused.err.endswith(f". This was not foreseen; {log} says where it came from\n")
    assert " booksales rollback\nTraceback (most recent call last):" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_trace_is_shown_to_who_asks_for_it(booksales, served, monkeypatch):
    monkeypatch.setenv("BOOKSALES_TRACE", "1")
    unforeseen(served)

    refused = booksales("rollback", "1")

    assert refused.code == 1
    assert "Traceback (most recent call last):" in refused.err
    assert not (served.parent / "logs" / "errors.log").exists()


def test_without_a_folder_for_logs_the_line_says_how_to_see_the_trace(home):
    said = in_one_line("status", ValueError("first\nsecond " + "x" * 1000))

    assert said.startswith("ValueError: first second xxx")
    assert said.endswith("This was not foreseen; BOOKSALES_TRACE=1 shows where it came from")
    assert len(said) < 420
    assert "\n" not in said


def test_what_a_verb_makes_is_its_owners_alone(installed_booksales, home):
    for call in (["status"], ["rollback"], ["source", "status"]):
        installed_booksales(*call)

    modes = {str(path.relative_to(home)): stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*")}
    assert modes["ledger.db"] == modes["format"] == 0o600
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
