"""Columns that the source has got and nobody reads: no fault, and worth knowing, for somebody may wait for them."""

from spark_jobs.check_result import CheckResult
from spark_jobs.extract.position import SourcePosition
from spark_jobs.extract.snapshot import SourceSnapshot

NEW_COLUMNS = "new columns"


def columns_not_read(snapshot: SourceSnapshot, before: SourcePosition | None) -> list[CheckResult]:
    """A warning for each table that has more columns than at the last full reload, but for those that the mapping names."""
    found = []
    for name, table in snapshot.tables.items():
        known = before.tables[name].columns if before is not None and name in before.tables else ()
        mapping = table.mapping
        read = {
            mapping.key,
            mapping.watermark,
            mapping.soft_delete,
            *(given.column for given in mapping.columns.values()),
        }
        if known and (new := sorted({*table.columns} - {*known} - read)):
            detail = (
                f"{table.relation} has got {', '.join(new)}: not read until the mapping names what fills which column"
            )
            found.append(CheckResult(f"silver.{name}", NEW_COLUMNS, "warn", len(new), len(table.columns), detail))
    return found
