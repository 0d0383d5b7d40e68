"""How the embedded warehouse fills and keeps its rollups of recurrences (recurrence.py)."""

import duckdb

from warehouse.embedded.checks import TOUCHED, value
from warehouse.recurrence import COLUMNS, CUSTOMER_MONTHS, customer_months, days_of, distinct_of, recurrences_of
from warehouse.semantic import load_model

# Facts whose things are put in order at once, within the memory that a publication may take.
FACTS_AT_ONCE = 6_000_000


def build(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """A rollup from all facts, part by part of the things that it counts."""
    distinct = distinct_of(table, load_model())
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"create or replace temporary table parts_of_{table} ({columns})")
    parts = 1 + int(value(connection, "select count(*) from analytics.fact_sales")) // FACTS_AT_ONCE
    for part in range(parts):
        days = days_of(distinct, f"hash({', '.join(distinct.of)}) % {parts} = {part}")
        connection.execute(f"insert into parts_of_{table} {recurrences_of(distinct, days)}")
    _add_up(connection, table, f"from parts_of_{table}")
    connection.execute(f"drop table parts_of_{table}")


def note_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Before facts of touched days are replaced: who stands on those days, for `replace_days`."""
    model, there = load_model(), tables_in(connection)
    for table in model.recurrences.keys() & there:
        days = days_of(distinct_of(table, model), TOUCHED)
        connection.execute(f"create or replace temporary table was_{table} as {days}")


def replace_days(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """After they are replaced: take out the days of all things that have other days now, as they were, and put them in as they are."""
    distinct = distinct_of(table, load_model())
    of = ", ".join(distinct.of)
    is_days = days_of(distinct, TOUCHED)
    connection.execute(
        f"create or replace temporary table changed_things as select distinct {of} from (\n"
        f"    (from was_{table} except {is_days}) union all ({is_days} except from was_{table}))"
    )
    is_changed = f"({of}) in (select ({of}) from changed_things)"
    theirs = days_of(distinct, is_changed)
    was_theirs = f"select * from ({theirs} and not {TOUCHED}) union all from was_{table} where {is_changed}"
    before, after = recurrences_of(distinct, was_theirs), recurrences_of(distinct, theirs)
    _add_up(
        connection,
        table,
        f"from (from analytics.{table} union all select sale_date, previous_date, -counted from ({before}) union all ({after}))",
    )
    connection.execute("drop table changed_things")
    connection.execute(f"drop table was_{table}")


def tables_in(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Tables of schema analytics."""
    found = "select table_name from duckdb_tables() where schema_name = 'analytics'"
    return {name for (name,) in connection.execute(found).fetchall()}


def build_customer_months(connection: duckdb.DuckDBPyConnection) -> None:
    """The rollup of customers by month and by the month of their first purchase."""
    connection.execute(
        f"create or replace table analytics.{CUSTOMER_MONTHS} as {customer_months(load_model())} order by all"
    )


def _add_up(connection: duckdb.DuckDBPyConnection, table: str, rows: str) -> None:
    connection.execute(
        f"create or replace table analytics.{table} as select sale_date, previous_date, cast(sum(counted) as bigint) as counted "
        f"{rows} group by all having sum(counted) <> 0 order by all"
    )
