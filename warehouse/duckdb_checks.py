"""What a new DuckDB generation is held against before it is published."""

from decimal import Decimal
from typing import Any

import duckdb

from warehouse.contract import Contract
from warehouse.ddl import gold_contracts
from warehouse.publication import PublicationError, TableExport

# The business dates that a new generation has of its own; everything else is as in the one it is a copy of.
TOUCHED = "sale_date in (select touched.sale_date from touched)"


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
    summed = "true" if export.days is None else TOUCHED
    for column, expected in export.sums.items():
        total = value(connection, f"select cast(coalesce(sum({column}), 0) as varchar) from {table} where {summed}")
        # As numbers: of days that are left without a row the lake says 0, this 0.00.
        if Decimal(total) != Decimal(expected):
            faults.append(f"{table}.{column} adds up to {total}, in the lake to {expected}")
    key = ", ".join(contract.key)
    distinct = value(connection, f"select count(*) from (select distinct {key} from {table})")
    if distinct != rows:
        faults.append(f"{table} has {rows - distinct} rows whose key ({key}) is not unique")
    for column, referred in contract.references.items():
        faults += _orphans(connection, table, column, f"analytics.{referred.split('.')[1]}")
    return faults


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
