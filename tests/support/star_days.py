"""Two days of the small star, the last of them different in every run: whole exports, and exports of that day alone."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from small_star import LAST_DAY, Row, tables, write_exports

from warehouse.publication import TableExport

ROWS = tables()
OTHER_DAY = LAST_DAY - timedelta(days=1)


def facts(number: int) -> list[Row]:
    """The facts of the last two days as run `number` has them: every line of the last day as often more."""
    lines = [row for row in ROWS["fact_sales"] if row["sale_date"] in (LAST_DAY, OTHER_DAY)][:40]
    return [
        {**row, "quantity": row["quantity"] + number, "gross_amount": row["gross_amount"] + number}
        if row["sale_date"] == LAST_DAY
        else row
        for row in lines
    ]


def whole(folder: Path, number: int) -> dict[str, TableExport]:
    """Exports of the whole star at lake version `number`."""
    exports = write_exports(folder / f"whole_{number}", {**ROWS, "fact_sales": facts(number)})
    return {
        name: replace(export, lake_version=number if name == "fact_sales" else 0) for name, export in exports.items()
    }


def of_last_day(folder: Path, number: int) -> dict[str, TableExport]:
    """The same, of which the fact tells only its last day."""
    exports = whole(folder, number)
    lines = [row for row in facts(number) if row["sale_date"] == LAST_DAY]
    in_part = write_exports(folder / f"part_{number}", {**ROWS, "fact_sales": lines})["fact_sales"]
    fact = replace(in_part, lake_version=number, row_count=exports["fact_sales"].row_count, days=[LAST_DAY])
    return {name: replace(export, files=()) for name, export in exports.items()} | {"fact_sales": fact}
