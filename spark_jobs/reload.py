"""A full reload: one snapshot of the source, bronze, silver, gold, a new publication."""

import logging
from datetime import datetime

from pyspark.sql import SparkSession

from jobs_config.log_setup import bind_run, log_event
from jobs_config.progress import Progress
from spark_jobs.extract.delivery import deliver_tables
from spark_jobs.extract.drift import columns_not_read
from spark_jobs.extract.erased import find_erased
from spark_jobs.extract.position import SourcePosition, TablePosition
from spark_jobs.extract.postgres import Reader, check_columns
from spark_jobs.extract.snapshot import SourceSnapshot, open_snapshot
from spark_jobs.extract.source_totals import SourceTotal, source_totals
from spark_jobs.meaning import job_parameters, meaning_of
from spark_jobs.options import RunOptions
from spark_jobs.plan import require_tables
from spark_jobs.publish import publish_gold
from spark_jobs.registry import GOLD, SILVER
from spark_jobs.run_ledger import RunLedger
from spark_jobs.runner import Run, run_stages
from spark_jobs.suppressions import note_presence, suppressed
from spark_jobs.tables import Lake
from warehouse.publication import Publication

LOGGER = logging.getLogger(__name__)


def reload(
    spark: SparkSession, options: RunOptions, ledger: RunLedger, run_seq: int, progress: Progress
) -> tuple[Run, Publication | None]:
    """Rebuild lake and warehouse from the source as of one moment; SCD2 history and imported files stay.

    Nothing that readers see changes until the last step. Raises a BooksalesError of the step that failed.
    """
    bind_run(run_seq)
    assert options.address is not None
    require_tables(options.mapping)
    lake = Lake(spark, options.lake)
    with open_snapshot(options.address, options.mapping) as snapshot:
        ledger.snapshot_taken(run_seq, snapshot.taken_at, meaning_of(options))
        check_columns(snapshot)
        drifted = columns_not_read(snapshot, ledger.position(options.mapping.source))
        with progress.phase("extract"):
            totals = count_source(snapshot, options, set(snapshot.tables))
            ledger.record_source_totals(run_seq, totals)
            reader = reader_of(spark, snapshot, options, run_seq)
            deliver_tables(lake, reader, rows_by_table(totals), progress.update)
        ledger.record_position(run_seq, options.mapping.source, position_of(snapshot))
        log_event(LOGGER, "position.recorded")
        snapshot_at = snapshot.taken_at
    run = Run(
        run_seq, lake, ledger, options.mapping.source, job_parameters(meaning_of(options), snapshot_at),
        discard_history=options.discard_history
    )  # fmt: skip
    run.found(drifted)
    note_presence(run, reader.erased, reader.key)
    with progress.phase("clean and check (silver)"):
        run_stages(run, SILVER, progress)
    return run, build_and_publish(run, options, snapshot_at, meaning_of(options), progress)


def build_and_publish(
    run: Run, options: RunOptions, snapshot_at: datetime, meaning: dict[str, str], progress: Progress
) -> Publication | None:
    """Gold from silver, then the warehouse; None where readers would see no change."""
    with progress.phase("model the star (gold)"):
        run_stages(run, GOLD, progress)
    versions = run.lake.versions()
    with progress.phase("publish"):
        publication = publish_gold(run, options, snapshot_at, meaning, versions, progress)
    run.ledger.record_versions(run.run_seq, versions, run.rows)
    log_event(LOGGER, "versions.recorded")
    return publication


def reader_of(spark: SparkSession, snapshot: SourceSnapshot, options: RunOptions, run_seq: int) -> Reader:
    """How this run reads the source, and whom it leaves out."""
    source, key = options.mapping.source, options.pseudonym_key
    erased = find_erased(snapshot, suppressed(Lake(spark, options.lake), source), key)
    return Reader(spark, snapshot, run_seq, source, key, erased, options.settings.reader == "columnar")


def count_source(snapshot: SourceSnapshot, options: RunOptions, tables: set[str]) -> list[SourceTotal]:
    """What the source says it holds, of the tables named."""
    wanted = [table for name, table in snapshot.tables.items() if name in tables]
    return [total for table in wanted for total in source_totals(snapshot, table, options.settings.time_zone)]


def rows_by_table(totals: list[SourceTotal]) -> dict[str, int]:
    """Rows of each table that was counted."""
    return {
        name: sum(total.rows for total in totals if total.table == name) for name in {total.table for total in totals}
    }


def position_of(snapshot: SourceSnapshot) -> SourcePosition:
    """How far this snapshot reads the source, where every row of every table is looked at."""
    tables = {
        name: TablePosition(
            table.relation, table.oid, table.filenode, table.mapping.key, snapshot.text, tuple(sorted(table.columns))
        )
        for name, table in snapshot.tables.items()
    }
    return SourcePosition(
        snapshot.system, snapshot.timeline, snapshot.database, snapshot.cutoff, snapshot.text, snapshot.taken_at, tables
    )
