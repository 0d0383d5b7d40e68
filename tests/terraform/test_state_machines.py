"""The definitions in Terraform's state: those that tests/aws executes, and command lines that the entry files understand."""

import argparse
import json
import re
from typing import Any

import pytest
from state_machines import render
from terraform_runs import Resource, TestRun, Workspace

from datagen import main as generate_entry
from spark_jobs import main as jobs_entry

VERBS = {"reload", "sync", "sweep", "maintain"}


def definitions(resources: list[Resource]) -> dict[str, dict[str, Any]]:
    """Every machine's definition by its verb."""
    machines = [resource for resource in resources if resource.type == "aws_sfn_state_machine"]
    return {machine.values["name"].rpartition("-")[2]: json.loads(machine.values["definition"]) for machine in machines}


def words(intrinsic: str) -> list[str]:
    """The words in a `States.Array(…)`: literals as they are, formats and paths filled with something."""
    found = re.findall(r"States\.Format\('([^']*)', ([^)]*)\)|'([^']*)'|(\$\.flag)", intrinsic)
    filled = {
        "$.flag": "--approve-deletes",
        "$$.Execution.Name": "night",
        "$.sales": "5000",
        "$.years": "2",
        "$.seed": "3",
        "$.faults": "0.1",
    }
    return [
        text.replace("{}", filled[path]) if text else literal or filled[flag] for text, path, literal, flag in found
    ]


def glue_words(state: dict[str, Any]) -> list[str]:
    (intrinsic,) = re.findall(r"States\.JsonToString\((.*)\)$", state["Parameters"]["Arguments"]["--arguments.$"])
    return words(intrinsic)


@pytest.fixture(scope="session")
def machines(prod: TestRun) -> dict[str, dict[str, Any]]:
    assert prod.passed, prod.said
    return definitions(prod.resources["glue"])


def test_there_is_a_machine_for_each_verb_and_one_for_test_data(machines: dict[str, dict[str, Any]]) -> None:
    assert set(machines) == {*VERBS, "generate"}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_terraform_deploys_the_template_that_is_executed_in_tests(
    machines: dict[str, dict[str, Any]], verb: str
) -> None:
    deployed = machines[verb]
    states = deployed["States"]

    rendered = render(
        "pipeline.asl.json.tftpl",
        {
            "name": "booksales-prod",
            "command": verb,
            "run_resource": "arn:aws:states:::glue:startJobRun.sync",
            "run_parameters": json.dumps(states["Run"]["Parameters"]),
            "smoke_parameters": json.dumps(states["SmokeQuery"]["Parameters"]),
            "steps_function": "arn:aws:lambda:eu-central-1:123456789012:function:a-function",
            "topic": "arn:aws:sns:eu-central-1:123456789012:a-topic",
            "timeout_seconds": 12 * 300 + 4 * 240 * 60,
            "job_timeout_seconds": 240 * 60,
            "lease_wait_seconds": 300,
            "lease_attempts": 12,
            "lambda_retry": render("lambda_retry.json", {}),
            "sns_retry": render("sns_retry.json", {}),
            "job_retry": render("job_retry.json.tftpl", {"service_wait_seconds": 30, "job_wait_seconds": 60}),
        },
    )

    assert json.loads(rendered) == deployed


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_entry_file_understands_what_a_machine_hands_over(machines: dict[str, dict[str, Any]], verb: str) -> None:
    asked = jobs_entry._parser().parse_args(glue_words(machines[verb]["States"]["Run"]))
    question = jobs_entry._parser().parse_args(glue_words(machines[verb]["States"]["SmokeQuery"]))

    assert (asked.command, question.command) == (verb, "smoke")
    assert (asked.execution, asked.approve_deletes, asked.attention_exit_code) == ("night", True, 0)
    assert asked.environment == "prod"
    # The bucket's name is one of those that are made up.
    assert re.fullmatch(r"s3://\w+/lake", asked.lake)
    assert asked.warehouse == "redshift+serverless://booksales-prod.eu-central-1/booksales"
    assert asked.ledger.startswith("postgresql+psycopg2://ledger@")
    assert asked.secret.startswith("arn:aws:secretsmanager:")
    assert places(question) == places(asked)


def places(asked: argparse.Namespace) -> list[str]:
    return [asked.lake, asked.warehouse, asked.ledger, asked.source_url, *asked.set]


def test_the_generator_understands_what_its_machine_hands_over(machines: dict[str, dict[str, Any]]) -> None:
    asked = generate_entry._parser().parse_args(glue_words(machines["generate"]["States"]["Generate"]))

    assert (asked.sales, asked.years, asked.seed, asked.faults) == (5000, 2, 3, 0.1)
    assert asked.secret.startswith("arn:aws:secretsmanager:")


def test_no_argument_holds_a_password(machines: dict[str, dict[str, Any]]) -> None:
    text = json.dumps(machines)

    assert not re.search(r"//[^/@\s]+:[^/@\s]+@", text)
    assert "PASSWORD" not in text


@pytest.mark.slow
def test_on_emr_serverless_the_same_words_are_handed_over(
    workspace: Workspace, machines: dict[str, dict[str, Any]]
) -> None:
    run = workspace.test("emr_serverless", "prod")
    assert run.passed, run.said
    on_emr = definitions(run.resources["emr_serverless"])

    for verb in VERBS:
        state = on_emr[verb]["States"]["Run"]
        submit = state["Parameters"]["JobDriver"]["SparkSubmit"]
        assert state["Resource"] == "arn:aws:states:::emr-serverless:startJobRun.sync"
        # Names of buckets and servers are made up anew in every run.
        handed, on_glue = words(submit["EntryPointArguments.$"]), glue_words(machines[verb]["States"]["Run"])
        assert [word.partition("=")[0] for word in handed] == [word.partition("=")[0] for word in on_glue]
        assert "io.delta.sql.DeltaSparkSessionExtension" in submit["SparkSubmitParameters"]
        others = {name: value for name, value in on_emr[verb]["States"].items() if name not in ("Run", "SmokeQuery")}
        assert others == {name: machines[verb]["States"][name] for name in others}
