"""Merging what changed into a silver table: each key that came is new, changed, the same, or gone.

The later snapshot wins, whatever its times say: a clock that is off can give a newer version an older time.
"""

import time
from dataclasses import dataclass

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from jobs_config.loader import load_job
from spark_jobs.check_result import CheckResult
from spark_jobs.control.results import StepResult
from spark_jobs.delta_log import Note
from spark_jobs.expectations import REASONS, Observed, observed_columns, results
from spark_jobs.extract.query import DELETE
from spark_jobs.registry import Transform
from spark_jobs.runner import Run, checked_rows, measure_results, record
from spark_jobs.tables import IS_GONE, in_dates
from spark_jobs.touched_days import DAY_BEFORE, SALES, of_changed_sales
from warehouse.contract import Contract, load_contract

CLASS = "_class"
INSERTED, UPDATED, DELETED, UNCHANGED, ABSENT = "inserted", "updated", "deleted", "unchanged", "absent"
CHANGED = (INSERTED, UPDATED, DELETED)


@dataclass(frozen=True)
class Found:
    """What a delivery is to its table: rows that came, those aside, and how many of the others are new, changed or gone.

    `checked` are the delivered rows with reasons, `arrived` every key that came, `classified` the same with their class.
    """

    rows_read: int
    rows_quarantined: int
    inserted: int
    updated: int
    deleted: int
    results: list[CheckResult]
    observed: Observed
    checked: DataFrame
    arrived: DataFrame
    classified: DataFrame

    @property
    def changed(self) -> DataFrame:
        """Rows by which the table will differ."""
        return self.classified.filter(F.col(CLASS).isin(*CHANGED))


def merge_job(run: Run, name: str, transform: Transform, part: str = "", ghosts: DataFrame | None = None) -> StepResult:
    """Merge one table's delivery of the run; what it read, wrote and put aside is in the ledger when this returns.

    `ghosts` are keys of rows that the source does not have any more.
    """
    began, job = time.monotonic(), load_job(name)
    contract, before = load_contract(job.writes), run.lake.read(job.writes)
    found = compare_delivery(
        run, transform, run.lake.bronze.read(job.reads["rows"], run.run_seq, part), contract, ghosts
    )
    if found.inserted + found.updated + found.deleted:
        days = None
        if contract.table == SALES:
            days = sorted(row[0] for row in of_changed_sales(found.changed, before).collect())
        rows, where = found.changed.select(*contract.columns, IS_GONE), partitions_of(found.classified, contract)
        run.confirm()
        run.lake.merge(rows, job.writes, Note(run.run_seq, {}, days), where, nth=run.next_write(job.writes))
    run.quarantine.merge(found.checked, found.arrived, contract, run.source, found.rows_quarantined)
    step = StepResult(
        f"{name}{f' ({part})' if part else ''}", job.writes, found.rows_read, found.inserted + found.updated, found.rows_quarantined,
        run.lake.newest_version(job.writes), time.monotonic() - began, found.inserted, found.updated, found.deleted,
    )  # fmt: skip
    record(run, step, found.results + measure_results(run, contract, found.observed, part))
    return step


def compare_delivery(
    run: Run, transform: Transform, delivered: DataFrame, contract: Contract, ghosts: DataFrame | None = None
) -> Found:
    """Check what was delivered and hold it against the table; writes nothing."""
    upserts = delivered.filter(F.col("_operation") != DELETE)
    checks, classes = Observation(), Observation()
    # Each frame is used several times; kept, it is computed and counted once.
    checked = checked_rows(transform, {"rows": upserts}, run, contract)
    checked = checked.observe(checks, *observed_columns(contract, [])).localCheckpoint()
    arrived = arrived_rows(checked, delivered, contract, run.source)
    if ghosts is not None:
        arrived = arrived.unionByName(ghosts.withColumn(IS_GONE, F.lit(True)), allowMissingColumns=True)
    classified = with_class(arrived, run.lake.read(contract.table), contract)
    counts = [F.count(F.when(F.col(CLASS) == name, 1)).alias(name) for name in CHANGED]
    classified = classified.observe(classes, *counts).localCheckpoint()
    observed, counted = checks.get, classes.get
    rows, good = int(observed["rows"] or 0), int(observed["good_rows"] or 0)
    inserted, updated, deleted = (int(counted[name] or 0) for name in CHANGED)
    found = results(contract, observed)
    return Found(rows, rows - good, inserted, updated, deleted, found, observed, checked, arrived, classified)


def arrived_rows(checked: DataFrame, delivered: DataFrame, contract: Contract, source: str) -> DataFrame:
    """Every key that came, once: good rows, and as gone those that are deleted or aside; what is aside is not in the table."""
    good = checked.filter(F.size(REASONS) == 0).select(*contract.columns).withColumn(IS_GONE, F.lit(False))
    keys = contract.key_in_source
    deleted = delivered.filter(F.col("_operation") == DELETE).select(*keys).withColumn("source", F.lit(source))
    aside = checked.filter(F.size(REASONS) > 0).select("source", *keys)
    gone = deleted.unionByName(aside).withColumn(IS_GONE, F.lit(True))
    return good.unionByName(gone, allowMissingColumns=True)


def with_class(arrived: DataFrame, before: DataFrame, contract: Contract) -> DataFrame:
    """Adds `_class`, and the business date and partition that a row of that key had, to every row that came."""
    old, new = _rows_of(arrived, before, contract).alias("old"), arrived.alias("new")
    same_key = [F.col(f"new.{name}") == F.col(f"old.{name}") for name in contract.key]
    is_there = F.col(f"old.{contract.key[0]}").isNotNull()
    differs = F.lit(False)
    for name in contract.columns:
        differs = differs | ~F.col(f"new.{name}").eqNullSafe(F.col(f"old.{name}"))
    kind = (
        F.when(F.col(IS_GONE) & is_there, DELETED)
        .when(F.col(IS_GONE), ABSENT)
        .when(~is_there, INSERTED)
        .when(differs, UPDATED)
        .otherwise(UNCHANGED)
    )
    had = [F.col(f"old.{name}").alias(f"_{name}_before") for name in contract.partition_by]
    had += [F.col("old.sale_date").alias(DAY_BEFORE)] if contract.table == SALES else []
    return new.join(old, on=same_key, how="left").select("new.*", kind.alias(CLASS), *had)


def _rows_of(arrived: DataFrame, before: DataFrame, contract: Contract) -> DataFrame:
    """The rows of the table that have a key which came.

    Where the table is partitioned, first only keys are read, then the partitions that hold one of them.
    """
    keys = arrived.select(*contract.key)
    for column in contract.partition_by:
        places = before.select(*contract.key, column).join(keys, on=list(contract.key), how="left_semi")
        values = [row[0] for row in places.select(column).distinct().collect()]
        before = before.filter(F.col(column).isin(values))
    return before.join(keys, on=list(contract.key), how="left_semi")


def partitions_of(classified: DataFrame, contract: Contract) -> str:
    """What a merge has to look at of a partitioned table: the partitions in which a changed row stood."""
    for column in contract.partition_by:
        stood = classified.filter(F.col(CLASS).isin(UPDATED, DELETED)).select(f"_{column}_before").distinct().collect()
        return in_dates(f"target.{column}", (row[0] for row in stood))
    return "true"
