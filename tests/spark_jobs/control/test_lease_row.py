import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from jobs_config.errors import RefusedError
from spark_jobs.control.database import control_engine, transaction
from spark_jobs.control.lease import open_lease, somebody_writes
from spark_jobs.control.lease_row import LEASE, TURN_LOCK, row_holder, row_lease, take_away
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.errors import LeaseLostError

ASLEEP = 3600


@pytest.fixture
def engine(control_database):
    made = control_engine(control_database)
    yield made
    made.dispose()


@pytest.fixture
def commits(engine):
    """A table that stands for what a run writes; the rows in it."""
    with transaction(engine) as connection:
        connection.execute(sa.text("create table written (by text)"))

    def written():
        with transaction(engine) as connection:
            return [row[0] for row in connection.execute(sa.text("select by from written order by by"))]

    return written


def write(engine, name):
    with transaction(engine) as connection:
        connection.execute(sa.text("insert into written values (:name)"), {"name": name})


def expire(url):
    """Wait until the database says that the row has expired."""
    until = time.monotonic() + 20
    while row_holder(url).is_live:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_second_taker_is_refused_and_told_who_holds_the_lease_since_when_and_until_when(control_database):
    with row_lease(control_database, "reload") as lease:
        lease.note_run(7)
        holder = row_holder(control_database)

        with pytest.raises(RefusedError) as refused, row_lease(control_database, "import-csv"):
            pytest.fail("two writers at once")

    said = str(refused.value)
    assert said.startswith(f"`booksales reload` (process {holder.process} on {holder.host}, run 7, since 20")
    assert f"Its lease ends at {holder.expires_at:%Y-%m-%dT%H:%M}" in said
    assert holder.acquired_at < holder.heartbeat_at < holder.expires_at
    assert (holder.expires_at - holder.heartbeat_at).total_seconds() == pytest.approx(120, abs=0.1)


def test_a_lease_is_free_after_its_block_and_each_taking_has_a_higher_number(control_database):
    fences = []
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), row_lease(control_database, "reload") as lease:
            fences.append(lease.fence)
            raise ZeroDivisionError

    assert fences == [1, 2, 3]
    assert row_holder(control_database) is None


def test_before_the_first_taking_there_is_no_holder_and_no_table(control_database, engine):
    assert row_holder(control_database) is None
    assert sa.inspect(engine).get_table_names() == []


def test_of_two_takers_at_one_moment_never_both_hold(control_database):
    inside, most, refusals = [], [], []
    start = threading.Barrier(2)

    def take(_):
        start.wait()
        try:
            with row_lease(control_database, "reload") as lease:
                inside.append(lease.fence)
                most.append(len(inside))
                time.sleep(0.002)
                inside.remove(lease.fence)
        except RefusedError:
            refusals.append(1)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(100):
            list(pool.map(take, range(2)))

    assert set(most) == {1}
    assert len(most) + len(refusals) == 200
    assert len(most) >= 100
    # They did meet, or the test says nothing.
    assert len(refusals) > 20


def test_without_the_turn_lock_two_takers_would_both_hold(control_database, engine):
    """The control: look, then write, each in a transaction of its own."""
    with row_lease(control_database, "reload"):
        pass
    looked, holding = threading.Barrier(2), []

    def take(name):
        is_free = row_holder(control_database) is None
        looked.wait()
        if is_free:
            with transaction(engine) as connection:
                connection.execute(LEASE.update().values(fence=LEASE.c.fence + 1, host=name))
            holding.append(name)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(take, ["one", "other"]))

    assert sorted(holding) == ["one", "other"]


def test_a_lease_outlives_the_connections_of_its_holder_and_is_renewed_on_new_ones(control_database, engine):
    others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    with row_lease(control_database, "reload", life=60, period=ASLEEP) as lease:
        before = row_holder(control_database).expires_at
        with transaction(engine) as connection:
            connection.execute(sa.text(others))

        with pytest.raises(RefusedError), row_lease(control_database, "import-csv"):
            pytest.fail("two writers at once")
        lease.confirm()
        assert row_holder(control_database).expires_at > before


def test_a_thread_renews_the_lease_so_that_it_outlives_its_life_many_times(control_database):
    with row_lease(control_database, "reload", life=1.5) as lease:
        for _ in range(30):
            time.sleep(0.15)
            with pytest.raises(RefusedError), row_lease(control_database, "import-csv"):
                pytest.fail("two writers at once")
        lease.confirm()


def test_an_expired_lease_is_its_holders_again_when_nobody_took_over(control_database):
    with row_lease(control_database, "reload", life=0.2, period=ASLEEP) as lease:
        expire(control_database)

        lease.confirm()

        assert row_holder(control_database).fence == lease.fence


@pytest.mark.parametrize("confirms", [True, False], ids=["with the check", "the control, without"])
def test_a_holder_that_slept_past_its_lease_commits_nothing_after_another_took_over(
    control_database, engine, commits, confirms
):
    with row_lease(control_database, "reload", life=0.2, period=ASLEEP) as slept:
        expire(control_database)
        with row_lease(control_database, "import-csv") as taken:
            write(engine, "the new one")
            try:
                if confirms:
                    slept.confirm()
                write(engine, "the old one")
            except LeaseLostError as error:
                said = str(error)

    assert commits() == (["the new one"] if confirms else ["the new one", "the old one"])
    if confirms:
        assert "was taken over by `booksales import-csv` (process" in said
        assert f"fencing number {taken.fence}, ours was {slept.fence}" in said
    assert taken.fence == slept.fence + 1


def test_the_thread_that_renews_finds_out_too_and_the_holder_is_told_from_then_on(control_database):
    with row_lease(control_database, "reload", life=60, period=0.1) as lease:
        fence = take_away(control_database, row_holder(control_database))
        time.sleep(0.5)

        for _ in range(2):
            with pytest.raises(LeaseLostError, match=r"taken over by `booksales unlock`"):
                lease.confirm()

    assert fence == lease.fence + 1


def test_the_old_holders_end_does_not_free_the_lease_of_the_new_one(control_database):
    with row_lease(control_database, "reload", life=0.2, period=ASLEEP):
        expire(control_database)
        new = row_lease(control_database, "import-csv")
        held = new.__enter__()

    held.confirm()
    assert row_holder(control_database).fence == held.fence
    new.__exit__(None, None, None)


def test_whoever_took_over_meanwhile_keeps_the_lease_that_was_to_be_taken_away(control_database):
    with row_lease(control_database, "reload", life=0.2, period=ASLEEP):
        expire(control_database)
        looked_at = row_holder(control_database)
        with row_lease(control_database, "import-csv") as newer:
            assert take_away(control_database, looked_at) is None
            newer.confirm()


def test_a_row_deleted_by_hand_does_not_let_its_holder_go_on_beside_the_next(control_database, engine):
    with row_lease(control_database, "reload") as lease:
        with transaction(engine) as connection:
            connection.execute(LEASE.delete())

        with pytest.raises(LeaseLostError, match="its row is gone"):
            lease.confirm()


def test_a_clock_that_is_wrong_at_the_holder_changes_nothing(control_database, engine):
    """Every moment in the row is the database's own: none of ours is ever sent."""
    sent = []
    with row_lease(control_database, "reload") as lease:
        sa.event.listen(lease._engine, "before_cursor_execute", lambda *call: sent.append(call[3]))
        lease.confirm()
        with transaction(engine) as connection:
            now = connection.execute(sa.text("select clock_timestamp()")).scalar_one()
        assert abs((now - row_holder(control_database).heartbeat_at).total_seconds()) < 5

    values = [value for parameters in sent for value in dict(parameters).values()]
    assert values
    assert {type(value) for value in values} <= {int, float, str, type(None)}


def test_whoever_waits_for_a_turn_gets_it_once_the_other_is_done(control_database, engine):
    def hold_for_a_while(taken):
        with transaction(engine) as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TURN_LOCK)))
            taken.set()
            time.sleep(0.5)

    taken = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold_for_a_while, taken)
        taken.wait()
        began = time.monotonic()
        with row_lease(control_database, "reload"):
            assert time.monotonic() - began > 0.3


def test_the_kind_of_lease_follows_the_ledger(control_database, tmp_path, monkeypatch):
    lock = tmp_path / "writer.lock"
    with open_lease(f"sqlite:///{tmp_path / 'ledger.db'}", str(lock), "reload") as of_file:
        of_file.confirm()
        assert '"purpose": "reload"' in lock.read_text()
    with open_lease(control_database, "", "reload") as of_row:
        of_row.confirm()
        assert somebody_writes(control_database, lock)
    assert not somebody_writes(control_database, lock)

    # A child whose parent has the lock file takes none, and still takes the row.
    monkeypatch.setenv("BOOKSALES_LEASE_HELD", "1")
    with open_lease(control_database, str(tmp_path / "other.lock"), "reload"):
        assert somebody_writes(control_database, lock)
    assert not (tmp_path / "other.lock").exists()


def test_the_row_names_the_run_of_the_ledger(control_database):
    with row_lease(control_database, "reload") as lease:
        run_seq = RunLedger(control_database, lease).start("reload", "bookstore", above=41)

        assert row_holder(control_database).run_seq == run_seq == 42


HOLD = """
import sys
import sqlalchemy as sa
from jobs_config.errors import BooksalesError
from spark_jobs.control.database import control_engine, transaction
from spark_jobs.control.lease_row import row_lease

url, confirms = sys.argv[1], sys.argv[2] == "True"
try:
    with row_lease(url, "reload", life=2) as lease:
        print("held", flush=True)
        sys.stdin.readline()
        if confirms:
            lease.confirm()
        with transaction(control_engine(url)) as connection:
            connection.execute(sa.text("insert into written values ('the old one')"))
except BooksalesError as error:
    sys.exit(str(error))
"""


@contextmanager
def another_process_holds(url, confirms):
    command = [sys.executable, "-c", HOLD, url, str(confirms)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            yield holder
        finally:
            holder.kill()


@pytest.mark.parametrize("confirms", [True, False], ids=["with the check", "the control, without"])
def test_a_process_stopped_past_its_lease_and_woken_commits_nothing(control_database, engine, commits, confirms):
    with another_process_holds(control_database, confirms) as holder:
        time.sleep(3)
        # Longer than its life, and still held: it renews.
        assert row_holder(control_database).is_live
        holder.send_signal(signal.SIGSTOP)
        expire(control_database)

        with row_lease(control_database, "import-csv"):
            write(engine, "the new one")
            holder.send_signal(signal.SIGCONT)
            _, said = holder.communicate("go on\n", timeout=30)

    assert commits() == (["the new one"] if confirms else ["the new one", "the old one"])
    assert holder.returncode == (1 if confirms else 0)
    assert ("the writer's lease was taken over by `booksales import-csv`" in said) is confirms


def test_a_process_that_was_killed_holds_its_lease_until_it_expires(control_database):
    with another_process_holds(control_database, True) as holder:
        holder.kill()
        holder.wait(10)

        with pytest.raises(RefusedError, match=f"process {holder.pid} on "), row_lease(control_database, "import-csv"):
            pytest.fail("two writers at once")
        expire(control_database)
        with row_lease(control_database, "import-csv") as lease:
            assert lease.fence == 2
