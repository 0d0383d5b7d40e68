"""What a DuckDB file is filled with, from the lake's exported files."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import groupby

import duckdb

from warehouse.contract import Contract
from warehouse.ddl import OPS_TABLES, create_table, gold_contracts, rollup_query, touched_rows, views, warehouse_columns
from warehouse.embedded.checks import TOUCHED
from warehouse.embedded.recurrence import build, build_customer_months, note_days, replace_days, tables_in
from warehouse.files import is_on_s3, parquet_rows
from warehouse.publication import Base, Publication, TableExport
from warehouse.recurrence import CUSTOMER_MONTHS
from warehouse.semantic import load_model


def fill(
    connection: duckdb.DuckDBPyConnection,
    exports: dict[str, TableExport],
    base: Base | None,
    report: Callable[[str], None],
) -> None:
    """Tables, rollups and views of schema analytics: whole, or in a copy of `base` what differs from it."""
    there = base.lake_versions if base else {}
    for contract in gold_contracts():
        export = exports[contract.name]
        if there.get(contract.name) != export.lake_version:
            report(f"loading {contract.name}")
            _replace(connection, contract, export, in_part=base is not None and export.days is not None)
    fact = exports["fact_sales"]
    if there.get("fact_sales") != fact.lake_version:
        _build_rollups(connection, in_part=base is not None and fact.days is not None, report=report)
    if any(there.get(name) != exports[name].lake_version for name in ("fact_sales", "dim_customer")):
        report(f"building {CUSTOMER_MONTHS}")
        build_customer_months(connection)
    for name, query in views().items():
        connection.execute(f"create or replace view analytics.{name} as {query}")


def _replace(connection: duckdb.DuckDBPyConnection, contract: Contract, export: TableExport, in_part: bool) -> None:
    """The whole table, or its rows of the touched days."""
    if not in_part:
        connection.execute(f"drop table if exists analytics.{contract.name}")
        connection.execute(create_table(contract))
        _load(connection, contract, export.files)
        return
    connection.execute("create or replace temporary table touched (sale_date date)")
    if export.days:
        connection.execute("insert into touched select unnest($days)", {"days": list(export.days)})
    if contract.name == "fact_sales":
        note_days(connection)
    connection.execute(f"delete from analytics.{contract.name} where {TOUCHED}")
    _load(connection, contract, export.files, TOUCHED)


def _build_rollups(connection: duckdb.DuckDBPyConnection, in_part: bool, report: Callable[[str], None]) -> None:
    model = load_model()
    # A generation that an earlier version of the program made may lack one.
    there = tables_in(connection)
    for name in model.rollups_as_built:
        report(f"building {name}")
        order = f"order by {', '.join(model.rollups[name].keys)}"
        if in_part and name in there:
            condition = touched_rows(name, model, "touched")
            connection.execute(f"delete from analytics.{name} where {condition}")
            connection.execute(f"insert into analytics.{name} {rollup_query(name, model, condition)} {order}")
            continue
        connection.execute(f"create or replace table analytics.{name} as {rollup_query(name, model)} limit 0")
        # A month fits into memory, and the fact lies in the order of its days.
        for first, until in _months(connection):
            within = f"sale_date >= date '{first}' and sale_date < date '{until}'"
            connection.execute(f"insert into analytics.{name} {rollup_query(name, model, within)} {order}")
    for name in model.recurrences:
        report(f"building {name}")
        (replace_days if in_part and name in there else build)(connection, name)


def _months(connection: duckdb.DuckDBPyConnection) -> list[tuple[date, date]]:
    """First days of each month that has facts, and of the month after it."""
    return connection.execute(
        "select distinct cast(date_trunc('month', sale_date) as date) as first_day, cast(first_day + interval 1 month as date) "
        "from analytics.fact_sales order by 1"
    ).fetchall()


def _load(
    connection: duckdb.DuckDBPyConnection, contract: Contract, files: Sequence[str], condition: str = "true"
) -> None:
    columns = ", ".join(warehouse_columns(contract))
    order = f" order by {', '.join(contract.sort_by)}" if contract.sort_by else ""
    for part in _by_folder(files):
        if is_on_s3(part[0]):
            rows, named = "exported", {}
            connection.register(rows, parquet_rows(part))
        else:
            rows, named = "read_parquet($files, hive_partitioning = false)", {"files": list(part)}
        connection.execute(
            f"insert into analytics.{contract.name} select {columns} from {rows} where {condition}{order}", named
        )


def _by_folder(files: Sequence[str]) -> list[list[str]]:
    """The files of one partition of the table after another: a month fits into memory to be sorted, all of them may not."""
    folders = groupby(sorted(files), key=lambda file: file.rpartition("/")[0])
    return [list(part) for _, part in folders]


def write_ops(
    connection: duckdb.DuckDBPyConnection,
    publication: Publication,
    ops_rows: Mapping[str, Sequence[Sequence[object]]],
    exports: dict[str, TableExport],
    increments: int,
) -> None:
    """Schema ops: what the ledger tells, and what the publication says of itself and of the lake's versions it is made of."""
    for name, columns in OPS_TABLES.items():
        connection.execute(f"create or replace table ops.{name} ({columns})")
    versions = json.dumps({table: export.lake_version for table, export in exports.items()})
    described = (*asdict(publication).values(), versions, increments)
    for name, rows in {**ops_rows, "publication": [described]}.items():
        if rows:
            marks = ", ".join("?" for _ in rows[0])
            connection.executemany(f"insert into ops.{name} values ({marks})", rows)
