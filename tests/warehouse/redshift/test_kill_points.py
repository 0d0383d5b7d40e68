"""Killed anywhere while it publishes: readers have the publication before or after, never a mix, and the next run ends equal."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from small_star import LAST_DAY, described
from star_days import facts, of_last_day, whole

from warehouse.redshift import statements

SUPPORT = Path(__file__).parents[2] / "support"
TESTS_ROOT = Path(__file__).parents[3]
# A process of its own that publishes, and kills itself when it reports a step.
KILLED = """
import os, pickle, signal, sys
from small_star import described
from redshift_stand_in import BUCKET, ROLE
from warehouse.redshift.warehouse import Copying, RedshiftWarehouse
place, exports, point = sys.argv[1], pickle.loads(open(sys.argv[2], "rb").read()), sys.argv[3]
warehouse = RedshiftWarehouse(place, Copying(f"s3://{BUCKET}/export", ROLE))
def die(step):
    if step == point:
        os.kill(os.getpid(), signal.SIGKILL)
base = warehouse.newest() if exports["fact_sales"].days is not None else None
warehouse.publish(exports, described(2), {}, keep=3, report=die, base=base)
"""
SCHEMAS = "select nspname from pg_namespace where nspname like 'star%' or nspname like 'stage%'"
PARTS = (
    "select sum(gross_amount) as gross from analytics.fact_sales",
    "select sum(quantity) as units from analytics.fact_sales",
    "select sum(gross_units) - sum(return_units) as units from analytics.rollup_book_daily",
)


def put(warehouse, exports, run_seq, **told):
    base = warehouse.newest() if exports["fact_sales"].days is not None else None
    return warehouse.publish(exports, described(run_seq), {}, keep=3, base=base, **told)


def state_of(number):
    """What each part answers in the publication of run `number`."""
    units = sum(row["quantity"] for row in facts(number))
    return sum(row["gross_amount"] for row in facts(number)), units, units


def seen(warehouse):
    reading = warehouse.current()
    found = tuple(next(iter(reading.rows(sql)[0].values())) for sql in PARTS)
    reading.release()
    return found


POINTS = {
    "before COPY": ("loading fact_sales", False),
    "amid the rollups": ("building rollup_book_daily", False),
    "between COPY and commit": ("checking the publication", False),
    "before commit": ("committing", False),
    "after commit": ("published", True),
}
# One of each kind on every run, all of them in test-all.
USUAL = {("before COPY", of_last_day), ("between COPY and commit", whole), ("before commit", of_last_day)}


@pytest.mark.parametrize(
    ("make", "point", "is_published"),
    [
        pytest.param(
            make,
            *POINTS[name],
            id=f"{name} {'whole' if make is whole else 'in part'}",
            marks=() if (name, make) in USUAL else pytest.mark.slow,
        )
        for name in POINTS
        for make in (whole, of_last_day)
    ],
)
def test_a_killed_publication_is_whole_or_nothing_and_the_next_run_ends_equal(
    warehouse, place, tmp_path, ask, make, point, is_published
):
    put(warehouse, whole(tmp_path, 1), 1)
    (tmp_path / "exports").write_bytes(pickle.dumps(make(tmp_path, 2)))
    line = [sys.executable, "-c", KILLED, place, str(tmp_path / "exports"), point]
    path = os.pathsep.join([str(TESTS_ROOT), str(SUPPORT)])

    killed = subprocess.run(line, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert seen(warehouse) == state_of(2 if is_published else 1)
    assert warehouse.newest_run() == (2 if is_published else 1)
    put(warehouse, make(tmp_path, 3), 3)
    assert seen(warehouse) == state_of(3)
    # Nothing of the killed one is left.
    kept = {1, 2, 3} if is_published else {1, 3}
    assert len(ask(SCHEMAS)) == (len(kept) if make is whole else 1)


@contextmanager
def commit_unanswered(gateway):
    """The answer to the first commit is lost: those that were, and what arms it when a publication reports its steps."""
    lost = []

    async def lose(tag):
        if tag == "COMMIT" and not lost:
            lost.append(tag)
            raise ConnectionResetError

    def when_committing(step):
        if step == "committing":
            gateway.before_answer = lose

    try:
        yield lost, when_committing
    finally:
        gateway.before_answer = None


@pytest.mark.parametrize("make", [pytest.param(whole, marks=pytest.mark.slow), of_last_day], ids=["whole", "in part"])
def test_a_commit_whose_answer_is_lost_is_found_to_be_done(warehouse, tmp_path, gateway, ask, make):
    put(warehouse, whole(tmp_path, 1), 1)
    steps = []

    with commit_unanswered(gateway) as (lost, when_committing):
        made = put(warehouse, make(tmp_path, 2), 2, report=lambda step: (steps.append(step), when_committing(step)))

    assert lost == ["COMMIT"]
    assert any(step.startswith("trying again") for step in steps)
    assert (made.generation, seen(warehouse)) == (2, state_of(2))
    assert ask("select count(*), max(generation) from ops.publication") == [[2 if make is whole else 1, 2]]


def test_a_server_that_is_away_for_a_moment_after_the_commit_is_asked_again(warehouse, tmp_path, gateway, monkeypatch):
    put(warehouse, whole(tmp_path, 1), 1)
    connect, refused = statements.connect, []

    with commit_unanswered(gateway) as (lost, when_committing):

        def away(address):
            if lost and not refused:
                refused.append(address)
                # Nobody listens there.
                return connect(replace(address, port=9))
            return connect(address)

        monkeypatch.setattr(statements, "connect", away)
        made = put(warehouse, of_last_day(tmp_path, 2), 2, report=when_committing)

    assert (len(lost), len(refused)) == (1, 1)
    assert (made.generation, seen(warehouse)) == (2, state_of(2))


@pytest.mark.slow
def test_a_connection_that_breaks_before_the_commit_is_made_anew_and_the_work_done_again(warehouse, tmp_path, gateway):
    put(warehouse, whole(tmp_path, 1), 1)
    broken = []

    async def break_off(tag):
        if tag.startswith("DELETE") and not broken:
            broken.append(tag)
            raise ConnectionResetError

    gateway.before_answer = break_off
    try:
        put(warehouse, of_last_day(tmp_path, 2), 2)
    finally:
        gateway.before_answer = None

    assert (broken != [], seen(warehouse)) == (True, state_of(2))


class Reader(threading.Thread):
    """Asks for the parts again and again: of one reading, or carelessly of whatever serves for each."""

    def __init__(self, warehouse, over, holds):
        super().__init__(daemon=True)
        self._warehouse, self._over, self._holds = warehouse, over, holds
        self.answers, self.errors = [], []

    def run(self):
        while not self._over.is_set():
            try:
                self.answers.append(self._held() if self._holds else self._careless())
            except Exception as error:
                self.errors.append(error)

    def _held(self):
        reading = self._warehouse.current()
        try:
            return tuple(self._asked(reading, sql) for sql in PARTS)
        finally:
            reading.release()

    def _careless(self):
        found = []
        for sql in PARTS:
            reading = self._warehouse.current()
            found.append(self._asked(reading, sql))
            reading.release()
        return tuple(found)

    def _asked(self, reading, sql):
        answer = next(iter(reading.rows(sql)[0].values()))
        time.sleep(0.05)  # long enough for a publication in between
        return answer


@pytest.mark.parametrize("publications", [5, pytest.param(40, marks=pytest.mark.slow)])
def test_readers_never_see_a_mix_of_publications(warehouse, tmp_path, publications):
    put(warehouse, whole(tmp_path, 1), 1)
    over = threading.Event()
    readers = [Reader(warehouse, over, holds=True) for _ in range(3)]
    careless = [Reader(warehouse, over, holds=False) for _ in range(2)]
    for reader in (*readers, *careless):
        reader.start()
    for number in range(2, publications + 1):
        put(warehouse, (whole if number % 4 == 0 else of_last_day)(tmp_path, number), number)
    over.set()
    for reader in (*readers, *careless):
        reader.join(60)

    states = {state_of(number) for number in range(1, publications + 1)}
    answers = [answer for reader in readers for answer in reader.answers]
    assert [error for reader in (*readers, *careless) for error in reader.errors] == []
    assert [answer for answer in answers if answer not in states] == []
    assert len(set(answers)) > publications // 2
    # The control: who takes each part from whatever serves then sees mixes.
    assert any(answer not in states for reader in careless for answer in reader.answers)


def test_every_state_is_another():
    assert len({state_of(number) for number in range(1, 41)}) == 40
    assert any(row["sale_date"] == LAST_DAY for row in facts(1))
    assert isinstance(state_of(1)[0], Decimal)
