import io
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress

import psutil
import pytest

from spark_jobs.control.lease import writer_lease
from spark_jobs.control.lease_row import row_holder, row_lease
from spark_jobs.errors import LeaseLostError

# A holder that has handed its lease down to a child, as a run does to Spark.
HOLD = """
import subprocess, sys
from pathlib import Path
from spark_jobs.control.lease import writer_lease

with writer_lease(Path(sys.argv[1]), "reload") as lease:
    child = subprocess.Popen(["sleep", "600"], pass_fds=[lease])
    print(child.pid, flush=True)
    child.wait()
"""


@contextmanager
def another_process_holds(path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        child = int(holder.stdout.readline())
        try:
            yield holder, child
        finally:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            holder.kill()


@pytest.fixture
def lock(booksales, home):
    booksales("status")
    return home / "writer.lock"


@pytest.fixture
def on_a_server(booksales, control_database, monkeypatch):
    """An installation whose ledger is on PostgreSQL."""
    monkeypatch.setenv("BOOKSALES_LEDGER_URL", control_database)
    return control_database


def answer(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


# a locked file


def test_a_lease_that_nobody_ever_held_needs_nothing(booksales):
    told = booksales("unlock")

    assert (told.code, told.out) == (0, "nobody holds the writer's lease; there is nothing to unlock\n")


def test_a_lock_file_that_a_dead_holder_left_needs_nothing_and_says_so(booksales, lock):
    with writer_lease(lock, "reload"):
        pass

    told = booksales("unlock", "--force", "--yes")

    assert told.code == 0
    assert told.out.startswith(
        "nobody holds the writer's lease; there is nothing to unlock (the last holder, `booksales reload`"
    )
    assert f"process {os.getpid()}, has let it go" in told.out


@pytest.mark.parametrize("options", [[], ["--force", "--yes"]], ids=["asked", "forced"])
def test_a_file_is_not_taken_from_a_holder_that_lives(booksales, lock, options):
    with another_process_holds(lock) as (holder, _):
        refused = booksales("unlock", *options)

        assert (refused.code, refused.out) == (3, "")
        assert refused.err.startswith(
            f"booksales unlock: `booksales reload` is running (process {holder.pid}, since 20"
        )
        assert f"`kill {holder.pid}`" in refused.err
        assert holder.poll() is None


def test_a_child_that_outlives_its_killed_parent_is_named_as_who_still_holds_the_lease(booksales, lock):
    with another_process_holds(lock) as (holder, child):
        holder.kill()
        holder.wait(10)

        refused = booksales("unlock")

        assert refused.code == 3
        assert (
            f"(process {holder.pid}) has ended, but what it started still holds the lease: process {child} (sleep)"
            in refused.err
        )
        orphan = psutil.Process(child)
        orphan.kill()
        psutil.wait_procs([orphan], timeout=10)
    assert booksales("unlock").code == 0


def test_programs_get_the_holder_of_a_file_with_whether_it_lives(booksales, lock):
    with another_process_holds(lock) as (holder, child):
        refused = booksales("unlock", "--json")
        looked = booksales("unlock", "--json", "--dry-run")

    told = json.loads(refused.out)
    assert (refused.code, looked.code) == (3, 0)
    assert told == json.loads(looked.out)
    assert (told["lease"], told["is_held"], told["holder"]["process"]) == ("file", True, holder.pid)
    assert told["holder"]["is_alive"] is True
    assert set(told["processes"]) == {str(holder.pid), str(child)}


def test_a_ledger_without_a_lease_is_a_mistake_in_the_call(booksales):
    assert booksales("unlock", "--ledger", "sqlite://").code == 2
    assert booksales("unlock", "--ledger", "postgresql://ops:hunter2@db/control").code == 2


# a row of a server


def test_a_row_that_nobody_holds_needs_nothing(booksales, on_a_server):
    told = booksales("unlock", "--force")

    assert (told.code, told.out) == (0, "nobody holds the writer's lease; there is nothing to unlock\n")


def test_a_row_is_not_taken_from_a_holder_that_renews_it(booksales, control_database):
    with row_lease(control_database, "reload") as lease:
        refused = booksales("unlock", "--ledger", control_database)
        lease.confirm()

    assert (refused.code, refused.out) == (3, "")
    assert refused.err.startswith(f"booksales unlock: `booksales reload` (process {os.getpid()} on ")
    assert "if it is gone for certain, --force takes the lease away" in refused.err


def test_an_expired_row_needs_nothing_for_the_next_run_takes_it_over(booksales, on_a_server):
    with row_lease(on_a_server, "reload", life=0.1, period=3600):
        while row_holder(on_a_server).is_live:
            pass
        told = booksales("unlock")

    assert told.code == 0
    assert "the next run takes it over by itself, so there is nothing to unlock" in told.out


@pytest.mark.parametrize("how", ["--yes", "typed"])
def test_force_takes_a_row_away_and_its_holder_commits_nothing_more(booksales, on_a_server, monkeypatch, how):
    answer(monkeypatch, "unlock\n")
    with row_lease(on_a_server, "reload") as lease:
        done = booksales("unlock", "--force", *(["--yes"] if how == "--yes" else []))

        assert done.code == 0
        assert f"the fencing number is {lease.fence + 1}, so it commits nothing more" in done.out
        with pytest.raises(LeaseLostError):
            lease.confirm()
    assert row_holder(on_a_server) is None


@pytest.mark.parametrize("typed", ["", "yes\n", "UNLOCK\n"])
def test_any_other_answer_leaves_the_row_to_its_holder(booksales, on_a_server, monkeypatch, typed):
    answer(monkeypatch, typed)
    with row_lease(on_a_server, "reload") as lease:
        refused = booksales("unlock", "--force")
        lease.confirm()

    assert refused.code == 3
    assert "nothing was done; answer 'unlock', or give --yes" in refused.err


def test_a_dry_run_shows_the_holder_and_leaves_it_the_row(booksales, on_a_server):
    with row_lease(on_a_server, "reload") as lease:
        looked = booksales("unlock", "--dry-run")
        forced = booksales("unlock", "--dry-run", "--force", "--yes")
        lease.confirm()

    assert (looked.code, forced.code) == (0, 0)
    assert "would not be taken away without --force" in looked.out
    assert forced.out.endswith("; it would be taken away\n")


def test_programs_get_the_holder_of_a_row_and_what_became_of_it(booksales, on_a_server):
    with row_lease(on_a_server, "reload") as lease:
        refused = booksales("unlock", "--json")
        done = booksales("unlock", "--json", "--force", "--yes")

    before, after = json.loads(refused.out), json.loads(done.out)
    assert (refused.code, done.code) == (3, 0)
    assert (before["lease"], before["is_held"], before["taken_away"]) == ("row", True, False)
    assert (before["holder"]["process"], before["holder"]["is_live"]) == (os.getpid(), True)
    assert (after["is_held"], after["taken_away"], after["fence"]) == (False, True, lease.fence + 1)
