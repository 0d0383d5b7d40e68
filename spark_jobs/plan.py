"""What a reload would do, without Spark and without touching anything: `reload --dry-run`."""

from jobs_config.loader import load_job
from jobs_config.model import SourceMapping
from spark_jobs.errors import SourceMappingError
from spark_jobs.extract.postgres import check_columns, partition_predicates
from spark_jobs.extract.snapshot import open_snapshot
from spark_jobs.options import RunOptions
from spark_jobs.registry import SILVER


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
                    "partitions": len(partition_predicates(table)),
                    "bytes": table.size_bytes,
                }
            )
    return plan


def require_tables(mapping: SourceMapping) -> None:
    """Raises SourceMappingError unless the mapping names just the tables that the silver jobs read."""
    jobs = [load_job(name) for stage in SILVER for name in stage]
    wanted = {
        table.removeprefix("bronze.") for job in jobs for table in job.reads.values() if table.startswith("bronze.")
    }
    missing, unknown = sorted(wanted - mapping.tables.keys()), sorted(mapping.tables.keys() - wanted)
    problems = [f"{what} {', '.join(names)}" for what, names in (("missing", missing), ("unknown", unknown)) if names]
    if problems:
        raise SourceMappingError(
            f"source {mapping.source}: tables {'; '.join(problems)}. A mapping has these: {', '.join(sorted(wanted))}; "
            "a table that the shop does not have can be an empty view"
        )
