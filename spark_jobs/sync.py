"""The daily job: what changed in the source since the last run, merged into the lake; touched days built and published anew."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pyspark.sql import SparkSession

from jobs_config.errors import RefusedError
from jobs_config.log_setup import bind_run, log_event
from jobs_config.progress import Progress
from spark_jobs.backfill import Window, read_window_again
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.changes import Changes, find_changes
from spark_jobs.extract.delivery import deliver_changes
from spark_jobs.extract.drift import columns_not_read
from spark_jobs.extract.position import SourcePosition, after_sync, check_goes_on, position_of, rewritten
from spark_jobs.extract.query import check_columns
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.snapshot import SourceTable, open_snapshot
from spark_jobs.extract.source_totals import count_rows, count_source, rows_by_table
from spark_jobs.meaning import check_meaning, job_parameters, meaning_of
from spark_jobs.merge import merge_job
from spark_jobs.options import RunOptions
from spark_jobs.publish import build_and_publish
from spark_jobs.reconcile import reconcile
from spark_jobs.registry import require_tables, silver_job
from spark_jobs.runner import Run, stop_if_asked
from spark_jobs.suppressions import note_presence, reader_of
from spark_jobs.tables import Lake
from warehouse.publication import Publication

LOGGER = logging.getLogger(__name__)

MERGES_AT_ONCE = 3


@dataclass(frozen=True)
class SyncOptions:
    """What a sync may be asked for: a look at every row of every table, deletes beyond the guard, old days or whole tables again."""

    sweeps_all: bool = False
    approves_deletes: bool = False
    window: Window | None = None
    tables: tuple[str, ...] = ()


def sync(
    spark: SparkSession, options: RunOptions, asked: SyncOptions, ledger: RunLedger, run_seq: int, progress: Progress
) -> tuple[Run, Publication | None]:
    """Bring lake and warehouse up to the source as of now; None where readers would see no change.

    Raises RefusedError where there is nothing to continue, SourceChangedError where the source is another than before, ApprovalError
    where more would be deleted than may be without being asked; a BooksalesError of the step that failed.
    """
    bind_run(run_seq)
    assert options.address is not None
    require_tables(options.mapping)
    before = position_before(options, ledger)
    lake = Lake(spark, options.lake)
    run = Run(run_seq, lake, ledger, options.mapping.source, {}, builds_all=False)
    with open_snapshot(options.address, options.mapping) as snapshot:
        ledger.snapshot_taken(run_seq, snapshot.taken_at, meaning_of(options))
        run.parameters = job_parameters(meaning_of(options), snapshot.taken_at)
        now = position_of(snapshot)
        check_goes_on(before, now, repr(options.address))
        check_columns(snapshot)
        run.keep_checks(columns_not_read(snapshot, before))
        with progress.phase("find what changed"):
            changes = find_changes(snapshot, before, asked.sweeps_all)
        log_event(LOGGER, "changes.found", rows=sum(change.rows for change in changes))
        reader = reader_of(spark, snapshot, options, run_seq)
        note_presence(run, reader.erased, reader.key)
        with progress.phase(f"extract {sum(change.rows for change in changes):,} changes"):
            deliver_changes(lake, reader, changes, progress.update)
        # Before the first table that numbers are made of is written: until the run is complete, nobody else builds on what it may
        # leave half done.
        swept = {change.table.name for change in changes if change.is_swept}
        ledger.record_position(run_seq, options.mapping.source, after_sync(before, now, swept))
        log_event(LOGGER, "position.recorded")
        with progress.phase("merge into silver"):
            merge_changes(run, changes, progress)
        if asked.window is not None:
            with progress.phase(f"read {len(asked.window.days):,} days again"):
                read_window_again(run, reader, asked.window, options.settings.time_zone, asked.approves_deletes)
            run.days_asked = asked.window.days
        with progress.phase("compare with the source"):
            compare(run, reader, options, asked, changes, rewritten(before, now), progress)
        snapshot_at = snapshot.taken_at
    stop_if_asked(run)
    return run, build_and_publish(run, options, snapshot_at, meaning_of(options), progress)


def position_before(options: RunOptions, ledger: RunLedger) -> SourcePosition:
    """How far the source has been read. Raises RefusedError where it never was, ConfigError where amounts would change meaning."""
    source = options.mapping.source
    before, last = ledger.position(source), ledger.last_read()
    if before is None or last is None:
        raise RefusedError(f"source {source} has never been read as a whole: run `booksales reload` once")
    unfinished = ledger.unfinished_read(last["run_seq"])
    for run in (last, unfinished):
        # A run that was stopped before its snapshot says nothing.
        if run is not None and run["meaning"] != "{}":
            check_meaning(run, options)
    return before


def merge_changes(run: Run, changes: Sequence[Changes], progress: Progress) -> None:
    """Merge every delivery of the run. A row of silver depends on its source row alone, so the order does not matter."""
    with ThreadPoolExecutor(MERGES_AT_ONCE) as pool:
        started = {
            change.table.name: pool.submit(merge_job, run, *silver_job(change.table.name))
            for change in changes
            if change.rows
        }
        for name, job in started.items():
            step = job.result()
            progress.note(
                f"{name}: {step.rows_inserted:,} new, {step.rows_updated:,} changed, {step.rows_deleted:,} gone"
            )


def to_compare(
    asked: SyncOptions, changes: Sequence[Changes], suspects: Sequence[str]
) -> tuple[list[SourceTable], list[str]]:
    """Tables whose row counts must agree after the merge, and the names of those that are compared by content whatever they count."""
    wanted = {*suspects, *asked.tables}
    swept = [change.table for change in changes if change.is_swept or change.table.name in wanted]
    return swept, [table.name for table in swept if asked.sweeps_all or table.name in wanted]


def compare(
    run: Run,
    reader: Reader,
    options: RunOptions,
    asked: SyncOptions,
    changes: Sequence[Changes],
    suspects: Sequence[str],
    progress: Progress,
) -> None:
    """Hold row counts of swept tables against the source's, and read again what differs."""
    snapshot, (swept, by_content) = reader.snapshot, to_compare(asked, changes, suspects)
    changed = {change.table.name for change in changes if change.rows} | {*by_content}
    changed |= {table.name for table in swept if run.ledger.run_that_counted(table.name, run.run_seq) is None}
    # A table without a change is as it was when it was last counted, if its rows are as many.
    totals = count_source(snapshot, {table.name for table in swept} & changed, options.settings.time_zone)
    run.ledger.record_source_totals(run.run_seq, totals)
    rows = {table.name: count_rows(snapshot, table) for table in swept if table.name not in changed}
    reconcile(run, reader, swept, rows | rows_by_table(totals), by_content, asked.approves_deletes, progress)
