"""Before anything serves: counts and sums equal the lake's, keys are unique, references are found. Redshift enforces none of it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from warehouse.contract import Contract
from warehouse.ddl import gold_contracts
from warehouse.publication import TableExport
from warehouse.redshift.explaining import UNCHANGED, WarehouseError
from warehouse.redshift.statements import Statements

SPAN = (
    "select count(*) as sales, min(sale_date) as first_date, "
    "max(case when not is_return then sale_date end) as last_date from {star}.fact_sales"
)


def check(statements: Statements, star: str, exports: Mapping[str, TableExport], touched: str = "") -> None:
    """Raise WarehouseError that names every fault of the star. `touched` is the table of days that were written, if only some were."""
    faults = [
        fault
        for contract in gold_contracts()
        for fault in _faults(statements, star, contract, exports[contract.name], touched)
    ]
    if faults:
        raise WarehouseError(f"{UNCHANGED}: {'; '.join(faults)}")


def sales_span(statements: Statements, star: str) -> tuple[int, date | None, date | None]:
    """How many sale lines there are, the first business date, and the last with a sale."""
    row = statements.row(SPAN.format(star=star))
    assert row is not None
    return row["sales"], row["first_date"], row["last_date"]


def _faults(statements: Statements, star: str, contract: Contract, export: TableExport, touched: str) -> list[str]:
    table = f"{star}.{contract.name}"
    named = f"analytics.{contract.name}"
    in_part = touched and export.days is not None
    where = f" where sale_date in (select sale_date from {touched})" if in_part else ""
    faults = []
    rows = statements.value(f"select count(*) as rows from {table}")
    if rows != export.row_count:
        faults.append(f"{named} has {rows} rows, the lake has {export.row_count}")
    for column, expected in export.sums.items():
        total = statements.value(f"select cast(coalesce(sum({column}), 0) as varchar(64)) as total from {table}{where}")
        if Decimal(total) != Decimal(expected):
            faults.append(f"{named}.{column} adds up to {total}, in the lake to {expected}")
    key = ", ".join(contract.key)
    groups = f"select {key}, count(*) as rows from {table} group by {key} having count(*) > 1"
    more = statements.value(f"select coalesce(sum(rows - 1), 0) as more from ({groups}) as repeated")
    if more:
        faults.append(f"{named} has {more} rows whose key ({key}) is not unique")
    for column, referred in contract.references.items():
        faults += _orphans(statements, star, contract.name, column, referred.split(".")[1])
    return faults


def _orphans(statements: Statements, star: str, table: str, column: str, referred: str) -> list[str]:
    key = "date" if referred == "dim_date" else column
    count = statements.value(
        f"select count(*) as orphans from {star}.{table} left join {star}.{referred} "
        f"on {table}.{column} = {referred}.{key} where {referred}.{key} is null"
    )
    return [f"{count} rows of analytics.{table} have a {column} that analytics.{referred} lacks"] if count else []
