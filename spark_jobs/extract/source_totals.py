"""What the source itself says it holds, in SQL of its own, inside the run's snapshot: the truth that `booksales verify` uses.

It shares nothing with how the pipeline reads and counts.
"""

from collections.abc import Set
from dataclasses import dataclass
from decimal import Decimal

from jobs_config.model import TableMapping
from spark_jobs.extract.select import quoted
from spark_jobs.extract.snapshot import SourceSnapshot, SourceTable


@dataclass(frozen=True)
class SourceTotal:
    """Rows of one table, or of one month and currency of the sales. `gross` is Σ quantity × unit_price in sale currency."""

    table: str
    month: str
    currency: str
    rows: int
    live_rows: int
    live_quantity: int
    live_gross: Decimal


def count_source(snapshot: SourceSnapshot, tables: Set[str], time_zone: str) -> list[SourceTotal]:
    """What the source says it holds, of the tables named."""
    wanted = [table for name, table in snapshot.tables.items() if name in tables]
    return [total for table in wanted for total in source_totals(snapshot, table, time_zone)]


def rows_by_table(totals: list[SourceTotal]) -> dict[str, int]:
    """Rows of each table that was counted."""
    return {
        name: sum(total.rows for total in totals if total.table == name) for name in {total.table for total in totals}
    }


def source_totals(snapshot: SourceSnapshot, table: SourceTable, time_zone: str) -> list[SourceTotal]:
    """Totals of one table: per business month and currency where it holds sales, else one row; never none."""
    live = _live(table.mapping)
    if table.name == "sales":
        return _sales_totals(snapshot, table, live, time_zone)
    (count, live_count), *_ = snapshot.query(f"select count(*), count(*) filter (where {live}) from {table.relation}")
    return [SourceTotal(table.name, "", "", count, live_count, 0, Decimal(0))]


def count_rows(snapshot: SourceSnapshot, table: SourceTable) -> int:
    """Rows of one table, deleted ones included."""
    return int(snapshot.query(f"select count(*) from {table.relation}")[0][0])


def _sales_totals(snapshot: SourceSnapshot, table: SourceTable, live: str, time_zone: str) -> list[SourceTotal]:
    names = {name: quoted(column.column) for name, column in table.mapping.columns.items()}
    rows = snapshot.query(
        f"""
        select to_char(month, 'YYYY-MM'), currency, rows, live_rows, quantity, gross from (
            select date_trunc('month', {names["sold_at"]} at time zone %s) as month, {names["currency"]}::text as currency,
                   count(*) as rows, count(*) filter (where {live}) as live_rows,
                   coalesce(sum({names["quantity"]}) filter (where {live}), 0) as quantity,
                   coalesce(sum({names["quantity"]}::numeric * {names["unit_price"]}) filter (where {live}), 0) as gross
            from {table.relation} group by 1, 2
        ) as months order by 1, 2
        """,
        (time_zone,),
    )
    totals = [
        SourceTotal(table.name, month or "", currency or "", count, live_count, int(quantity), Decimal(gross))
        for month, currency, count, live_count, quantity, gross in rows
    ]
    # A shop that has sold nothing was counted too.
    return totals or [SourceTotal(table.name, "", "", 0, 0, 0, Decimal(0))]


def _live(mapping: TableMapping) -> str:
    return f"{quoted(mapping.soft_delete)} is null" if mapping.soft_delete else "true"
