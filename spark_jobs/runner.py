"""Read, transform, check, write, log: for one job, and for all jobs of a run in their order."""

import inspect
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from jobs_config.loader import load_job
from jobs_config.log_setup import log_event
from jobs_config.model import JobConfig
from jobs_config.progress import Progress
from spark_jobs.errors import ExpectationError, LakeError
from spark_jobs.expectations import REASONS, CheckResult, metrics, results, with_reasons
from spark_jobs.registry import Stage, Transform
from spark_jobs.run_ledger import RunLedger, StepResult
from spark_jobs.tables import Lake
from warehouse.contract import Contract, load_contract

LOGGER = logging.getLogger(__name__)

JOBS_AT_ONCE = 3

# Delta has one writer per table, and jobs that run side by side put rows into one quarantine.
QUARANTINE_LOCK = threading.Lock()
FRESH = "existing"

# What a transform may hand on besides the contract's columns: faults found in extraction, reasons of its own, the raw record.
CARRIED = ("_faults", "_refused", "_raw")


@dataclass
class Run:
    """One run: its number, where it reads and writes, what its jobs may ask for by name, and what they found.

    `lake_run_seq` is the run that wrote the tables, where that was an earlier one; `delivered` holds bronze frames of feeds.
    """

    run_seq: int
    lake: Lake
    ledger: RunLedger
    source: str
    parameters: Mapping[str, object]
    discard_history: bool = False
    lake_run_seq: int = 0
    delivered: dict[str, DataFrame] = field(default_factory=dict)
    steps: list[StepResult] = field(default_factory=list)
    sums: dict[str, dict[str, str]] = field(default_factory=dict)
    quality: list[CheckResult] = field(default_factory=list)

    def confirm(self) -> None:
        """Before every commit. Raises LeaseLostError when another run may write by now."""
        self.ledger.lease.confirm()


def run_stages(run: Run, stages: Sequence[Stage], progress: Progress) -> None:
    """Run every job, stage after stage. Raises ExpectationError, after the last stage, when a `stop` expectation failed."""
    for stage in stages:
        with ThreadPoolExecutor(JOBS_AT_ONCE) as pool:
            started = {name: pool.submit(run_job, run, name, transform) for name, transform in stage.items()}
            for name, job in started.items():
                step = job.result()
                progress.note(f"{name}: {step.rows_written:,} rows")
    _stop_if_asked(run)


def run_job(run: Run, name: str, transform: Transform) -> StepResult:
    """One job: what it read, wrote and put aside is in the ledger when this returns."""
    began = time.monotonic()
    job = load_job(name)
    contract = load_contract(job.writes)
    frames = {alias: _read(run, alias, table) for alias, table in job.reads.items()}
    rows = _transformed(transform, frames, run.parameters, contract)
    observed, version = _write(run, job, contract, rows)
    checked, good = int(observed["rows"] or 0), int(observed["good_rows"] or 0)
    if checked > good:
        _quarantine(run, contract, rows)
    step = StepResult(name, job.writes, checked, good, checked - good, version, time.monotonic() - began)
    found = results(contract, observed)
    run.ledger.record_step(run.run_seq, step)
    run.ledger.record_quality(run.run_seq, found)
    run.steps.append(step)
    run.quality.extend(found)
    run.sums[job.writes] = {name: str(observed[f"sum_{name}"] or "0") for name in money_columns(contract)}
    log_event(LOGGER, "job.finished", job=name, rows_read=checked, rows_written=good, rows_quarantined=checked - good,
              seconds=round(step.seconds, 2))  # fmt: skip
    return step


def money_columns(contract: Contract) -> list[str]:
    """Columns whose totals prove a copy of the table complete: quantities and amounts of facts."""
    if not contract.name.startswith("fact_"):
        return []
    return [name for name, column in contract.columns.items() if name == "quantity" or name.endswith("_amount")]


def _read(run: Run, alias: str, table: str) -> DataFrame:
    if table in run.delivered:
        return run.delivered[table]
    if table.startswith("bronze."):
        return run.lake.read_bronze(table, run.run_seq)
    rows = run.lake.read(table)
    return rows.limit(0) if alias == FRESH and run.discard_history else rows


def _transformed(
    transform: Transform, frames: dict[str, DataFrame], parameters: Mapping[str, object], contract: Contract
) -> DataFrame:
    """The contract's columns of what the transform makes, with the reasons to put a row aside."""
    wanted = inspect.signature(transform).parameters.values()
    told = {item.name: parameters[item.name] for item in wanted if item.kind is inspect.Parameter.KEYWORD_ONLY}
    made = transform(*frames.values(), **told) if list(frames) == ["rows"] else transform(**frames, **told)
    columns = [F.col(name).cast(column.type).alias(name) for name, column in contract.columns.items()]
    carried = [F.col(name) for name in CARRIED if name in made.columns]
    return with_reasons(made.select(*columns, *carried), contract)


def _write(run: Run, job: JobConfig, contract: Contract, rows: DataFrame) -> tuple[dict[str, int | str | None], int]:
    observation = Observation(job.job)
    observing = rows.observe(observation, *metrics(contract, money_columns(contract)))
    good = observing.filter(F.size(REASONS) == 0).select(*contract.columns)
    before = run.lake.version(contract.table) if run.lake.exists(contract.table) else -1
    run.confirm()
    if job.write_mode == "merge_on_key":
        # A merge scans its source twice, and would count it twice.
        version = run.lake.merge(good.localCheckpoint(), contract.table)
        return observation.get, version
    where = f"source = '{run.source}'" if job.write_mode == "replace_source" else ""
    version = run.lake.replace(good, contract.table, run.run_seq, where)
    if version == before:
        # Delta has passed over the write of a number it has seen, and what was to be observed will never come.
        raise LakeError(f"{contract.table}: run {run.run_seq} or a later one has written it already; start a new run")
    return observation.get, version


def _quarantine(run: Run, contract: Contract, rows: DataFrame) -> None:
    """A second pass over the same input, only when something has to go aside."""
    if "_raw" in rows.columns:
        key, raw = F.concat_ws("/", "file_sha256", "record_number"), F.col("_raw")
    else:
        key = F.concat_ws("/", *(F.coalesce(F.col(name).cast("string"), F.lit("?")) for name in contract.key))
        raw = F.to_json(F.struct(*contract.columns))
    aside = rows.filter(F.size(REASONS) > 0).select(
        F.lit(run.run_seq).cast("bigint").alias("run_seq"),
        F.lit(run.source).alias("source"),
        F.lit(contract.table).alias("table_name"),
        key.alias("row_key"),
        F.col(REASONS).alias("reasons"),
        raw.alias("raw"),
    )
    run.confirm()
    with QUARANTINE_LOCK:
        run.lake.append(aside, "silver.quarantine", f"silver.quarantine/{contract.table}", run.run_seq)


def _stop_if_asked(run: Run) -> None:
    failed = [result for result in run.quality if result.level == "stop" and result.failed_rows]
    lost = [step for step in run.steps if step.table_name.startswith("gold.") and step.rows_quarantined]
    faults = [
        f"{result.table}: {result.failed_rows} of {result.checked_rows} rows fail {result.expectation}"
        for result in failed
    ]
    faults += [
        f"{step.table_name}: {step.rows_quarantined} of {step.rows_read} rows lack a required value" for step in lost
    ]
    if faults:
        raise ExpectationError("; ".join(faults) + "; nothing is published, the version before still serves")
