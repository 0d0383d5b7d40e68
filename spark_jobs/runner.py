"""Read, transform, check, write, log: for one job, and for all jobs of a run in their order."""

import inspect
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from jobs_config.loader import load_job
from jobs_config.log_setup import log_event
from jobs_config.model import JobConfig
from jobs_config.progress import Progress
from spark_jobs.check_result import CheckResult
from spark_jobs.control.results import FileResult, StepResult, check_of
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.delta_log import Note
from spark_jobs.errors import ExpectationError
from spark_jobs.expectations import REASONS, Observed, observed_columns, results, with_reasons
from spark_jobs.meaning import OF_TABLE
from spark_jobs.quarantine import QUARANTINE, Quarantine
from spark_jobs.registry import Stage, Transform
from spark_jobs.tables import Lake
from spark_jobs.touched_days import days_to_rebuild, of_days
from spark_jobs.write_totals import judged, measured
from warehouse.contract import Contract, load_contract

LOGGER = logging.getLogger(__name__)

JOBS_AT_ONCE = 3

# A table as it was, which its own job reads.
EXISTING = "existing"

# What a transform may hand on besides the contract's columns: what a check needs, faults found in extraction, reasons of its own, and
# a record of a file.
CARRIED = ("_published_on", "_faults", "_refused", "_raw", "file_sha256", "record_number", "byte_start", "byte_end")


@dataclass
class Run:
    """One run: its number, where it reads and writes, what its jobs may ask for by name, and what they found.

    `builds_all` says that every table is built whole, whatever changed. `lake_run_seq` is the run that wrote the tables, where that
    was an earlier one. `rows` are the rows of tables as far as they were counted, `sums`
    totals of what a job wrote: of all rows of its table, or of its `days`. `days_asked` are built anew, changed or not.
    With `publishes_whole` a generation does not start as a copy of the one before. `files` are those that an import loaded, and
    `overlap` says how a feed's sales compare with the shop's.
    """

    run_seq: int
    lake: Lake
    ledger: RunLedger
    source: str
    parameters: Mapping[str, object]
    builds_all: bool = True
    discard_history: bool = False
    lake_run_seq: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    steps: list[StepResult] = field(default_factory=list)
    sums: dict[str, dict[str, str]] = field(default_factory=dict)
    days: dict[str, list[date]] = field(default_factory=dict)
    days_asked: list[date] = field(default_factory=list)
    publishes_whole: bool = False
    quality: list[CheckResult] = field(default_factory=list)
    files: list[FileResult] = field(default_factory=list)
    overlap: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._writes: dict[str, int] = {}
        self._lock = threading.Lock()
        self.quarantine = Quarantine(self.lake, self.run_seq, lambda: self.next_write(QUARANTINE))

    def next_write(self, table: str) -> int:
        """The number of this run's next write to a table, from 0."""
        with self._lock:
            self._writes[table] = self._writes.get(table, -1) + 1
            return self._writes[table]

    def keep_checks(self, results: list[CheckResult]) -> None:
        """Keep what checks found, in the ledger and for the run's report."""
        self.ledger.record_quality(self.run_seq, results)
        self.quality.extend(results)

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
                progress.note(f"{name}: {step.rows_written:,} rows" if step else f"{name}: nothing changed")
    stop_if_asked(run)


def run_job(run: Run, name: str, transform: Transform) -> StepResult | None:
    """One job: what it read, wrote and put aside is in the ledger when this returns. None where there was nothing to do."""
    began = time.monotonic()
    job = load_job(name)
    contract = load_contract(job.writes)
    made_of = _made_of(run, job, transform)
    before = None if run.builds_all else run.lake.note(job.writes)
    asked = run.days_asked if job.write_mode == "replace_days" else []
    if before is not None and not came_through(run, before, job.writes):
        # Built anew, so that its checks are made and its rows are put aside before anything of it is published.
        asked, before = [*asked, *(before.days or ())], before if before.days is not None else None
    if before is not None and before.made_of == made_of and not asked:
        return None
    days = None
    if before is not None and job.write_mode == "replace_days":
        days = days_to_rebuild(run.lake, job, before, made_of, run.parameters, asked)
    if days == []:
        return None
    frames = {alias: _read(run, alias, table) for alias, table in job.reads.items()}
    if days is not None:
        frames["sales"] = frames["sales"].filter(F.expr(of_days(days)))
    rows = checked_rows(transform, frames, run, contract)
    run.confirm()
    observed, version = _write(run, job, contract, rows, Note(run.run_seq, made_of, days))
    checked, good = int(observed["rows"] or 0), int(observed["good_rows"] or 0)
    _put_aside(run, job, contract, rows, days, checked - good)
    if days is None:
        run.rows[job.writes] = good
    if days is not None:
        run.days[job.writes] = days
    run.sums[job.writes] = {name: str(observed[f"sum_{name}"] or "0") for name in money_columns(contract)}
    step = StepResult(name, job.writes, checked, good, checked - good, version, time.monotonic() - began)
    # Of days that are built anew the measures are those of no whole.
    whole = measure_results(run, contract, observed) if days is None else []
    record(run, step, results(contract, observed) + whole)
    return step


def came_through(run: Run, note: Note, table: str) -> bool:
    """Whether the job of the run that wrote a table came to its end, and its checks let the table be published.

    The step is the last that a job records: one that was killed after its commit has none.
    """
    has_ended = any(step["table_name"] == table for step in run.ledger.steps(note.run_seq))
    results = (check_of(row) for row in run.ledger.quality(note.run_seq) if row["table_name"] == table)
    return has_ended and not any(stops(result) for result in results)


def measure_results(
    run: Run, contract: Contract, observed: Observed, part: str = "", is_live: bool = True
) -> list[CheckResult]:
    """Judge what a write was as a whole by earlier runs of its kind, and keep it for later ones.

    Of a source that is not live, as a file of an old system, nobody expects new rows.
    """
    now = measured(contract, observed, is_live)
    if not now:
        return []
    earlier = run.ledger.earlier_measures(run.run_seq, contract.table, part)
    run.ledger.record_measures(run.run_seq, contract.table, part, now)
    return judged(contract, now, earlier, _read_at(run))


def _read_at(run: Run) -> datetime:
    read_at = run.parameters.get("snapshot_at")
    return read_at if isinstance(read_at, datetime) else datetime.now(UTC)


def record(run: Run, step: StepResult, found: list[CheckResult]) -> None:
    """Keep what a job did and what its checks found, in the ledger and for the run's report; the step last (see `came_through`)."""
    run.keep_checks(found)
    run.ledger.record_step(run.run_seq, step)
    run.steps.append(step)
    log_event(LOGGER, "job.finished", job=step.name, rows_read=step.rows_read, rows_written=step.rows_written,
              rows_quarantined=step.rows_quarantined, seconds=round(step.seconds, 2))  # fmt: skip


def money_columns(contract: Contract) -> list[str]:
    """Columns whose totals prove a copy of the table complete: quantities and amounts of facts."""
    if not contract.name.startswith("fact_"):
        return []
    return [name for name in contract.columns if name == "quantity" or name.endswith("_amount")]


def checked_rows(transform: Transform, frames: dict[str, DataFrame], run: Run, contract: Contract) -> DataFrame:
    """The contract's columns of what the transform makes, with the reasons to put a row aside."""
    made = transform(**frames, **{name: run.parameters[name] for name in _asked(transform)})
    columns = [F.col(name).cast(column.type).alias(name) for name, column in contract.columns.items()]
    carried = [F.col(name) for name in CARRIED if name in made.columns and name not in contract.columns]
    return with_reasons(made.select(*columns, *carried), contract, run.lake.read)


def _asked(transform: Transform) -> list[str]:
    """The parameters that a transform asks for by name."""
    wanted = inspect.signature(transform).parameters.values()
    return [item.name for item in wanted if item.kind is inspect.Parameter.KEYWORD_ONLY]


def _made_of(run: Run, job: JobConfig, transform: Transform) -> dict[str, str]:
    """What a table is built from now: versions of its inputs, and parameters. The moment of a snapshot alone changes nothing."""
    inputs = {table for table in job.reads.values() if table != job.writes and not table.startswith("bronze.")}
    versions = {table: str(run.lake.data_version(table)) for table in sorted(inputs)}
    return versions | {name: str(run.parameters[name]) for name in _asked(transform) if name in OF_TABLE}


def _read(run: Run, alias: str, table: str) -> DataFrame:
    if table.startswith("bronze."):
        return run.lake.bronze.read(table, run.run_seq)
    rows = run.lake.read(table)
    return rows.limit(0) if alias == EXISTING and run.discard_history else rows


def _write(
    run: Run, job: JobConfig, contract: Contract, rows: DataFrame, note: Note
) -> tuple[dict[str, int | str | None], int]:
    observation = Observation(job.job)
    observing = rows.observe(observation, *observed_columns(contract, money_columns(contract)))
    good = observing.filter(F.size(REASONS) == 0).select(*contract.columns)
    where = f"source = '{run.source}'" if job.write_mode == "replace_source" else ""
    where = of_days(note.days) if note.days is not None else where
    version = run.lake.replace(good, contract.table, note, where)
    return observation.get, version


def _put_aside(
    run: Run, job: JobConfig, contract: Contract, rows: DataFrame, days: Sequence[date] | None, count: int
) -> None:
    """A second pass over the same input, only when something has to go aside or is aside."""
    if job.write_mode == "replace_source":
        run.quarantine.replace_source(rows, contract, run.source, count)
    elif job.write_mode == "replace_days":
        run.quarantine.replace_days(rows, contract, days, count)


def stops(result: CheckResult) -> bool:
    """Whether nothing may be published of what a check found."""
    is_asked = result.level == "stop" or (result.table.startswith("gold.") and result.expectation == "required")
    return is_asked and result.failed_rows > 0


def stop_if_asked(run: Run) -> None:
    """Raises ExpectationError naming every `stop` expectation that failed, and every gold table with rows that lack a value."""
    failed = [result for result in run.quality if stops(result)]
    if failed:
        faults = [
            f"{item.table}: {item.failed_rows} of {item.checked_rows} rows fail {item.expectation}" for item in failed
        ]
        raise ExpectationError("; ".join(faults) + "; nothing is published, the version before still serves")
