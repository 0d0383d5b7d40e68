"""The audit cannot be changed unseen: every change before the last kept head is found."""

import random
import shutil
import sqlite3
import threading
import time

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from api_databases import database_url

from api.audit.anchors import append_anchor, read_anchors
from api.audit.log import AuditLog, append, keep_head
from api.audit.schema import AUDIT, ENTRY, METADATA
from api.audit.segments import DAY, drop_old, seal
from api.audit.verify import verify
from api.database import migrate, open_database, writing

KEY = bytes(range(32))
COUNT = 300


def record(number, **more):
    return {
        "kind": "intent",
        "at": 1_700_000_000_000_000 + number,
        "request_id": f"r{number}",
        "username": f"user{number % 7}",
        "role": "viewer",
        "address": "10.0.0.1",
        "method": "GET",
        "endpoint": "summary",
        "path": "/api/analytics/summary/",
        "decision": "allowed",
        **more,
    }


def opened(path):
    engine = open_database(f"sqlite:///{path}")
    migrate(engine, AUDIT)
    return engine


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path, monkeypatch):
    engine = open_database(database_url(request, tmp_path, monkeypatch))
    migrate(engine, AUDIT)
    yield engine
    engine.dispose()


@pytest.fixture
def heads(tmp_path):
    return tmp_path / "heads"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A sealed, anchored audit of a few hundred entries, to be copied and tampered with."""
    folder = tmp_path_factory.mktemp("audit")
    engine = opened(folder / "audit.db")
    for number in range(0, COUNT, 10):
        append(engine, KEY, [record(number + place) for place in range(10)])
        if number % 50 == 0:
            keep_head(engine, KEY, folder / "heads")
        if number in (100, 200):
            seal(engine, KEY)
    keep_head(engine, KEY, folder / "heads")
    engine.dispose()
    with sqlite3.connect(folder / "audit.db") as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    return folder


def test_the_migrations_make_the_tables_that_the_code_knows(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": AUDIT.version_table, "compare_type": True}
        )
        assert compare_metadata(context, METADATA) == []


def test_what_is_untouched_is_sound(engine, heads):
    append(engine, KEY, [record(number) for number in range(25)])
    keep_head(engine, KEY, heads)

    verdict = verify(engine, KEY, heads)

    assert (verdict.faults, verdict.entries, verdict.anchored_seq) == ([], 25, 25)


def test_entries_can_be_neither_changed_nor_deleted_by_sql(engine):
    append(engine, KEY, [record(1)])

    for statement in (ENTRY.update().values(username="nobody"), ENTRY.delete()):
        with pytest.raises(sa.exc.DBAPIError, match="audit entries"), writing(engine) as connection:
            connection.execute(statement)


EDITS = {
    "username": "somebody",
    "role": None,
    "address": "10.0.0.2",
    "endpoint": "users",
    "path": "/",
    "decision": "not-permitted",
    "kind": "outcome",
    "at": 1,
    "request_id": "x",
    "status": 200,
    "row_count": 0,
    "hash": "0" * 64,
    "prev_hash": "0" * 64,
}


def tampered(connection, luck):
    """Change something before the last kept head, as somebody who owns the database can. Returns what was done."""
    first, last = luck.randint(1, COUNT), COUNT
    what = luck.choice(["edit", "delete", "swap", "cut", "copy", "renumber", "rewrite segment", "drop segment"])
    if what == "edit":
        name = luck.choice(list(EDITS))
        connection.execute(f"update audit_entry set {name} = ? where seq = ?", (EDITS[name], first))
    elif what == "delete":
        connection.execute("delete from audit_entry where seq between ? and ?", (first, first + luck.randint(0, 5)))
    elif what == "swap":
        second = first % COUNT + 1
        for old, new in ((first, -1), (second, first), (-1, second)):
            connection.execute("update audit_entry set seq = ? where seq = ?", (new, old))
    elif what == "cut":
        connection.execute("delete from audit_entry where seq > ?", (last - luck.randint(1, 100),))
    elif what == "copy":
        names = "kind, at, request_id, username, role, address, method, endpoint, path, decision, prev_hash, hash"
        connection.execute("delete from audit_entry where seq = ?", (first,))
        connection.execute(
            f"insert into audit_entry (seq, {names}) select ?, {names} from audit_entry where seq = ?",
            (first, first % COUNT + 1),
        )
    elif what == "renumber":
        connection.execute("delete from audit_entry where seq = ?", (first,))
        for seq in range(first + 1, COUNT + 1):
            connection.execute("update audit_entry set seq = ? where seq = ?", (seq - 1, seq))
    elif what == "rewrite segment":
        connection.execute("update audit_segment set last_hash = ? where first_seq = 1", ("1" * 64,))
    else:
        connection.execute("update audit_segment set dropped_at = 1 where first_seq = 1")
        connection.execute(
            "delete from audit_entry where seq <= (select last_seq from audit_segment where first_seq = 1)"
        )
    return what


def tamper(written, folder, seed):
    shutil.copytree(written, folder)
    connection = sqlite3.connect(folder / "audit.db", isolation_level=None)
    for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        connection.execute(f"drop trigger {name}")
    what = tampered(connection, random.Random(seed))
    connection.close()
    return what


def found_in(written, folder, seed):
    what = tamper(written, folder, seed)
    engine = open_database(f"sqlite:///{folder / 'audit.db'}")
    try:
        return what, verify(engine, KEY, folder / "heads").faults
    finally:
        engine.dispose()
        shutil.rmtree(folder)


def test_the_audit_that_is_tampered_with_below_is_sound_before(written):
    engine = open_database(f"sqlite:///{written / 'audit.db'}")
    try:
        verdict = verify(engine, KEY, written / "heads")
    finally:
        engine.dispose()

    assert (verdict.faults, verdict.entries, verdict.segments) == ([], COUNT, 2)


@pytest.mark.parametrize(
    "seeds", [range(60), pytest.param(range(60, 1_000), marks=pytest.mark.slow)], ids=["60 of them", "1,000 of them"]
)
def test_every_random_edit_deletion_reordering_and_cut_before_the_last_head_is_found(written, tmp_path, seeds):
    done = [found_in(written, tmp_path / str(seed), seed) for seed in seeds]

    assert [(seed, what) for seed, (what, faults) in zip(seeds, done, strict=True) if not faults] == []
    assert {what for what, _ in done} >= {"edit", "delete", "swap", "cut", "copy", "renumber"}


def test_a_cut_tail_goes_unseen_without_the_heads(written, tmp_path):
    shutil.copytree(written, tmp_path / "cut")
    with sqlite3.connect(tmp_path / "cut" / "audit.db") as connection:
        connection.execute("drop trigger audit_entry_stays")
        connection.execute("delete from audit_entry where seq > 250")
    connection.close()
    engine = open_database(f"sqlite:///{tmp_path / 'cut' / 'audit.db'}")

    (tmp_path / "none").write_text("")
    without = [fault for fault in verify(engine, KEY, tmp_path / "none").faults if "no head is kept" not in fault]
    with_heads = verify(engine, KEY, tmp_path / "cut" / "heads").faults
    engine.dispose()

    assert without == []
    assert any("the end was cut off" in fault for fault in with_heads)


def test_a_chain_made_anew_with_another_key_differs(written, tmp_path):
    engine = opened(tmp_path / "forged.db")
    append(engine, b"another key", [record(number) for number in range(COUNT)])

    faults = verify(engine, KEY, written / "heads").faults
    engine.dispose()

    assert faults


@pytest.mark.parametrize("change", ["a letter", "a line less", "two lines swapped", "no line", "another format"])
def test_heads_that_were_changed_are_found(written, tmp_path, change):
    lines = (written / "heads").read_text().splitlines()
    changed = {
        "a letter": [lines[0].replace('"seq": ', '"seq": 1'), *lines[1:]],
        "a line less": lines[1:],
        "two lines swapped": [lines[1], lines[0], *lines[2:]],
        "no line": [],
        "another format": ["{}"],
    }[change]
    (tmp_path / "heads").write_text("".join(f"{line}\n" for line in changed))
    engine = open_database(f"sqlite:///{written / 'audit.db'}")

    assert verify(engine, KEY, tmp_path / "heads").faults
    engine.dispose()


def test_a_head_is_kept_once_and_only_forward(heads):
    for seq in (5, 5, 3, 9):
        append_anchor(heads, KEY, seq, f"{seq:064x}")

    assert [anchor.seq for anchor in read_anchors(heads, KEY)] == [5, 9]
    assert heads.stat().st_mode & 0o777 == 0o600


# many writers, one chain


def test_fifty_writers_make_one_unbroken_chain(engine, heads):
    logs = [AuditLog(engine, KEY, heads, 400) for _ in range(3)]
    numbers, lock = [], threading.Lock()

    def write(writer):
        for number in range(20):
            seq = logs[writer % 3].submit(record(number, request_id=f"w{writer}")).result(30)
            with lock:
                numbers.append(seq)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for log in logs:
        log.close()

    assert sorted(numbers) == list(range(1, 1_001))
    verdict = verify(engine, KEY, heads)
    assert (verdict.faults, verdict.entries, verdict.anchored_seq) == ([], 1_000, 1_000)


# retention


def test_old_segments_go_whole_and_what_is_left_is_proved_from_their_heads(engine, heads):
    now = time.time_ns() // 1000
    for age in (500, 450, 10):
        append(engine, KEY, [record(number, at=now - age * DAY) for number in range(5)])
        keep_head(engine, KEY, heads)
        seal(engine, KEY)
    append(engine, KEY, [record(1, at=now)])
    keep_head(engine, KEY, heads)

    assert drop_old(engine, KEY, retention_days=400) == 2
    assert drop_old(engine, KEY, retention_days=400) == 0
    verdict = verify(engine, KEY, heads)
    assert (verdict.faults, verdict.entries, verdict.segments, verdict.newest_seq) == ([], 6, 3, 16)


def test_after_everything_has_gone_the_chain_goes_on(engine, heads):
    old = time.time_ns() // 1000 - 500 * DAY
    append(engine, KEY, [record(number, at=old) for number in range(5)])
    seal(engine, KEY)
    drop_old(engine, KEY, retention_days=400)

    assert append(engine, KEY, [record(9)]) == [6]
    assert verify(engine, KEY, heads).faults == [] or "no head" in verify(engine, KEY, heads).faults[0]


def test_a_segment_whose_head_was_changed_is_not_dropped(engine, heads):
    old = time.time_ns() // 1000 - 500 * DAY
    append(engine, KEY, [record(number, at=old) for number in range(5)])
    seal(engine, KEY)
    with writing(engine) as connection:
        connection.execute(sa.text("update audit_segment set last_at = last_at - 1"))

    assert drop_old(engine, KEY, retention_days=400) == 0


def test_nothing_new_is_nothing_to_seal(engine):
    append(engine, KEY, [record(1)])

    assert [seal(engine, KEY), seal(engine, KEY)] == [True, False]


@pytest.mark.slow
def test_a_million_entries_are_verified_within_a_minute(tmp_path):
    engine = opened(tmp_path / "audit.db")
    for number in range(0, 1_000_000, 10_000):
        append(engine, KEY, [record(number + place) for place in range(10_000)])
    keep_head(engine, KEY, tmp_path / "heads")

    began = time.process_time()
    verdict = verify(engine, KEY, tmp_path / "heads")
    seconds = time.process_time() - began
    engine.dispose()

    assert (verdict.faults, verdict.entries) == ([], 1_000_000)
    assert seconds < 60
