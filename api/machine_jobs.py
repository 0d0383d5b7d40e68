"""Jobs in AWS: an execution of the state machine that runs the verb, named as the job is."""

import json
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import RowMapping

from api.jobs import LOST, Ended, JobError, PlatformAwayError, Work

# What a machine does for a job of this kind. Nobody does the others: the API may only read the warehouse.
MACHINES = {"sync": "sync", "reload": "reload", "generate-test-data": "generate"}
# What the generator's machine is told; a shop that is there is never wiped from afar.
SIZES = ("sales", "years", "seed", "faults")
STATES = {"SUCCEEDED": "done", "FAILED": "failed", "TIMED_OUT": "failed", "ABORTED": "cancelled"}
# What has just been started may not be known everywhere yet; what ended three months ago is forgotten.
UNKNOWN, PATIENCE_SECONDS = "UNKNOWN", 60.0
LONGEST_CAUSE = 2_000
# People wait for the answer, and a thread is held as long.
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 3, 10, 2


class StateMachines:
    """Executions of the machines whose ARNs are `prefix`, a dash and the verb: arn:aws:states:…:stateMachine:booksales-prod."""

    def __init__(self, prefix: str) -> None:
        import boto3
        from botocore.config import Config

        self._prefix = prefix
        bounds = Config(
            connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries={"total_max_attempts": ATTEMPTS}
        )
        self._client: Any = boto3.client("stepfunctions", region_name=prefix.split(":")[3], config=bounds)

    def start(self, job_id: str, work: Work, on_end: Callable[[Ended], None]) -> None:
        """Start an execution; nobody here hears of its end. Raises JobError for what a machine does not do, PlatformAwayError."""
        if work.kind not in MACHINES:
            raise JobError(
                f"no state machine does a {work.kind}; whoever may write the warehouse runs `booksales {work.kind}`"
            )
        if work.arguments.get("replace"):
            raise JobError("test data fills an empty database here; `replace` is for an embedded shop")
        given = {name: value for name, value in work.arguments.items() if name in SIZES}
        self._asked("start_execution", stateMachineArn=self._machine(work.kind), name=job_id, input=json.dumps(given))

    def ended(self, row: RowMapping) -> Ended | None:
        """As the platform says it."""
        status = self._execution(row)["status"]
        if status == UNKNOWN:
            return LOST if row["started_at"] < time.time() - PATIENCE_SECONDS else None
        state = STATES.get(status)
        return Ended(state) if state else None

    def interrupt(self, row: RowMapping) -> None:
        """Stop the execution, and with it the job that it runs; the machine's states for a failure are not gone through."""
        self._asked("stop_execution", executionArn=self._arn(row))

    def said(self, row: RowMapping) -> list[str]:
        """Where to look, how it stands, and what it failed of."""
        found = self._execution(row)
        # What failed stands at the end; Glue puts the job's arguments before it.
        faults = [found.get("error", ""), *found.get("cause", "")[-LONGEST_CAUSE:].splitlines()]
        return [f"{self._arn(row)}: {found['status']}", *filter(None, faults)]

    def _execution(self, row: RowMapping) -> dict[str, Any]:
        found: dict[str, Any] = self._asked("describe_execution", executionArn=self._arn(row))
        return found

    def _machine(self, kind: str) -> str:
        return f"{self._prefix}-{MACHINES[kind]}"

    def _arn(self, row: RowMapping) -> str:
        return f"{self._machine(row['kind']).replace(':stateMachine:', ':execution:')}:{row['job_id']}"

    def _asked(self, what: str, **told: str) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, what)(**told)
        except self._client.exceptions.ExecutionDoesNotExist:
            return {"status": UNKNOWN}
        except (BotoCoreError, ClientError) as error:
            raise PlatformAwayError(f"Step Functions: {what}: {error}") from error
