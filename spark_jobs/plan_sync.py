"""What a sync, sweep or backfill would do to silver, by the comparisons that it makes itself: `--dry-run`. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs_config.progress import Progress
from spark_jobs.backfill import Window, plan_window
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.buckets import in_buckets
from spark_jobs.extract.changes import Changes, find_changes
from spark_jobs.extract.delivery import read_changes, read_where
from spark_jobs.extract.erased import CUSTOMERS
from spark_jobs.extract.position import check_goes_on, position_of, rewritten
from spark_jobs.extract.query import check_columns
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.snapshot import SourceTable, open_snapshot
from spark_jobs.extract.source_totals import count_rows
from spark_jobs.meaning import job_parameters, meaning_of
from spark_jobs.merge import Found, compare_delivery
from spark_jobs.options import RunOptions
from spark_jobs.reconcile import are_many, differing_buckets, ghosts_in, rows_in_lake
from spark_jobs.registry import require_tables, silver_job
from spark_jobs.runner import Run
from spark_jobs.suppressions import reader_of
from spark_jobs.sync import SyncOptions, position_before, to_compare
from spark_jobs.tables import IS_GONE, Lake
from warehouse.contract import load_contract


@dataclass
class Planned:
    """What would come of one table: rows as bronze would hold them, keys that the source has no more, and what that is to silver.

    `found` is None as long as nothing would come.
    """

    table: SourceTable
    rows: list[DataFrame] = field(default_factory=list)
    ghosts: list[DataFrame] = field(default_factory=list)
    found: Found | None = None
    rows_read: int = 0
    needs_approval: bool = False

    def as_entry(self) -> dict[str, object]:
        """As people and programs read it."""
        found = self.found
        return {
            "table": self.table.name,
            "read": self.rows_read,
            "new": found.inserted if found else 0,
            "changed": found.updated if found else 0,
            "gone": found.deleted if found else 0,
            "quarantined": found.rows_quarantined if found else 0,
            "needs_approval": self.needs_approval,
        }


def plan_sync(
    spark: SparkSession, options: RunOptions, asked: SyncOptions, ledger: RunLedger, progress: Progress
) -> list[dict[str, object]]:
    """One entry per table: rows that would be read, be new, changed, gone and quarantined, and whether deletes need approval.

    Raises what `sync` would raise, but for the approval of deletes.
    """
    assert options.address is not None
    require_tables(options.mapping)
    before = position_before(options, ledger)
    with open_snapshot(options.address, options.mapping) as snapshot:
        parameters = job_parameters(meaning_of(options), snapshot.taken_at)
        run = Run(0, Lake(spark, options.lake), ledger, options.mapping.source, parameters, builds_all=False)
        now = position_of(snapshot)
        check_goes_on(before, now, repr(options.address))
        check_columns(snapshot)
        reader = reader_of(spark, snapshot, options, 0)
        with progress.phase("find what changed"):
            changes = find_changes(snapshot, before, asked.sweeps_all)
        plan = {change.table.name: Planned(change.table) for change in changes}
        with progress.phase("compare with the lake"):
            _plan_changes(run, reader, plan, changes)
            if asked.window is not None:
                _plan_window(run, reader, plan["sales"], asked.window, options.settings.time_zone)
            counted, by_content = to_compare(asked, changes, rewritten(before, now))
            for table in counted:
                if table.mapping.deletes != "none":
                    _plan_reconciliation(run, reader, plan[table.name], table.name in by_content)
    return [planned.as_entry() for planned in plan.values()]


def _plan_changes(run: Run, reader: Reader, plan: dict[str, Planned], changes: Sequence[Changes]) -> None:
    for change in changes:
        if change.rows:
            _compare(run, plan[change.table.name], read_changes(reader, change))


def _plan_window(run: Run, reader: Reader, planned: Planned, window: Window, time_zone: str) -> None:
    held = _rows_then(run, planned)
    rows, ghosts = plan_window(run, reader, _silver_then(run, planned), window, time_zone)
    planned.needs_approval = are_many(ghosts.count(), held)
    _compare(run, planned, rows, ghosts)


def _plan_reconciliation(run: Run, reader: Reader, planned: Planned, by_content: bool) -> None:
    """What row counts and contents show, held against silver as it would be by then."""
    table, contract, found = planned.table, load_contract(f"silver.{planned.table.name}"), planned.found
    silver, held = _silver_then(run, planned), _rows_then(run, planned)
    aside = run.quarantine.held(contract.table, run.source)
    if found is not None:
        aside = run.quarantine.rows_after(found.arrived, contract, run.source, found.rows_quarantined)
    erased = len(reader.erased.there) if table.name == CUSTOMERS else 0
    there = count_rows(reader.snapshot, table) - erased
    if there == held + aside and not by_content:
        return
    buckets = differing_buckets(reader, table, silver)
    if buckets:
        rows = read_where(reader, table, in_buckets(table, buckets)).localCheckpoint()
        ghosts = ghosts_in(table, silver, rows, buckets).localCheckpoint()
        planned.needs_approval |= (there == 0 and held > 0) or are_many(ghosts.count(), held)
        _compare(run, planned, rows, ghosts)


def _silver_then(run: Run, planned: Planned) -> DataFrame:
    """The source's rows in silver as they would be after what has been found so far."""
    contract = load_contract(f"silver.{planned.table.name}")
    silver = run.lake.read(contract.table).filter(F.col("source") == run.source).select(*contract.columns)
    if planned.found is None:
        return silver
    good = planned.found.arrived.filter(~F.col(IS_GONE)).select(*contract.columns)
    return silver.join(planned.found.arrived, on=list(contract.key), how="left_anti").unionByName(good)


def _rows_then(run: Run, planned: Planned) -> int:
    growth = planned.found.inserted - planned.found.deleted if planned.found else 0
    return rows_in_lake(run, [planned.table])[planned.table.name] + growth


def _compare(run: Run, planned: Planned, rows: DataFrame, ghosts: DataFrame | None = None) -> None:
    """Hold what would come, this besides, against silver. A snapshot has one version of a row: a key that came twice is that row."""
    contract = load_contract(f"silver.{planned.table.name}")
    keys, (_, transform) = list(contract.key_in_source), silver_job(planned.table.name)
    planned.rows.append(rows)
    planned.ghosts += [ghosts] if ghosts is not None else []
    delivered = reduce(DataFrame.unionByName, planned.rows).dropDuplicates(keys).localCheckpoint()
    gone = None
    if planned.ghosts:
        gone = reduce(DataFrame.unionByName, planned.ghosts).join(delivered.select(*keys), on=keys, how="left_anti")
        gone = gone.select(*contract.key).dropDuplicates()
    planned.rows_read = delivered.count()
    planned.found = compare_delivery(run, transform, delivered, contract, gone)
