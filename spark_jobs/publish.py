"""From gold to the warehouse: the files of every table at one version each, and what readers should know of them."""

import logging
import zoneinfo
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs_config.log_setup import log_event
from jobs_config.progress import Progress
from spark_jobs.control.results import check_of, step_of
from spark_jobs.control.run_ledger import RunLedger, now
from spark_jobs.errors import LakeError
from spark_jobs.meaning import OF_PUBLICATION, as_read
from spark_jobs.options import RunOptions
from spark_jobs.quarantine import QUARANTINE
from spark_jobs.registry import GOLD
from spark_jobs.runner import Run, money_columns, run_stages
from spark_jobs.tables import Lake
from spark_jobs.touched_days import of_days
from warehouse.contract import Contract, load_contract, tables_of
from warehouse.publication import Base, Publication, TableExport

LOGGER = logging.getLogger(__name__)

TABLES_AT_ONCE = 4

# Then a generation is built whole again: rows deleted in a copy leave room behind that only a new file gives back.
MOST_INCREMENTS = 30
QUALITY_COLUMNS = ("run_seq", "table_name", "expectation", "level", "failed_rows", "checked_rows")
FILE_COLUMNS = (
    "sha256", "feed", "name", "run_seq", "physical", "blank", "record_count", "accepted", "quarantined", "superseded",
)  # fmt: skip


def build_and_publish(
    run: Run, options: RunOptions, snapshot_at: datetime, meaning: dict[str, str], progress: Progress
) -> Publication | None:
    """Gold from silver, then the warehouse; None where readers would see no change."""
    with progress.phase("model the star (gold)"):
        run_stages(run, GOLD, progress)
    versions = run.lake.versions()
    # Before the pointer moves: killed after it, the run has published, and what it published must be known.
    run.ledger.record_versions(run.run_seq, versions, run.rows)
    log_event(LOGGER, "versions.recorded")
    with progress.phase("publish"):
        publication = publish_gold(run, options, snapshot_at, meaning, versions, progress)
    # Once more, with the rows that publishing counted.
    run.ledger.record_versions(run.run_seq, versions, run.rows)
    return publication


def publish_gold(
    run: Run, options: RunOptions, snapshot_at: datetime, meaning: Mapping[str, str], versions: Mapping[str, int],
    progress: Progress,
) -> Publication | None:  # fmt: skip
    """Publish the gold tables at the versions given; `meaning` is that of the run that built them.

    None where readers would see no change. A run that builds only what changed starts from a copy of the newest generation and
    rewrites the touched days. Raises PublicationError, with the old version still serving, when a check fails.
    """
    base = None if run.builds_all or run.publishes_whole else _base(options, meaning)
    if base is not None and _serves_the_same(base, versions, snapshot_at, meaning):
        return None
    contracts = [load_contract(f"gold.{name}") for name in tables_of("gold")]
    with ThreadPoolExecutor(TABLES_AT_ONCE) as pool:
        made = pool.map(lambda contract: _export(run, contract, versions, base), contracts)
        exports = {contract.name: export for contract, export in zip(contracts, made, strict=True)}

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

    def report(what: str) -> None:
        progress.note(what)
        log_event(LOGGER, "publication.step", step=what)

    publication = options.open_warehouse().publish(
        exports,
        describe,
        _ops_rows(run),
        options.settings.keep_generations,
        report=report,
        confirm=run.confirm,
        base=base,
    )
    log_event(LOGGER, "publication.served", generation=publication.generation)
    run.ledger.record_publication(publication.generation, run.run_seq, run.lake_run_seq or run.run_seq)
    log_event(LOGGER, "publication.recorded", generation=publication.generation)
    return publication


def _base(options: RunOptions, meaning: Mapping[str, str]) -> Base | None:
    """The newest generation, if a copy of it can be brought up to date; each copy leaves some dead space behind."""
    base = options.open_warehouse().newest()
    if base is None or base.increments >= MOST_INCREMENTS:
        return None
    said = {name: getattr(base.publication, name) for name in OF_PUBLICATION}
    return base if said == {name: meaning[name] for name in said} else None


def _serves_the_same(
    base: Base, versions: Mapping[str, int], snapshot_at: datetime, meaning: Mapping[str, str]
) -> bool:
    through = data_through(snapshot_at, meaning["time_zone"], base.last_sale_date)
    is_same = base.lake_versions == {name: versions[f"gold.{name}"] for name in tables_of("gold")}
    return is_same and through == base.publication.data_through


def data_through(snapshot_at: datetime, time_zone: str, last_sale_date: date | None) -> date | None:
    """The last complete business date: the earlier of the day before the snapshot's and the last with a sale (domain, part 4)."""
    if last_sale_date is None:
        return None
    business_date = snapshot_at.astimezone(zoneinfo.ZoneInfo(time_zone)).date()
    return min(business_date - timedelta(days=1), last_sale_date)


def _export(run: Run, contract: Contract, versions: Mapping[str, int], base: Base | None) -> TableExport:
    """What the warehouse is to take of a table: all of it, or the days that differ from `base`."""
    lake, table, version = run.lake, contract.table, versions[contract.table]
    there = base.lake_versions.get(contract.name) if base else None
    rows = lake.read(table, version)
    if table not in run.rows:
        known = run.ledger.rows_at(table, version)
        run.rows[table] = known if known is not None else rows.count()
    count = run.rows[table]
    if there == version:
        return TableExport((), version, count)
    days = lake.days_written(table, there) if there is not None and "sale_date" in contract.columns else None
    if days is not None:
        where = of_days(days)
        # What the run wrote is what differs, unless runs before it built days too and did not publish.
        sums = run.sums[table] if days == run.days.get(table) else _sums(rows.filter(where), contract)
        return TableExport(lake.data_files(table, version, where), version, count, sums, days)
    sums = run.sums[table] if table in run.sums and table not in run.days else _sums(rows, contract)
    return TableExport(lake.data_files(table, version), version, count, sums)


def _ops_rows(run: Run) -> dict[str, list[tuple[object, ...]]]:
    """The newest runs, this run's quality results, imported files, and what is aside."""
    runs: list[tuple[object, ...]] = []
    for row in run.ledger.runs(200):
        # A publication is read only once it serves, and then its own run has published.
        ended = ("published", now()) if row["run_seq"] == run.run_seq else (row["state"], row["finished_at"])
        runs.append((row["run_seq"], row["kind"], ended[0], row["started_at"], ended[1], row["detail"]))
    # By the ledger, which adds up what a table's several writes in one run have found.
    found = run.ledger.quality(run.lake_run_seq or run.run_seq)
    quality: list[tuple[object, ...]] = [tuple(row[name] for name in QUALITY_COLUMNS) for row in found]
    return {"run": runs, "quality_result": quality, "imported_file": _files(run), "quarantined": _aside(run)}


def _files(run: Run) -> list[tuple[object, ...]]:
    """Files that are loaded, this run's first: the ledger notes those only once the publication that has them serves."""
    new = {
        file.sha256: {**file.as_values(), "feed": run.source, "run_seq": run.run_seq, "record_count": file.records}
        for file in run.files
    }
    before = [dict(row) for row in run.ledger.files() if row["sha256"] not in new]
    return [tuple(row[name] for name in FILE_COLUMNS) for row in (*new.values(), *before)]


def _aside(run: Run) -> list[tuple[object, ...]]:
    """What is aside now, by source, table, run and reason."""
    if not run.lake.exists(QUARANTINE):
        return []
    rows = run.lake.read(QUARANTINE).select("source", "table_name", "run_seq", F.explode("reasons").alias("reason"))
    return [tuple(row) for row in rows.groupBy("source", "table_name", "run_seq", "reason").count().collect()]


def republish(
    spark: SparkSession, options: RunOptions, ledger: RunLedger, run_seq: int, progress: Progress
) -> tuple[Run, Publication]:
    """Publish gold as the last complete run left it, whole, as a new generation. Raises LakeError when no run has built gold."""
    built = next((row["lake_run_seq"] for row in ledger.publications()), None)
    if built is None:
        raise LakeError("no run has built the gold tables yet; run `booksales reload`")
    first, versions = ledger.run(built), ledger.lake_versions(built)
    if first is None or not versions:
        raise LakeError(f"the ledger does not know what run {built} built; run `booksales reload`")
    snapshot_at, meaning = as_read(first)
    ledger.snapshot_taken(run_seq, snapshot_at, meaning)
    run = Run(run_seq, Lake(spark, options.lake), ledger, first["source"], {}, lake_run_seq=built)
    run.quality = [check_of(row) for row in ledger.quality(built)]
    run.steps = [step_of(row) for row in ledger.steps(built) if row["table_name"].startswith("gold.")]
    ledger.record_versions(run_seq, versions, {})
    with progress.phase("publish"):
        publication = publish_gold(run, options, snapshot_at, meaning, versions, progress)
    assert publication is not None
    ledger.record_versions(run_seq, versions, run.rows)
    return run, publication


def _sums(rows: DataFrame, contract: Contract) -> dict[str, str]:
    columns = money_columns(contract)
    if not columns:
        return {}
    totals = rows.agg(*(F.sum(name).cast("string").alias(name) for name in columns)).first()
    assert totals is not None
    return {name: totals[name] or "0" for name in columns}
