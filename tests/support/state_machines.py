"""The state machines' definitions as Terraform renders them, executed on this machine with local processes for jobs."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from psycopg2.extensions import parse_dsn
from s3_server import ACCESS, wait_for

from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.serving import listen, url_of
from spark_jobs.control.database import PASSWORD_VARIABLE

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "terraform/modules/orchestration/templates"
SERVER = Path(__file__).with_name("states_server.py")
STAND_IN = Path(__file__).with_name("stand_in_job.py")
ROLE = "arn:aws:iam::123456789012:role/machines"
STEPS = "arn:aws:lambda:us-east-1:123456789012:function:steps"
# Ends of an execution.
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
PATIENCE_SECONDS = 3_600


def render(template: str, values: Mapping[str, object]) -> str:
    """What Terraform's templatefile makes of a template of ours: values for names in `${}`. Raises KeyError for one without."""
    return re.sub(r"\$\{(\w+)\}", lambda name: str(values[name[1]]), (TEMPLATES / template).read_text())


@dataclass(frozen=True)
class Retries:
    """Seconds between attempts; Terraform's own would make tests wait for minutes."""

    lease_wait: int = 1
    lease_attempts: int = 3
    service_wait: int = 1
    job_wait: int = 1


def definition(
    machine: str, runtime: str, places: Sequence[str], topic: str, retries: Retries = Retries(), job_timeout: int = 240
) -> str:
    """A machine's definition, with the arguments that modules/orchestration/machines.tf would hand to the jobs."""
    quoted = ", ".join(f"'{place}'" for place in places)
    execution = "States.Format('--execution={}', $$.Execution.Name)"
    arguments = {
        "smoke": f"States.Array('smoke', {quoted}, '--log-format=json')",
        "generate": "States.Array(States.Format('--sales={}', $.sales), States.Format('--years={}', $.years), "
        f"States.Format('--seed={{}}', $.seed), States.Format('--faults={{}}', $.faults), {quoted})",
    }
    run = f"States.Array('{machine}', {quoted}, {execution}, '--log-format=json', $.flag)"
    return render(
        f"{'generate' if machine == 'generate' else 'pipeline'}.asl.json.tftpl",
        {
            "name": "booksales-test",
            "command": machine,
            "run_resource": f"arn:aws:states:::{runtime}:startJobRun.sync",
            "run_parameters": job_parameters(runtime, "pipeline", run),
            "smoke_parameters": job_parameters(runtime, "pipeline", arguments["smoke"]),
            "generate_parameters": job_parameters(runtime, "shop", arguments["generate"]),
            "steps_function": STEPS,
            "topic": topic,
            "timeout_seconds": 4 * job_timeout,
            "job_timeout_seconds": job_timeout,
            "lease_wait_seconds": retries.lease_wait,
            "lease_attempts": retries.lease_attempts,
            "lambda_retry": render("lambda_retry.json", {}),
            "sns_retry": render("sns_retry.json", {}),
            "job_retry": render(
                "job_retry.json.tftpl",
                {"service_wait_seconds": retries.service_wait, "job_wait_seconds": retries.job_wait},
            ),
        },
    )


def job_parameters(runtime: str, job: str, arguments: str) -> str:
    """The parameters of one job run on Glue or EMR Serverless."""
    if runtime == "glue":
        return render("glue_run.json.tftpl", {"job_name": job, "arguments": arguments})
    values = {
        "application_id": "00abc",
        "role_arn": ROLE,
        "entry_point": f"s3://artifacts/0.1.0/{'generate' if job == 'shop' else 'main'}.py",
        "arguments": arguments,
        "spark_parameters": "--conf spark.jars=/delta.jar",
        "log_group": "/jobs",
        "logs_key": "arn:aws:kms:us-east-1:123456789012:key/1",
    }
    return render("emr_serverless_run.json.tftpl", values)


@dataclass(frozen=True)
class Execution:
    """How an execution ended, in which states it was, and what its failure says."""

    name: str
    status: str
    states: list[str]
    error: str
    cause: str


class StateMachines:
    """A server that executes definitions; what they publish can be read."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._machines = self._client("stepfunctions")
        self._queues = self._client("sqs")
        topics, glue = self._client("sns"), self._client("glue")
        self.topic = topics.create_topic(Name="alerts")["TopicArn"]
        self._queue = self._queues.create_queue(QueueName="heard")["QueueUrl"]
        topics.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:heard")
        for name in ("pipeline", "shop"):
            glue.create_job(Name=name, Role=ROLE, Command={"Name": "glueetl"}, GlueVersion="6.0")
        self._count = 0

    def deploy(self, name: str, text: str) -> str:
        """Make a machine of a name; its ARN."""
        arn: str = self._machines.create_state_machine(name=name, definition=text, roleArn=ROLE)["stateMachineArn"]
        return arn

    def run(self, text: str, given: Mapping[str, object] | None = None) -> Execution:
        """Execute a definition to its end."""
        self._count += 1
        name = f"execution-{self._count}"
        machine = self.deploy(f"machine-{self._count}", text)
        execution = self._machines.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given or {}))[
            "executionArn"
        ]
        until = time.monotonic() + PATIENCE_SECONDS
        while (found := self._machines.describe_execution(executionArn=execution))["status"] not in ENDED:
            assert time.monotonic() < until, f"{name} goes on after {PATIENCE_SECONDS} s"
            time.sleep(0.1)
        events = self._machines.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        states = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
        return Execution(name, found["status"], states, found.get("error", ""), found.get("cause", ""))

    def heard(self) -> list[dict[str, str]]:
        """What was published since it was asked last: subject, message and the attribute `outcome`."""
        messages = self._queues.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self._queues.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        bodies = [json.loads(message["Body"]) for message in messages]
        return [
            {
                "subject": body["Subject"],
                "message": body["Message"],
                "outcome": body["MessageAttributes"]["outcome"]["Value"],
            }
            for body in bodies
        ]

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"],
        )


@contextmanager
def machines_over_stand_ins(
    postgres: EmbeddedPostgres, database: str, folder: Path, names: Sequence[str]
) -> Iterator[tuple[StateMachines, str]]:
    """Machines whose jobs, all of these names, are stand_in_job.py over a folder, and the URL of the ledger that they keep.

    The ledger's password is in the environment for as long.
    """
    postgres.create_database(database)
    told = parse_dsn(postgres.owner_dsn(database))
    url = f"postgresql+psycopg2://{told['user']}@{told['host']}:{told['port']}/{database}"
    environment = {"BOOKSALES_LEDGER_URL": url, PASSWORD_VARIABLE: told["password"]}
    job = [sys.executable, str(STAND_IN), str(folder)]
    with (
        pytest.MonkeyPatch.context() as here,
        state_machines(folder / "server.log", {name: job for name in names}, environment) as machines,
    ):
        here.setenv(PASSWORD_VARIABLE, told["password"])
        yield machines, url
    postgres.drop_database(database)


@contextmanager
def state_machines(
    log: Path, jobs: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> Iterator[StateMachines]:
    """The server, for as long as the block runs. `jobs` maps a Glue job or an entry file to the command that stands for it."""
    with listen("127.0.0.1", 0) as free:
        address = url_of(free)
    port = address.rpartition(":")[2]
    told = {
        **os.environ,
        **environment,
        "JOBS": json.dumps({name: list(words) for name, words in jobs.items()}),
        "MOTO_PORT": port,
    }
    with log.open("wb") as said:
        server = subprocess.Popen([sys.executable, str(SERVER), port], env=told, stdout=said, stderr=said)
    try:
        wait_for(address)
        asked = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{address}/moto-api/config", data=asked, method="POST")).close()
        yield StateMachines(address)
    finally:
        server.terminate()
        server.wait()
