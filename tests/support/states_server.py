"""A moto server whose state machines drive local processes; `states_server.py PORT`, started by state_machines.py.

moto 5.2.5 runs the definition language itself; what its tasks call, it makes up. Four patches make that real:

- a Glue job run is a process, by the command that JOBS has for the job's name; it is RUNNING until the process ends;
- `.sync` waits for it (moto's own fails where a task has no token);
- `emr-serverless:startJobRun.sync`, which moto lacks, starts a process of the same kind;
- a Lambda function is its handler, called in this process.
"""

import atexit
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

from moto.core.utils import utcnow
from moto.glue import models as glue
from moto.server import main as serve
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils, state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_glue
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)

from spark_jobs.control.execution_steps import handler

# Job or entry file to the words of the command that stands for it.
JOBS: dict[str, list[str]] = json.loads(os.environ["JOBS"])


class LocalProcess:
    """A process that stands for a job run, and what it says."""

    def __init__(self, line: list[str]) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  open as long as somebody may ask
        self._process = subprocess.Popen(line, stdout=self._said, stderr=subprocess.STDOUT)
        atexit.register(self._process.kill)

    @property
    def state(self) -> str:
        code = self._process.poll()
        return "RUNNING" if code is None else "FAILED" if code else "SUCCEEDED"

    @property
    def fault(self) -> str:
        """The line that says what failed, as a platform finds it among Spark's; else the last."""
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return next((line for line in reversed(lines) if line.startswith("error: ")), lines[-1] if lines else "")


class ProcessRun(glue.FakeJobRun):
    """A Glue job run that is a process: Glue hands over names and values, among them its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = [word for name, value in (self.arguments or {}).items() for word in (name, value)]
        self.process = LocalProcess([*JOBS[self.job_name], "--JOB_NAME", self.job_name, *given])

    @property
    def status(self) -> str:
        return self.process.state

    @status.setter
    def status(self, value: str) -> None: ...

    def advance(self) -> None:
        self.completed_on = utcnow()

    def as_dict(self) -> dict[str, Any]:
        said = {"ErrorMessage": self.process.fault} if self.status == "FAILED" else {}
        return {**super().as_dict(), **said}


class EmrServerless(StateTaskServiceCallback):
    """`emr-serverless:startJobRun.sync`: a process by the entry point's name, given the arguments as they are."""

    def __init__(self) -> None:
        super().__init__(supported_integration_patterns={ResourceCondition.Sync})

    def _get_supported_parameters(self) -> set[str]:
        return {
            "ApplicationId", "ExecutionRoleArn", "Name", "JobDriver", "ConfigurationOverrides", "ClientToken", "Tags",
            "ExecutionTimeoutMinutes", "Mode", "RetryPolicy",
        }  # fmt: skip

    def _eval_service_task(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
    ) -> None:
        submit = normalised_parameters["JobDriver"]["SparkSubmit"]
        name = submit["EntryPoint"].rpartition("/")[2]
        self._process = LocalProcess([*JOBS[name], *submit["EntryPointArguments"]])
        env.stack.append({"ApplicationId": normalised_parameters["ApplicationId"], "JobRunId": "00local"})

    def _build_sync_resolver(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
    ) -> Callable[[], Any]:
        started = env.stack.pop()
        process = self._process

        def resolve() -> dict[str, str] | None:
            if process.state == "FAILED":
                failed = StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed)
                # The parser's own types, filled as its Glue service fills them.
                details = state_task_service_glue.EventDetails(
                    taskFailedEventDetails=state_task_service_glue.TaskFailedEventDetails(
                        error="States.TaskFailed",
                        cause=process.fault,
                        resource="startJobRun",
                        resourceType="emr-serverless",
                    )
                )
                kind = state_task_service_glue.HistoryEventType.TaskFailed
                raise FailureEventException(
                    FailureEvent(env=env, error_name=failed, event_type=kind, event_details=details)
                )
            return {**started, "State": "SUCCESS"} if process.state == "SUCCEEDED" else None

        return resolve


def call_handler(parameters: dict[str, Any], region: str, state_credentials: Any) -> dict[str, Any]:
    """What Lambda answers: the handler's value, or the class and text of what it raised."""
    event = json.load(io.BytesIO(parameters["Payload"]))
    try:
        return {"StatusCode": 200, "Payload": handler(event, None)}
    except Exception as error:
        said = {"errorType": type(error).__name__, "errorMessage": str(error)}
        return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": said}


def wait_for_job(
    self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
) -> None:
    """`.sync` alone: what was started is asked until it has ended."""
    resolve = self._build_sync_resolver(env, resource_runtime_part, normalised_parameters, state_credentials)
    ended = self._eval_sync(
        env=env, sync_resolver=resolve, timeout_seconds=None, callback_endpoint=None, heartbeat_endpoint=None
    )
    env.stack.append(ended)


def patch() -> None:
    """Make tasks real, in this process."""
    glue.FakeJobRun = ProcessRun  # type: ignore[misc]
    StateTaskServiceCallback._eval_integration_pattern = wait_for_job
    lambda_eval_utils._invoke_lambda_function = call_handler
    service_for = state_task_factory.state_task_service_for
    state_task_factory.state_task_service_for = lambda service_name: (
        EmrServerless() if service_name == "emr-serverless" else service_for(service_name)
    )


if __name__ == "__main__":
    patch()
    # So that what is registered for the end is done at it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    serve(["-H", "127.0.0.1", "-p", sys.argv[1]])
