"""What a new DuckDB generation is held against before it is published."""

from decimal import Decimal
from typing import Any

import duckdb

from warehouse.contract import Contract
from warehouse.ddl import gold_contracts
from warehouse.publication import PublicationError, TableExport

# The business dates that a new generation has of its own; everything else is as in the one it is a copy of.
TOUCHED = "sale_date in (select touched.sale_date from touched)"

# So that counting them stays within the memory that a publication may take.
KEYS_AT_ONCE = 10_000_000


def check(connection: duckdb.DuckDBPyConnection, exports: dict[str, TableExport]) -> None:
    """Raise PublicationError, naming all faults, unless counts and sums equal the lake's, keys are unique and references are found."""
    faults = [fault for contract in gold_contracts() for fault in _faults(connection, contract, exports[contract.name])]
    if faults:
        raise PublicationError("nothing is published, the version before still serves: " + "; ".join(faults))


def _faults(connection: duckdb.DuckDBPyConnection, contract: Contract, export: TableExport) -> list[str]:
    table = f"analytics.{contract.name}"
    faults = []
    rows = value(connection, f"select count(*) from {table}")
    if rows != export.row_count:
        faults.append(f"{table} has {rows} rows, the lake has {export.row_count}")
    new = "true" if export.days is None else TOUCHED
    faults += _wrong_sums(connection, table, export.sums, new)
    key = ", ".join(contract.key)
    # A table without a new file has been looked at when it was new.
    if export.files and (repeated := _repeated_keys(connection, table, key, rows, new)):
        faults.append(f"{table} has {repeated} rows whose key ({key}) is not unique")
    for column, referred in contract.references.items():
        faults += _orphans(connection, table, column, f"analytics.{referred.split('.')[1]}")
    return faults


def _wrong_sums(connection: duckdb.DuckDBPyConnection, table: str, sums: dict[str, str], new: str) -> list[str]:
    if not sums:
        return []
    columns = ", ".join(f"cast(coalesce(sum({column}), 0) as varchar)" for column in sums)
    totals = connection.execute(f"select {columns} from {table} where {new}").fetchone()
    assert totals is not None
    # As numbers: of days that are left without a row the lake says 0, this 0.00.
    return [
        f"{table}.{column} adds up to {total}, in the lake to {expected}"
        for (column, expected), total in zip(sums.items(), totals, strict=True)
        if Decimal(total) != Decimal(expected)
    ]


def _repeated_keys(connection: duckdb.DuckDBPyConnection, table: str, key: str, rows: int, new: str) -> int:
    """Rows beyond the first of each key. What is not new has been looked at when it was."""
    if new == "true":
        parts = 1 + rows // KEYS_AT_ONCE
        counted = f"select count(*) from (select distinct {key} from {table} where hash({key}) % {parts} = "
        return rows - sum(int(value(connection, f"{counted}{part})")) for part in range(parts))
    there = value(
        connection, f"select count(*) from {table} where ({key}) in (select ({key}) from {table} where {new})"
    )
    return int(there) - int(value(connection, f"select count(*) from (select distinct {key} from {table} where {new})"))


def _orphans(connection: duckdb.DuckDBPyConnection, table: str, column: str, referred: str) -> list[str]:
    key = "date" if referred.endswith("dim_date") else column
    count = value(
        connection, f"select count(*) from {table} anti join {referred} on {table}.{column} = {referred}.{key}"
    )
    return [f"{count} rows of {table} have a {column} that {referred} lacks"] if count else []


def value(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The one value that a query answers."""
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]
