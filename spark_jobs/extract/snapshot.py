"""One snapshot of the source for a whole run, kept open by one connection: the keeper.

All tables, facts and dimensions alike, are read as of one moment. The algorithm and its traps: docs/extraction.md.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection

from jobs_config.model import SourceMapping, TableMapping, TombstoneMapping
from spark_jobs.errors import ExtractionError, SourceMappingError
from spark_jobs.extract.connection import SourceAddress, connect
from spark_jobs.extract.select import SourceColumn, quoted

HEARTBEAT_SECONDS = 10
LOCKABLE = ("r", "p", "v")

CATALOGUE = """
select attname, format_type(atttypid, null),
       case when atttypmod > 4 and atttypid = 'numeric'::regtype then ((atttypmod - 4) >> 16) & 65535 end,
       case when atttypmod > 4 and atttypid = 'numeric'::regtype then (((atttypmod - 4) & 2047) # 1024) - 1024 end
from pg_attribute where attrelid = %s and attnum > 0 and not attisdropped
"""

SIZE = """
select greatest(reltuples, 0)::bigint, pg_relation_size(oid), current_setting('block_size')::int, coalesce(relfilenode, 0)
from pg_class where oid = %s
"""

# The oldest transaction that runs now. One that is not in the snapshot taken after this was running or started later, so what it
# writes bears a later time. The right is asked for, not guessed: without it other users' transactions look as if they had none.
CUTOFF = """
select
    least(
        clock_timestamp(),
        (
            select min(xact_start) from pg_stat_activity
            where backend_type = 'client backend' and pid <> pg_backend_pid()
        ),
        (select min(prepared) from pg_prepared_xacts)
    ),
    pg_has_role(current_user, 'pg_read_all_stats', 'usage'),
    pg_is_in_recovery()
"""

IDENTITY = """
select
    (select system_identifier::text from pg_control_system()),
    (select timeline_id from pg_control_checkpoint()),
    (select oid::bigint from pg_database where datname = current_database())
"""

UNIQUE_KEY = """
select exists (
    select from pg_index where indrelid = %s and indisunique and indpred is null and indnkeyatts = 1
    and indkey[0] = (select attnum from pg_attribute where attrelid = %s and attname = %s)
)
"""


@dataclass(frozen=True)
class SourceTable:
    """One mapped table as the snapshot sees it. `pages` are pages of its heap; 0 where the table has no heap of its own."""

    name: str
    mapping: TableMapping
    relation: str
    columns: dict[str, SourceColumn]
    pages: int
    size_bytes: int
    estimated_rows: int
    key_bounds: tuple[int, int] | None
    oid: int = 0
    filenode: int = 0
    is_view: bool = False


@dataclass(frozen=True)
class Tombstones:
    """Where deleted rows are recorded."""

    mapping: TombstoneMapping
    relation: str


@dataclass
class SourceSnapshot:
    """An exported snapshot that stays importable while the block that opened it runs.

    `text` is the snapshot's own text, the guard of every query; `taken_at` is the source's clock; `cutoff` the start of the oldest
    transaction that ran just before, None where the role may not see it. `system`, `timeline` and `database` say whose it is.
    """

    address: SourceAddress
    identifier: str
    text: str
    taken_at: datetime
    tables: dict[str, SourceTable]
    tombstones: Tombstones | None
    cutoff: datetime | None
    system: str
    timeline: int
    database: int
    _connection: Connection
    _lock: threading.Lock

    def query(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query inside the snapshot, on the keeper's own connection."""
        try:
            with self._lock, self._connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall()
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise ExtractionError(
                f"{self.address!r}: the connection that holds the snapshot failed: {error}; run again"
            ) from error
        except psycopg2.Error as error:
            raise ExtractionError(f"{self.address!r}: the source refused a query: {error}") from error


@contextmanager
def open_snapshot(address: SourceAddress, mapping: SourceMapping) -> Iterator[SourceSnapshot]:
    """Take one snapshot of every mapped table and keep it until the block ends.

    Raises SourceMappingError when the source lacks a mapped table, ExtractionError when it cannot be read or takes no snapshot.
    """
    connection = connect(address)
    stop = threading.Event()
    try:
        snapshot = _begin(connection, address, mapping)
        beat = threading.Thread(target=_heartbeat, args=(snapshot, stop), daemon=True)
        beat.start()
        yield snapshot
    except psycopg2.Error as error:
        raise ExtractionError(f"{address!r}: {str(error).strip()}") from error
    finally:
        stop.set()
        connection.close()


def _begin(connection: Connection, address: SourceAddress, mapping: SourceMapping) -> SourceSnapshot:
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with connection.cursor() as cursor:
        relations = _relations(cursor, mapping)
        cutoff = _cutoff(cursor, address)
        # The first query fixes the snapshot, so what was looked up is let go, and the locks come first: a TRUNCATE or a
        # rewrite between snapshot and lock would show an empty table. Plain writers are not held up.
        connection.rollback()
        for relation, _, kind in relations.values():
            if kind in LOCKABLE:
                cursor.execute(f"lock table {relation} in access share mode")
        cursor.execute("select pg_export_snapshot(), pg_current_snapshot()::text, clock_timestamp()")
        ((identifier, text, taken_at),) = cursor.fetchall()
        if _relations(cursor, mapping) != relations:
            raise ExtractionError(f"{address!r}: tables were replaced while they were being locked; run again")
        tables = {
            name: _describe(cursor, name, mapping.tables[name], relation, oid, kind)
            for name, (relation, oid, kind) in relations.items()
        }
        graves = _tombstones(cursor, mapping)
        cursor.execute(IDENTITY)
        ((system, timeline, database),) = cursor.fetchall()
    return SourceSnapshot(
        address,
        identifier,
        text,
        taken_at,
        tables,
        graves,
        cutoff,
        system,
        timeline,
        database,
        connection,
        threading.Lock(),
    )


def _tombstones(cursor: Any, mapping: SourceMapping) -> Tombstones | None:
    if mapping.tombstones is None:
        return None
    relation, _, _ = _relation(cursor, mapping, mapping.tombstones.table)
    return Tombstones(mapping.tombstones, relation)


def _cutoff(cursor: Any, address: SourceAddress) -> datetime | None:
    """Taken before the snapshot: after it, a transaction could begin and end in between, and be in neither run."""
    cursor.execute(CUTOFF)
    ((cutoff, sees_others, is_standby),) = cursor.fetchall()
    if is_standby:
        raise ExtractionError(
            f"{address!r}: this server is a standby, whose snapshots cannot be told apart; name the primary"
        )
    return cutoff if sees_others else None


def _relations(cursor: Any, mapping: SourceMapping) -> dict[str, tuple[str, int, str]]:
    return {name: _relation(cursor, mapping, table.table) for name, table in mapping.tables.items()}


def _relation(cursor: Any, mapping: SourceMapping, table: str) -> tuple[str, int, str]:
    """The relation as SQL, its oid and its kind."""
    relation = f"{quoted(mapping.schema_name)}.{quoted(table)}"
    cursor.execute(
        "select oid, relkind, has_table_privilege(oid, 'select') from pg_class where oid = to_regclass(%s)", (relation,)
    )
    row = cursor.fetchone()
    if row is None:
        cursor.execute(
            "select relname from pg_class where relnamespace = to_regnamespace(%s) and relkind in ('r', 'v', 'p', 'm', 'f')",
            (mapping.schema_name,),
        )
        there = ", ".join(sorted(name for (name,) in cursor.fetchall())) or "no tables"
        raise SourceMappingError(
            f"source {mapping.source}: table {mapping.schema_name}.{table} is not there; "
            f"schema {mapping.schema_name} has {there}"
        )
    if not row[2]:
        raise ExtractionError(f"source {mapping.source}: no right to read {relation}; GRANT SELECT on it to this user")
    return relation, int(row[0]), row[1]


def _describe(cursor: Any, name: str, table: TableMapping, relation: str, oid: int, kind: str) -> SourceTable:
    cursor.execute(CATALOGUE, (oid,))
    columns = {row[0]: SourceColumn(*row) for row in cursor.fetchall()}
    cursor.execute(
        SIZE,
        (oid,),
    )
    estimated, size, block, filenode = cursor.fetchone()
    has_heap = kind in ("r", "m")
    _check_key(cursor, name, table, relation, oid, columns)
    bounds = None if has_heap else _key_bounds(cursor, table, relation, columns)
    pages = -(-size // block) if has_heap else 0
    return SourceTable(name, table, relation, columns, pages, size, estimated, bounds, oid, filenode, kind == "v")


def _check_key(
    cursor: Any, name: str, table: TableMapping, relation: str, oid: int, columns: dict[str, SourceColumn]
) -> None:
    """A key that is not unique would make two rows one; a unique index shows it, else the rows are counted."""
    if table.key not in columns:
        raise SourceMappingError(
            f"{name}: key {table.key} is no column of {relation}; it has {', '.join(sorted(columns))}"
        )
    cursor.execute(UNIQUE_KEY, (oid, oid, table.key))
    if cursor.fetchone()[0]:
        return
    key = quoted(table.key)
    cursor.execute(f"select count(*) - count(distinct {key}) from {relation}")
    doubled = cursor.fetchone()[0]
    if doubled:
        raise SourceMappingError(
            f"{name}: {doubled} rows of {relation} have a {table.key} that is null or not unique; it cannot be the key"
        )


def _key_bounds(
    cursor: Any, table: TableMapping, relation: str, columns: dict[str, SourceColumn]
) -> tuple[int, int] | None:
    if columns[table.key].type not in ("smallint", "integer", "bigint"):
        return None
    cursor.execute(f"select min({quoted(table.key)}), max({quoted(table.key)}) from {relation}")
    low, high = cursor.fetchone()
    return None if low is None else (int(low), int(high))


def _heartbeat(snapshot: SourceSnapshot, stop: threading.Event) -> None:
    """Keep firewalls and proxies from dropping a connection that is idle while Spark reads."""
    while not stop.wait(HEARTBEAT_SECONDS):
        try:
            snapshot.query("select 1")
        except (ExtractionError, psycopg2.Error):
            return
