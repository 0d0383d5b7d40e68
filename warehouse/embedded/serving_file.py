"""The file that people's own SQL is asked of: a generation without what the matrix shows to nobody (decision 22).

The process that runs such SQL opens this file and no other: what is not in its catalogue cannot be named there, however it is asked.
"""

import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import duckdb

from warehouse.ddl import views
from warehouse.permissions import load_permissions
from warehouse.publication import PublicationError

SCHEMA = "analytics"

Tables = Mapping[str, Collection[str]]


def served_tables() -> Tables:
    """Tables of the file with their columns: what some role may name. Views are made anew for whoever asks."""
    permissions = load_permissions()
    made_anew = views()
    return {
        table: columns
        for table, columns in permissions.tables_of(permissions.roles[-1]).items()
        if table not in made_anew
    }


def make_serving_file(generation: Path, path: Path, memory_mb: int) -> None:
    """Copy a generation's file, and take out what is not served. Raises PublicationError where something of it is left.

    A dropped column costs no rewriting of the others, so this costs little more than the copy.
    """
    shutil.copyfile(generation, path)
    wanted = served_tables()
    with duckdb.connect(str(path), config={"memory_limit": f"{memory_mb}MB"}) as connection:
        for statement in _removals(connection, wanted):
            connection.execute(statement)
        connection.execute("checkpoint")
    found = held_columns(path)
    if left := found - {(table, column) for table, columns in wanted.items() for column in columns}:
        named = ", ".join(f"{table}.{column}" for table, column in sorted(left))
        raise PublicationError(f"{path.name}: holds {named}, which nobody may see; nothing is published")


def held_columns(path: Path) -> set[tuple[str, str]]:
    """Every column of every table and view in the file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, column_name from duckdb_columns() where not internal and database_name = current_database()"
        )
        return set(rows.fetchall())


def _removals(connection: duckdb.DuckDBPyConnection, wanted: Tables) -> Iterator[str]:
    """Statements that leave only what is wanted; names are the catalogue's own."""
    made = connection.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
    yield from (f'drop view "{schema}"."{view}"' for schema, view in made)
    columns = connection.execute(
        "select schema_name, table_name, list(column_name) from duckdb_columns() where not internal group by all"
    )
    for schema, table, names in columns.fetchall():
        if schema != SCHEMA or table not in wanted:
            yield f'drop table if exists "{schema}"."{table}"'
        else:
            unwanted = [name for name in names if name not in wanted[table]]
            yield from (f'alter table "{schema}"."{table}" drop column "{name}"' for name in unwanted)
