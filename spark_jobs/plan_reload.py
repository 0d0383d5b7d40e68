"""What a reload would do, without Spark and without touching anything: `reload --dry-run`."""

from jobs_config.spark import cores
from spark_jobs.extract.query import check_columns, columnar_pages, is_read_by_columns, partition_predicates
from spark_jobs.extract.snapshot import SourceTable, open_snapshot
from spark_jobs.options import RunOptions
from spark_jobs.registry import require_tables


def plan_reload(options: RunOptions) -> list[dict[str, object]]:
    """One entry per table: where it is read, rows (counted in one snapshot), partitions, size in bytes, and what it writes.

    Checks the mapping, rights and types on the way, so it raises what a real run would.
    """
    assert options.address is not None
    require_tables(options.mapping)
    with open_snapshot(options.address, options.mapping) as snapshot:
        check_columns(snapshot)
        plan: list[dict[str, object]] = []
        for table in snapshot.tables.values():
            ((rows,),) = snapshot.query(f"select count(*) from {table.relation}")
            plan.append(
                {
                    "table": table.relation.replace('"', ""),
                    "writes": f"silver.{table.name}",
                    "rows": rows,
                    "partitions": len(partition_predicates(table, _pages(options, table))),
                    "bytes": table.size_bytes,
                }
            )
    return plan


def _pages(options: RunOptions, table: SourceTable) -> int:
    """Pages of one range of the reader that the settings choose; 0 for the usual number."""
    is_columnar = options.settings.reader == "columnar" and is_read_by_columns(table)
    return columnar_pages(table, cores(options.settings)) if is_columnar else 0
