"""A feed's records into their silver table: keys that came are new or changed, keys that a correction lacks are gone.

What is refused takes nothing away: a key whose record is quarantined keeps the row that it had.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from jobs_config.feed import FeedConfig
from spark_jobs.check_result import CheckResult
from spark_jobs.control.results import StepResult
from spark_jobs.delta_log import Note
from spark_jobs.errors import ApprovalError, ExtractionError
from spark_jobs.expectations import REASONS, Observed, observed_columns, results
from spark_jobs.extract.csv_feed import DeliveredFile, feed_schema
from spark_jobs.merge import CLASS, DELETED, INSERTED, UPDATED, partitions_of, with_class
from spark_jobs.registry import FEEDS
from spark_jobs.runner import Run, checked_rows, measure_results, record
from spark_jobs.tables import IS_GONE
from spark_jobs.touched_days import SALES, of_changed_sales
from warehouse.contract import Contract, load_contract

SUPERSEDED = "_superseded"
# A correction that lacks more of what it replaces is not believed without a word from a person; so few may always go.
DELETED_SHARE, LEAST_GUARDED = 0.05, 10
SHOWN_KEYS = 20


@dataclass(frozen=True)
class Imported:
    """Files of one feed that are in bronze, in the order of the call, and the content hash of an earlier file that they replace.

    Of a replay, `replays` are the keys of the records that were aside; it adds and changes, and takes nothing away.
    """

    feed: FeedConfig
    files: Sequence[DeliveredFile]
    replaces: str = ""
    approves_deletes: bool = False
    replays: Sequence[str] = ()

    @property
    def hashes(self) -> list[str]:
        """Content hashes, in the order of the call."""
        return [file.sha256 for file in self.files]


@dataclass
class Compared:
    """What the records are to their table.

    `superseded` and `aside` count by file; `gone_keys` are some of `gone`; `periods` are those that the files stand for.
    """

    checked: DataFrame
    changes: DataFrame | None
    observed: Observed
    results: list[CheckResult]
    kept: int = 0
    superseded: dict[str, int] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    inserted: int = 0
    updated: int = 0
    gone: int = 0
    gone_keys: list[str] = field(default_factory=list)
    periods: list[date] = field(default_factory=list)


def merge_feed(run: Run, imported: Imported) -> Compared:
    """Merge and put aside; the counts are in the ledger when this returns. Raises ApprovalError before anything is written."""
    began, feed = time.monotonic(), imported.feed
    contract = load_contract(FEEDS[feed.target].table)
    compared = compare_feed(run, imported)
    if compared.changes is not None:
        days = None
        before = run.lake.read(contract.table)
        if contract.table == SALES:
            days = sorted(row[0] for row in of_changed_sales(compared.changes, before).collect())
        run.confirm()
        rows, where = compared.changes.select(*contract.columns, IS_GONE), partitions_of(compared.changes, contract)
        run.lake.merge(rows, contract.table, Note(run.run_seq, {}, days), where, nth=run.next_write(contract.table))
    run.confirm()
    aside = sum(compared.aside.values())
    run.quarantine.replace_records(
        compared.checked, contract, feed.feed, aside, _replaced_aside(imported, compared.periods)
    )
    step = StepResult(
        f"import {feed.feed}", contract.table, sum(file.records for file in imported.files), compared.kept,
        aside, run.lake.newest_version(contract.table), time.monotonic() - began,
        compared.inserted, compared.updated, compared.gone,
    )  # fmt: skip
    record(run, step, compared.results + measure_results(run, contract, compared.observed, is_live=False))
    return compared


def compare_feed(run: Run, imported: Imported) -> Compared:
    """Check the records and hold them against their table; writes nothing."""
    feed = imported.feed
    job, observation = FEEDS[feed.target], Observation()
    contract = load_contract(job.table)
    records = run.lake.bronze.read_files(feed.feed, imported.hashes, run.run_seq, feed_schema(feed))
    frames = {"records": records} | {alias: run.lake.read(table) for alias, table in job.reads.items()}
    judged = checked_rows(job.transform, frames, run, contract).transform(
        with_one_record_per_key, contract, imported.hashes
    )
    # A good record's text is not needed any more, and is half of what would be kept.
    kept_text = judged.withColumn("_raw", F.when(~is_good(), F.col("_raw")))
    checked = kept_text.observe(observation, *observed_columns(contract, [])).localCheckpoint()
    compared = Compared(checked, None, observation.get, results(contract, observation.get))
    _count_by_file(compared)
    good = checked.filter(is_good()).select(*contract.columns).withColumn(IS_GONE, F.lit(False))
    compared.periods = _periods(imported, checked)
    gone = _gone(run, imported, contract, checked, compared.periods)
    arrived = good if gone is None else good.unionByName(gone.withColumn(IS_GONE, F.lit(True)))
    # Of other sources no key can come, and theirs may be most of the table.
    before = run.lake.read(contract.table).filter(F.col("source") == source_of(feed))
    changes = with_class(arrived, before, contract).localCheckpoint()
    counts = {row[CLASS]: row["count"] for row in changes.groupBy(CLASS).count().collect()}
    compared.inserted, compared.updated, compared.gone = (counts.get(name, 0) for name in (INSERTED, UPDATED, DELETED))
    if compared.inserted + compared.updated + compared.gone:
        compared.changes = changes.filter(F.col(CLASS).isin(INSERTED, UPDATED, DELETED))
    if compared.gone:
        keys = F.concat_ws("/", *(F.col(name).cast("string") for name in contract.key_in_source))
        listed = changes.filter(F.col(CLASS) == DELETED).select(keys.alias("key")).orderBy("key").limit(SHOWN_KEYS)
        compared.gone_keys = [row["key"] for row in listed.collect()]
    return compared


def with_one_record_per_key(rows: DataFrame, contract: Contract, files: Sequence[str]) -> DataFrame:
    """Of good rows with one key the first of the last file stands.

    Others of that file are refused, those of earlier files superseded.
    """
    place = F.array_position(F.array(*map(F.lit, files)), F.col("file_sha256"))
    order = F.struct(place.alias("file"), (-F.col("record_number")).alias("record"))
    good = rows.filter(F.size(REASONS) == 0)
    repeated = (
        good.groupBy(*contract.key)
        .agg(F.max(order).alias("_stands"), F.count(F.lit(1)).alias("_count"))
        .filter(F.col("_count") > 1)
        .select(*(F.col(name).alias(f"_of_{name}") for name in contract.key), "_stands")
    )
    same = [F.col(name) == F.col(f"_of_{name}") for name in contract.key]
    marked = rows.join(repeated, on=same, how="left")
    loses = (F.size(REASONS) == 0) & F.col("_stands").isNotNull() & (order != F.col("_stands"))
    of_same_file = loses & (place == F.col("_stands")["file"])
    reason = F.array(F.lit(f"{', '.join(contract.key_in_source)}: an earlier record of the file has this key"))
    return marked.withColumns(
        {
            SUPERSEDED: F.coalesce(loses & ~of_same_file, F.lit(False)),
            REASONS: F.when(of_same_file, reason).otherwise(F.col(REASONS)),
        }
    ).drop("_stands", *(f"_of_{name}" for name in contract.key))


def source_of(feed: FeedConfig) -> str:
    """The source under which a feed's rows stand in silver."""
    return feed.corrects or feed.feed


def is_good() -> Column:
    """Whether a checked row goes into its table."""
    return (F.size(REASONS) == 0) & ~F.col(SUPERSEDED)


def check_files(run: Run, imported: Imported, compared: Compared) -> dict[str, int]:
    """Rows of each file that are in the table. Raises ExtractionError where a record is neither there, nor aside, nor superseded."""
    table = load_contract(FEEDS[imported.feed.target].table).table
    found = run.lake.read(table).filter(F.col("file_sha256").isin(imported.hashes)).groupBy("file_sha256").count()
    accepted = {row["file_sha256"]: row["count"] for row in found.collect()}
    for file in imported.files:
        parts = [counts.get(file.sha256, 0) for counts in (accepted, compared.aside, compared.superseded)]
        if sum(parts) != file.records:
            raise ExtractionError(
                f"{file.path}: {file.records:,} records, but {parts[0]:,} in {table}, {parts[1]:,} quarantined and "
                f"{parts[2]:,} superseded; nothing is published"
            )
    return accepted


def _count_by_file(compared: Compared) -> None:
    kinds = F.when(F.size(REASONS) > 0, "aside").when(F.col(SUPERSEDED), "superseded").otherwise("kept")
    by_file = compared.checked.groupBy("file_sha256", kinds.alias("kind")).count().collect()
    compared.kept = sum(row["count"] for row in by_file if row["kind"] == "kept")
    compared.aside = {row["file_sha256"]: row["count"] for row in by_file if row["kind"] == "aside"}
    compared.superseded = {row["file_sha256"]: row["count"] for row in by_file if row["kind"] == "superseded"}
    if compared.aside:
        told = compared.checked.select(F.explode(REASONS).alias("reason")).groupBy("reason").count().collect()
        compared.reasons = {row["reason"]: row["count"] for row in told}


def _gone(
    run: Run, imported: Imported, contract: Contract, checked: DataFrame, periods: Sequence[date]
) -> DataFrame | None:
    """Rows of the table that the files replace and do not have; a key that is aside is had."""
    condition = _replaced(imported, periods)
    if condition is None:
        return None
    of_source = F.col("source") == source_of(imported.feed)
    held = run.lake.read(contract.table).filter(of_source & condition).select(*contract.columns)
    keys = list(contract.key_in_source)
    gone = held.join(checked.select(*keys), on=keys, how="left_anti").select(*contract.columns).localCheckpoint()
    lacking, there = gone.count(), held.count()
    if lacking > max(DELETED_SHARE * there, LEAST_GUARDED) and not imported.approves_deletes:
        raise ApprovalError(
            f"feed {imported.feed.feed}: {lacking:,} of the {there:,} rows that these files replace are not in them. If that is "
            "right, give --approve-deletes; `--dry-run` shows which"
        )
    return gone


def _periods(imported: Imported, checked: DataFrame) -> list[date]:
    """The days, months or years that the files stand for as a whole: those of which they have a good record."""
    if imported.replays or imported.feed.period_key in ("none", "all"):
        return []
    begun = _begun("sale_date", imported.feed)
    return sorted(row[0] for row in checked.filter(F.size(REASONS) == 0).select(begun).distinct().collect())


def _replaced(imported: Imported, periods: Sequence[date]) -> Column | None:
    """Which rows of the table the files stand for, besides their own keys; None where they add and change only."""
    return None if imported.replays else _stood_for(imported, periods, "sale_date")


def _replaced_aside(imported: Imported, periods: Sequence[date]) -> Column | None:
    """Which records of the feed that are aside the files stand for; None where for none."""
    if imported.replays:
        return F.col("row_key").isin(list(imported.replays))
    return _stood_for(imported, periods, "business_date")


def _stood_for(imported: Imported, periods: Sequence[date], day: str) -> Column | None:
    """Rows, by their column of days, that files stand for by their period or the file that they replace; None where for none."""
    if imported.feed.period_key == "all":
        return F.lit(True)
    of_file = F.col("file_sha256") == imported.replaces if imported.replaces else None
    if not periods:
        return of_file
    of_period = _begun(day, imported.feed).isin(list(periods))
    return of_period if of_file is None else of_period | of_file


def _begun(column: str, feed: FeedConfig) -> Column:
    """The first day of the period that a date is in."""
    return F.col(column) if feed.period_key == "day" else F.trunc(column, feed.period_key)
