"""What changed since a position: nothing that was committed may be missed, whatever its time says."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection
from small_shop import reader_address

from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.model import SourceMapping, TableMapping, TombstoneMapping
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.changes import Changes, find_changes
from spark_jobs.extract.connection import SourceAddress
from spark_jobs.extract.position import SourcePosition, position_of
from spark_jobs.extract.snapshot import SourceSnapshot, open_snapshot

SCHEMA = """
create table account (id bigint primary key, owner text, updated_at timestamptz not null default now());
create table grave (name text, key bigint, at timestamptz not null default now());
insert into account (id, owner, updated_at) select id, 'A', now() - interval '1 day' from generate_series(1, 100) as id
"""
ACCOUNTS = SourceMapping(
    source="bank",
    schema="public",
    tombstones=TombstoneMapping(table="grave", table_name="name", row_key="key", watermark="at"),
    tables={
        "series": TableMapping(
            table="account", key="id", watermark="updated_at", deletes="tombstone",
            columns={"series_id": "id", "name": "owner"},
        )
    },
)  # fmt: skip


@pytest.fixture
def bank(shop_database: str) -> str:
    with closing(psycopg2.connect(shop_database)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(SCHEMA)
    return shop_database


@contextmanager
def writing(dsn: str) -> Iterator[Connection]:
    with closing(psycopg2.connect(dsn)) as connection:
        yield connection
        connection.commit()


def execute(connection: Connection, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def execute_alone(dsn: str, *statements: str) -> None:
    with writing(dsn) as connection:
        execute(connection, *statements)


def position(address: SourceAddress) -> SourcePosition:
    with open_snapshot(address, ACCOUNTS) as snapshot:
        return position_of(snapshot)


def found(snapshot: SourceSnapshot, before: SourcePosition) -> tuple[set[int], set[int], Changes]:
    """Changed keys, deleted keys, and the changes as found."""
    (changes,) = find_changes(snapshot, before, sweeps_all=False)
    changed = snapshot.query(f"select id from account where {changes.condition}")
    deleted = snapshot.query(changes.tombstones)
    return {key for (key,) in changed}, {key for (key,) in deleted}, changes


def test_without_a_change_nothing_is_found(postgres: EmbeddedPostgres, bank: str) -> None:
    address = reader_address(postgres, bank)
    before = position(address)

    with open_snapshot(address, ACCOUNTS) as snapshot:
        assert found(snapshot, before)[:2] == (set(), set())


@pytest.mark.parametrize("is_swept", [True, False], ids=["with a look at every row", "by time alone"])
def test_a_row_committed_late_with_an_earlier_time_is_found(
    postgres: EmbeddedPostgres, bank: str, is_swept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_jobs.extract.changes.SWEPT_ROWS", 5_000_000 if is_swept else 0)
    address = reader_address(postgres, bank)
    with writing(bank) as slow:
        execute(slow, "insert into account (id, owner) values (901, 'late')")
        with writing(bank) as quick:
            execute(quick, "insert into account (id, owner) values (902, 'early')")
        before = position(address)
    with open_snapshot(address, ACCOUNTS) as snapshot:
        changed, _, changes = found(snapshot, before)
        ((newest_seen,),) = snapshot.query("select updated_at from account where id = 902")
        # The control: what is newer than the newest row of the run before.
        by_greatest = {key for (key,) in snapshot.query("select id from account where updated_at > %s", (newest_seen,))}

    assert changes.is_swept == is_swept
    assert 901 in changed
    assert 901 not in by_greatest


def test_what_is_committed_while_an_old_transaction_runs_is_found_by_time_alone(
    postgres: EmbeddedPostgres, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_jobs.extract.changes.SWEPT_ROWS", 0)
    address = reader_address(postgres, bank)
    before = position(address)
    with writing(bank) as old:
        execute(old, "insert into account (id, owner) values (903, 'of the old transaction')")
        # As of a transaction that began half an hour ago.
        execute_alone(
            bank,
            "insert into account (id, owner, updated_at) values (904, 'since', now() + interval '30 minutes')",
            "insert into grave (name, key, at) values ('account', 5, now() + interval '30 minutes')",
            "delete from account where id = 5",
        )
        with open_snapshot(address, ACCOUNTS) as snapshot:
            changed, deleted, changes = found(snapshot, before)
            assert snapshot.cutoff is not None
            assert snapshot.cutoff <= before.taken_at + timedelta(minutes=1)

    assert not changes.is_swept
    assert (changed, deleted) == ({904}, {5})


def test_a_view_is_read_by_time_since_its_rows_bear_no_transactions_number(
    postgres: EmbeddedPostgres, bank: str
) -> None:
    execute_alone(
        bank, "alter table account rename to kept", "create view account as select * from kept where owner <> 'X'"
    )
    address = reader_address(postgres, bank)
    before = position(address)
    execute_alone(bank, "update kept set owner = 'B', updated_at = now() where id = 7")

    with open_snapshot(address, ACCOUNTS) as snapshot:
        changed, _, changes = found(snapshot, before)

    assert changed == {7}
    assert changes.is_swept


def test_a_change_that_moved_no_time_is_found_also_one_inside_a_savepoint(
    postgres: EmbeddedPostgres, bank: str
) -> None:
    address = reader_address(postgres, bank)
    before = position(address)
    with writing(bank) as connection:
        execute(
            connection,
            "update account set owner = 'B' where id = 7",
            "savepoint inner_one",
            "update account set owner = 'C' where id = 8",
            "release savepoint inner_one",
            "savepoint inner_two",
            "update account set owner = 'D' where id = 9",
            "rollback to savepoint inner_two",
        )

    with open_snapshot(address, ACCOUNTS) as snapshot:
        changed, _, changes = found(snapshot, before)
        by_time = snapshot.query(
            "select id from account where updated_at >= %s - interval '5 minutes'", (before.cutoff,)
        )

    assert changed == {7, 8}
    assert changes.changed_rows == 2
    assert by_time == []


def test_deleted_keys_are_found_unless_they_are_there_again(postgres: EmbeddedPostgres, bank: str) -> None:
    address = reader_address(postgres, bank)
    before = position(address)
    execute_alone(
        bank,
        "delete from account where id in (5, 6)",
        "insert into grave (name, key) values ('account', 5), ('account', 5), ('account', 6), ('other', 7)",
        "insert into account (id, owner) values (6, 'again')",
    )

    with open_snapshot(address, ACCOUNTS) as snapshot:
        changed, deleted, changes = found(snapshot, before)

    assert (changed, deleted, changes.deleted_keys) == ({6}, {5}, 1)


def test_a_role_that_cannot_see_the_transactions_of_others_is_refused_by_name(
    postgres: EmbeddedPostgres, bank: str
) -> None:
    before = position(reader_address(postgres, bank))
    with writing(bank) as connection:
        execute(
            connection,
            "create role plain_reader login password 'plain'",
            "grant usage on schema public to plain_reader",
            "grant select on all tables in schema public to plain_reader",
        )
        execute(
            connection,
            "do $$ begin execute format('grant connect on database %I to plain_reader', current_database()); end $$",
        )
    own = reader_address(postgres, bank)
    address = SourceAddress(own.host, own.port, own.database, "plain_reader", "plain")
    try:
        with (
            open_snapshot(address, ACCOUNTS) as snapshot,
            pytest.raises(ExtractionError, match="GRANT pg_read_all_stats TO plain_reader"),
        ):
            find_changes(snapshot, before, sweeps_all=True)
    finally:
        with writing(bank) as connection:
            execute(connection, "drop owned by plain_reader", "drop role plain_reader")
