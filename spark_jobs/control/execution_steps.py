"""What state machines ask and tell the run ledger: small steps in a Lambda, without Spark.

Errors go by the names of their classes: the machines retry and catch by them (terraform/modules/orchestration/templates).
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

from jobs_config.errors import BooksalesError, ConfigError, RefusedError
from jobs_config.job_start import load_secret
from jobs_config.settings import load_settings
from spark_jobs.control.executions import Executions
from spark_jobs.control.lease_row import row_holder
from spark_jobs.control.results import step_of
from spark_jobs.control.run_ledger import RunLedger

SECRET_VARIABLE = "BOOKSALES_SECRET"  # noqa: S105  the name of the variable
# The ledger is read by people: the end of a platform's long message says what happened.
MOST_DETAIL = 2_000

Answer = dict[str, Any]


class LeaseHeldError(RefusedError):
    """Somebody writes; ask again later."""


class StillRunningError(RefusedError):
    """The platform says that the job ended, the lease says that it lives; ask again once the lease could have expired."""


class NoRunError(BooksalesError):
    """The job ended well and left no run in the ledger."""


class RunFailedError(BooksalesError):
    """The job ended well and its run did not."""


def handler(event: Mapping[str, Any], context: object) -> Answer:
    """One step of a state machine: `event["step"]` names it. Raises what the machines know by name."""
    if secret := os.environ.get(SECRET_VARIABLE):
        load_secret(secret)
    step = STEPS.get(str(event.get("step")))
    if step is None:
        raise ConfigError(f"no step {event.get('step')!r}; there are {', '.join(STEPS)}")
    return step(load_settings().ledger_url, event)


def wait_for_lease(ledger_url: str, event: Mapping[str, Any]) -> Answer:
    """Raises LeaseHeldError that names the holder while somebody writes. The job takes the lease itself, so nothing is promised."""
    holder = row_holder(ledger_url)
    if holder is not None and holder.is_live:
        raise LeaseHeldError(
            f"{holder}; its lease ends at {holder.expires_at:%Y-%m-%d %H:%M:%S} UTC unless it is renewed"
        )
    return {"is_free": True}


def read_outcome(ledger_url: str, event: Mapping[str, Any]) -> Answer:
    """How the run of an execution ended, and whether somebody should look at what it put aside.

    Raises NoRunError and RunFailedError where the job's exit code said otherwise than the ledger.
    """
    run = Executions(ledger_url).run(str(event["execution"]))
    if run is None:
        raise NoRunError(f"execution {event['execution']}: its job ended well, but the ledger has no run of it")
    if run["state"] in ("running", "failed", "interrupted"):
        raise RunFailedError(f"run {run['run_seq']} is {run['state']}: {run['detail'] or 'it says nothing more'}")
    steps = [step_of(row) for row in RunLedger(ledger_url).steps(run["run_seq"])]
    limit = load_settings().quarantine_limit_ratio
    over = [
        f"{step.table_name}: {step.rows_quarantined:,} of {step.rows_read:,} rows in quarantine, more than {limit:.1%}"
        for step in steps
        if step.is_over(limit)
    ]
    written = sum(step.rows_written for step in steps)
    summary = f"Run {run['run_seq']} ({run['kind']}) is {run['state']}: {len(steps)} jobs, {written:,} rows written."
    return {
        "run_seq": run["run_seq"],
        "state": run["state"],
        "needs_attention": bool(over),
        "text": "\n".join([summary, *([run["detail"]] if run["detail"] else []), *over]),
    }


def record_failure(ledger_url: str, event: Mapping[str, Any]) -> Answer:
    """Make the ledger say that an execution failed, and how; the number of the run that says so.

    A run that closed itself keeps its own words. One that was killed is closed with the platform's, and where the job never began
    a failed run is noted. Raises StillRunningError while the run holds a live lease.
    """
    executions = Executions(ledger_url)
    execution, told = str(event["execution"]), f"{event['error']}: {event['cause']}"
    detail = f"execution {execution}: {told[-MOST_DETAIL:]}"
    run = executions.run(execution)
    if run is None:
        return {"run_seq": executions.note_failure(str(event["kind"]), execution, detail)}
    holder = row_holder(ledger_url)
    if run["state"] == "running" and holder is not None and holder.is_live and holder.run_seq == run["run_seq"]:
        raise StillRunningError(
            f"run {run['run_seq']} holds the lease until {holder.expires_at:%H:%M:%S} UTC: {holder}"
        )
    RunLedger(ledger_url).finish(run["run_seq"], "failed", detail)
    return {"run_seq": run["run_seq"]}


STEPS: dict[str, Callable[[str, Mapping[str, Any]], Answer]] = {
    "wait_for_lease": wait_for_lease,
    "read_outcome": read_outcome,
    "record_failure": record_failure,
}
