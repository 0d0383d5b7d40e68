"""A full reload: one snapshot of the source, bronze, silver, gold, a new publication."""

import logging
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import Observation, SparkSession
from pyspark.sql import functions as F

from jobs_config.log_setup import bind_run, log_event
from jobs_config.progress import Progress
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.postgres import check_columns, partition_predicates, read_table
from spark_jobs.extract.snapshot import SourceSnapshot, SourceTable, open_snapshot
from spark_jobs.extract.source_totals import SourceTotal, source_totals
from spark_jobs.options import RunOptions
from spark_jobs.plan import require_tables
from spark_jobs.publish import publish_gold
from spark_jobs.registry import GOLD, SILVER
from spark_jobs.run_ledger import RunLedger
from spark_jobs.runner import Run, run_stages
from spark_jobs.tables import Lake
from warehouse.publication import Publication

LOGGER = logging.getLogger(__name__)

TABLES_AT_ONCE = 2


def reload(
    spark: SparkSession, options: RunOptions, ledger: RunLedger, run_seq: int, progress: Progress
) -> tuple[Run, Publication]:
    """Rebuild lake and warehouse from the source as of one moment; SCD2 history and imported files stay.

    Nothing that readers see changes until the last step. Raises a BooksalesError of the step that failed.
    """
    bind_run(run_seq)
    assert options.address is not None
    require_tables(options.mapping)
    lake = Lake(spark, options.lake)
    with open_snapshot(options.address, options.mapping) as snapshot:
        ledger.snapshot_taken(run_seq, snapshot.taken_at, meaning_of(options))
        with progress.phase("extract"):
            extract(lake, snapshot, options, ledger, run_seq, progress)
        snapshot_at = snapshot.taken_at
    run = Run(
        run_seq, lake, ledger, options.mapping.source, job_parameters(options, snapshot_at), options.discard_history
    )
    with progress.phase("clean and check (silver)"):
        run_stages(run, SILVER, progress)
    with progress.phase("model the star (gold)"):
        run_stages(run, GOLD, progress)
    with progress.phase("publish"):
        publication = publish_gold(run, options, snapshot_at, meaning_of(options), progress)
    return run, publication


def job_parameters(options: RunOptions, snapshot_at: object) -> dict[str, object]:
    """What transforms may ask for by name."""
    return {**meaning_of(options), "snapshot_at": snapshot_at}


def meaning_of(options: RunOptions) -> dict[str, str]:
    """What the amounts and dates of a run mean; kept with it, so that a later publication says what is true of them."""
    return {
        "time_zone": options.settings.time_zone,
        "shop_currency": options.mapping.shop_currency,
        "reporting_currency": options.settings.reporting_currency,
        "retail_week_start": options.settings.retail_week_start,
    }


def extract(
    lake: Lake, snapshot: SourceSnapshot, options: RunOptions, ledger: RunLedger, run_seq: int, progress: Progress
) -> None:
    """Bring every table of the snapshot to bronze; sealed only if as many rows arrived as the source says it has."""
    check_columns(snapshot)
    # Biggest first, so the small ones fill the gaps.
    tables = sorted(snapshot.tables.values(), key=lambda table: -table.size_bytes)
    totals = {table.name: source_totals(snapshot, table, options.settings.time_zone) for table in tables}
    ledger.record_source_totals(run_seq, [total for of_table in totals.values() for total in of_table])
    with ThreadPoolExecutor(TABLES_AT_ONCE) as pool:
        started = [
            pool.submit(extract_table, lake, snapshot, table, totals[table.name], options, run_seq) for table in tables
        ]
        arrived = 0
        for job in started:
            arrived += job.result()
            progress.update(arrived, sum(total.rows for of_table in totals.values() for total in of_table))


def extract_table(
    lake: Lake,
    snapshot: SourceSnapshot,
    table: SourceTable,
    totals: list[SourceTotal],
    options: RunOptions,
    run_seq: int,
) -> int:
    """Bring one table to bronze and seal it; returns its rows. Raises ExtractionError when the count is not the snapshot's."""
    observation = Observation(f"bronze_{table.name}")
    rows = read_table(lake.spark, snapshot, table, options.pseudonym_key, run_seq, options.mapping.source)
    lake.write_bronze(rows.observe(observation, F.count(F.lit(1)).alias("rows")), f"bronze.{table.name}", run_seq)
    arrived, expected = int(observation.get["rows"]), sum(total.rows for total in totals)
    if arrived != expected:
        raise ExtractionError(
            f"{table.relation}: {arrived} rows arrived, the snapshot has {expected}; nothing is published. "
            "A partition was not read in the snapshot: check that no pooler stands between (connect to the server itself)"
        )
    lake.seal_bronze(
        f"bronze.{table.name}",
        run_seq,
        {"rows": arrived, "snapshot": snapshot.text, "taken_at": str(snapshot.taken_at)},
    )
    log_event(LOGGER, "table.extracted", table=table.name, rows=arrived, partitions=len(partition_predicates(table)))
    return arrived
