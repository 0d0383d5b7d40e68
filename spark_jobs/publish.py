"""From gold to the warehouse: the files of every table at the versions one run wrote, and what readers should know of them."""

import json
import zoneinfo
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs_config.progress import Progress
from spark_jobs.errors import LakeError
from spark_jobs.expectations import CheckResult
from spark_jobs.options import RunOptions
from spark_jobs.run_ledger import RunLedger, StepResult, now
from spark_jobs.runner import Run, money_columns
from spark_jobs.tables import Lake
from warehouse.contract import load_contract, tables_of
from warehouse.duckdb_warehouse import publish
from warehouse.publication import Publication, TableExport

TABLES_AT_ONCE = 4
QUALITY_COLUMNS = ("table_name", "expectation", "level", "failed_rows", "checked_rows")


def publish_gold(
    run: Run, options: RunOptions, snapshot_at: datetime, meaning: Mapping[str, str], progress: Progress
) -> Publication:
    """Publish what the run's gold jobs wrote; `meaning` is that of the run that built gold.

    Raises PublicationError, with the old version still serving, when a check fails.
    """
    with ThreadPoolExecutor(TABLES_AT_ONCE) as pool:
        names = tables_of("gold")
        exports = dict(zip(names, pool.map(lambda name: _export(run, f"gold.{name}"), names), strict=True))

    def describe(generation: int, sale_count: int, first: date | None, last: date | None) -> Publication:
        return Publication(
            generation=generation,
            run_seq=run.run_seq,
            published_at=datetime.now(UTC),
            snapshot_at=snapshot_at,
            data_from=first,
            data_through=data_through(snapshot_at, meaning["time_zone"], last),
            reporting_currency=meaning["reporting_currency"],
            time_zone=meaning["time_zone"],
            retail_week_start=meaning["retail_week_start"],
            sale_count=sale_count,
        )

    publication = publish(
        options.warehouse,
        exports,
        describe,
        _ops_rows(run),
        options.settings.keep_generations,
        report=progress.note,
        confirm=run.confirm,
    )
    run.ledger.record_publication(publication.generation, run.run_seq, run.lake_run_seq or run.run_seq)
    return publication


def data_through(snapshot_at: datetime, time_zone: str, last_sale_date: date | None) -> date | None:
    """The last complete business date: the earlier of the day before the snapshot's and the last with a sale (domain, part 4)."""
    if last_sale_date is None:
        return None
    business_date = snapshot_at.astimezone(zoneinfo.ZoneInfo(time_zone)).date()
    return min(business_date - timedelta(days=1), last_sale_date)


def _export(run: Run, table: str) -> TableExport:
    step = next(step for step in run.steps if step.table_name == table)
    assert step.lake_version is not None
    files = run.lake.data_files(table, step.lake_version)
    return TableExport(files, step.lake_version, step.rows_written, run.sums[table])


def _ops_rows(run: Run) -> dict[str, list[tuple[object, ...]]]:
    """The newest runs and this run's quality results, as the ledger has them."""
    runs: list[tuple[object, ...]] = []
    for row in run.ledger.runs(200):
        # A publication is read only once it serves, and then its own run has published.
        ended = ("published", now()) if row["run_seq"] == run.run_seq else (row["state"], row["finished_at"])
        runs.append((row["run_seq"], row["kind"], ended[0], row["started_at"], ended[1], row["detail"]))
    quality: list[tuple[object, ...]] = [
        (run.run_seq, item.table, item.expectation, item.level, item.failed_rows, item.checked_rows)
        for item in run.quality
    ]
    return {"run": runs, "quality_result": quality}


def republish(
    spark: SparkSession, options: RunOptions, ledger: RunLedger, run_seq: int, progress: Progress
) -> tuple[Run, Publication]:
    """Publish gold as the last complete run left it, as a new generation. Raises LakeError when no run has built gold."""
    built = next((row["lake_run_seq"] for row in ledger.publications()), None)
    if built is None:
        raise LakeError("no run has built the gold tables yet; run `booksales reload`")
    first = ledger.run(built)
    assert first is not None
    snapshot_at, meaning = datetime.fromisoformat(first["snapshot_at"]), json.loads(first["meaning"])
    ledger.snapshot_taken(run_seq, snapshot_at, meaning)
    run = Run(run_seq, Lake(spark, options.lake), ledger, first["source"], {}, lake_run_seq=built)
    steps = [StepResult(**{name: row[name] for name in StepResult.__dataclass_fields__}) for row in ledger.steps(built)]
    run.quality = [CheckResult(*(row[name] for name in QUALITY_COLUMNS)) for row in ledger.quality(built)]
    run.steps = [step for step in steps if step.table_name.startswith("gold.")]
    with progress.phase("publish"):
        run.sums = {step.table_name: _sums_of(run.lake, step) for step in run.steps}
        return run, publish_gold(run, options, snapshot_at, meaning, progress)


def _sums_of(lake: Lake, step: StepResult) -> dict[str, str]:
    columns = money_columns(load_contract(step.table_name))
    if not columns:
        return {}
    totals = (
        lake.read(step.table_name, step.lake_version)
        .agg(*(F.sum(name).cast("string").alias(name) for name in columns))
        .first()
    )
    assert totals is not None
    return {name: totals[name] or "0" for name in columns}
