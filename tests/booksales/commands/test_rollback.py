import json

from small_star import published_once

from spark_jobs.control.lease_row import row_holder, row_lease
from spark_jobs.control.run_ledger import RunLedger


def test_nothing_published_is_nothing_to_go_back_to(booksales):
    told = booksales("rollback")

    assert told.code == 1
    assert "nothing is published yet; run `booksales reload`" in told.err


def test_a_generation_that_is_not_kept_is_refused_and_the_refusal_is_in_the_ledger(booksales, home):
    booksales("status")
    published_once(home)

    told = booksales("rollback", "7")

    assert told.code == 3
    assert "generation 7 is not kept; there are 1" in told.err
    (run,) = json.loads(booksales("runs", "--json").out)
    assert (run["kind"], run["state"]) == ("rollback", "failed")


def test_what_is_pinned_says_so_until_it_is_let_go(booksales, home):
    booksales("status")
    published_once(home)

    pinned = booksales("rollback", "1")
    while_pinned = booksales("status")
    resumed = booksales("rollback", "--resume", "--json")

    assert pinned.code == resumed.code == 0
    assert "later runs build and do not serve until `booksales rollback --resume`" in pinned.out
    assert "pinned: later runs do not serve" in while_pinned.out
    assert json.loads(resumed.out)["pinned"] is False
    assert "; pinned" not in booksales("status").out


def test_a_run_that_was_killed_after_it_had_published_is_closed_as_published(booksales, home):
    booksales("status")
    published_once(home)
    killed = RunLedger(f"sqlite:///{home / 'ledger.db'}").start("sync", "bookstore")

    assert booksales("rollback", "1").code == 0

    states = {run["run_seq"]: run["state"] for run in json.loads(booksales("runs", "--json").out)}
    assert states[killed] == "published"


def test_a_dry_run_lists_what_is_kept_and_moves_nothing(booksales, home):
    booksales("status")
    published_once(home)

    told = booksales("rollback", "--dry-run")

    assert told.out == "kept: 1; served: 1\n"
    assert json.loads(booksales("status", "--json").out)["is_pinned"] is False


def test_a_dry_run_says_what_is_pinned_and_refuses_what_is_not_kept(booksales, home):
    booksales("status")
    published_once(home)
    booksales("rollback", "1")

    assert booksales("rollback", "--dry-run").out == "kept: 1; served: 1, pinned\n"
    refused = booksales("rollback", "7", "--dry-run")
    assert (refused.code, refused.err) == (3, "booksales rollback: generation 7 is not kept; there are 1\n")


def test_a_number_beside_resume_is_a_mistake_in_the_call(booksales):
    told = booksales("rollback", "3", "--resume")

    assert told.code == 2


def test_a_rollback_is_refused_while_another_machine_writes(booksales, home, control_database, monkeypatch):
    monkeypatch.setenv("BOOKSALES_LEDGER_URL", control_database)
    booksales("status")
    published_once(home)

    with row_lease(control_database, "reload"):
        refused = booksales("rollback", "1")
    done = booksales("rollback", "1")

    assert refused.code == 3
    assert refused.err.startswith("booksales rollback: `booksales reload` (process ")
    assert done.code == 0
    assert row_holder(control_database) is None
