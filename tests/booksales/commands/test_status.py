import json

from small_star import published_once

from spark_jobs.control.lease import writer_lease
from spark_jobs.control.lease_row import row_lease
from spark_jobs.control.run_ledger import RunLedger

EMPTY = """\
state folder   {home}
embedded shop  does not run
last run       none
served         nothing yet; `booksales reload` publishes
kept           generations none
"""


def test_an_empty_installation_is_told_what_would_publish(booksales, home):
    told = booksales("status")

    assert told.code == 0
    assert told.out == EMPTY.format(home=home)


def test_an_empty_installation_has_nothing_for_programs(booksales, home):
    told = json.loads(booksales("status", "--json").out)

    assert told["state_folder"] == str(home)
    assert told["embedded_source"]["running"] is False
    assert (told["last_run"], told["publication"], told["kept_generations"]) == (None, None, [])


def test_what_is_served_is_said_with_its_rows_and_its_last_day(booksales, home):
    booksales("status")
    published_once(home)

    told = booksales("status")

    assert "served         generation 1 of run 1: " in told.out
    assert " sale lines, data through 2025-03-20, published 2025-03-21 06:30 UTC\n" in told.out
    assert "kept           generations 1\n" in told.out
    assert json.loads(booksales("status", "--json").out)["publication"]["generation"] == 1


def test_an_embedded_shop_that_runs_is_said_without_its_password(booksales, embedded_shop, postgres, state):
    told = booksales("status")

    assert f"embedded shop  runs: {postgres.reader_url()}\n" in told.out
    assert postgres.reader_password() not in told.out


def test_a_run_that_was_killed_is_not_shown_as_running(booksales, home):
    booksales("status")
    RunLedger(f"sqlite:///{home}/ledger.db").start("reload", "bookstore")

    with writer_lease(home / "writer.lock", "reload"):
        while_held = booksales("status").out
    afterwards = booksales("status").out

    assert "last run       1 reload: running\n" in while_held
    assert "last run       1 reload: ended without a word\n" in afterwards


def test_a_run_on_another_machine_runs_as_long_as_it_renews_its_lease(booksales, control_database, monkeypatch):
    monkeypatch.setenv("BOOKSALES_LEDGER_URL", control_database)
    with row_lease(control_database, "reload") as lease:
        RunLedger(control_database, lease).start("reload", "bookstore")

        while_held = booksales("status").out
    afterwards = booksales("status").out

    assert "last run       1 reload: running\n" in while_held
    assert "last run       1 reload: ended without a word\n" in afterwards
