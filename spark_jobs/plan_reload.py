"""What a reload would do, without Spark and without touching anything: `reload --dry-run`."""

from jobs_config.spark import cores
from spark_jobs.extract.query import check_columns, partition_predicates, range_pages
from spark_jobs.extract.snapshot import open_snapshot
from spark_jobs.options import RunOptions
from spark_jobs.registry import require_tables


def plan_reload(options: RunOptions) -> list[dict[str, object]]:
    """One entry per table: where it is read, rows (counted in one snapshot), partitions, size in bytes, and what it writes.

    Checks the mapping, rights and types on the way, so it raises what a real run would.
    """
    assert options.address is not None
    require_tables(options.mapping)
    is_columnar = options.settings.reader == "columnar"
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
                    "partitions": len(
                        partition_predicates(table, range_pages(table, is_columnar, cores(options.settings)))
                    ),
                    "bytes": table.size_bytes,
                }
            )
    return plan
