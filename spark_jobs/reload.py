"""A full reload: one snapshot of the source, bronze, silver, gold, a new publication."""

import logging

from pyspark.sql import SparkSession

from jobs_config.log_setup import bind_run, log_event
from jobs_config.progress import Progress
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.delivery import deliver_tables
from spark_jobs.extract.drift import columns_not_read
from spark_jobs.extract.position import position_of
from spark_jobs.extract.query import check_columns
from spark_jobs.extract.snapshot import open_snapshot
from spark_jobs.extract.source_totals import count_source, rows_by_table
from spark_jobs.meaning import job_parameters, meaning_of
from spark_jobs.options import RunOptions
from spark_jobs.publish import build_and_publish
from spark_jobs.registry import SILVER, require_tables
from spark_jobs.runner import Run, run_stages
from spark_jobs.suppressions import note_presence, reader_of
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
            totals = count_source(snapshot, snapshot.tables.keys(), options.settings.time_zone)
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
    run.keep_checks(drifted)
    note_presence(run, reader.erased, reader.key)
    with progress.phase("clean and check (silver)"):
        run_stages(run, SILVER, progress)
    return run, build_and_publish(run, options, snapshot_at, meaning_of(options), progress)
