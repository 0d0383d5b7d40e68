"""What holds over every resource of an environment, as Terraform would make them: encryption, rights, ways in and out."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from terraform_runs import ROOT, Resource, TestRun, Workspace

# Actions that AWS lets nobody grant on less than everything (Service Authorization Reference), or checks without naming a resource.
WITHOUT_RESOURCE = re.compile(
    r"ec2:(Describe\w+|(Create|Delete)NetworkInterface|(Una|A)ssignPrivateIpAddresses)|ecr:GetAuthorizationToken|xray:\w+"
    r"|cloudwatch:PutMetricData|logs:\w*LogDeliver\w+|logs:(Put|Describe)ResourcePolic\w+|logs:DescribeLogGroups"
)
BUCKETS = ("lake", "exports", "artifacts", "logs")
SCHEDULED = {"sync", "sweep", "reload", "maintain"}


def of_type(run: list[Resource], kind: str) -> list[Resource]:
    found = [resource for resource in run if resource.type == kind]
    assert found, f"no {kind}"
    return found


def policies(run: list[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The address and every statement of every policy that stands in a resource."""
    for resource in run:
        for name in ("policy", "assume_role_policy"):
            text = resource.values.get(name)
            if isinstance(text, str) and '"Statement"' in text:
                yield from ((resource.address, statement) for statement in json.loads(text)["Statement"])


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def wildcards(address: str, statement: dict[str, Any]) -> list[str]:
    """Actions and resources that say more than they must; a Deny may."""
    if statement["Effect"] == "Deny" or "sts:AssumeRole" in listed(statement["Action"]):
        return []
    actions, resources = listed(statement["Action"]), listed(statement.get("Resource", []))
    # A key's policy speaks of that key, whatever it calls it.
    of_a_key = address.startswith("module.secrets.aws_kms_key.")
    wide = [
        action
        for action in actions
        if action.endswith(":*") and not (of_a_key and statement["Sid"] == "AccountAdministers")
    ]
    wide += [action for action in actions if action == "*"]
    if "*" in resources and not of_a_key:
        wide += [action for action in actions if not WITHOUT_RESOURCE.fullmatch(action)]
    return wide


@pytest.fixture(scope="session")
def resources(prod: TestRun) -> list[Resource]:
    assert prod.passed, prod.said
    return prod.resources["glue"]


def test_no_policy_says_more_than_it_must(resources: list[Resource]) -> None:
    found = [(address, wildcards(address, statement)) for address, statement in policies(resources)]

    assert len(found) > 30
    assert [(address, wide) for address, wide in found if wide] == []


@pytest.mark.parametrize(
    ("actions", "on", "found"),
    [
        (["s3:*"], ["arn:aws:s3:::lake/*"], ["s3:*"]),
        (["*"], ["arn:aws:s3:::lake/*"], ["*"]),
        (["s3:GetObject"], "*", ["s3:GetObject"]),
        (["ec2:DescribeSubnets", "ec2:RunInstances"], ["*"], ["ec2:RunInstances"]),
        (["s3:GetObject"], ["arn:aws:s3:::lake/*"], []),
    ],
    ids=["all of a service", "everything", "any resource", "one of two needs none", "an action on a bucket"],
)
def test_a_policy_that_says_too_much_is_found(actions: list[str], on: str | list[str], found: list[str]) -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": on}

    assert wildcards("module.jobs.aws_iam_role_policy.job", statement) == found


def test_only_aws_services_and_the_own_account_are_trusted(resources: list[Resource]) -> None:
    allowed = [
        statement["Principal"]
        for _, statement in policies(resources)
        if statement["Effect"] == "Allow" and "Principal" in statement
    ]
    accounts = {account for principal in allowed for account in listed(principal.get("AWS", []))}

    assert allowed
    assert {kind for principal in allowed for kind in principal} == {"AWS", "Service", "Federated"}
    # The second is AWS's own, which delivers load balancers' logs in this region.
    assert {account.split(":")[4] for account in accounts} == {"123456789012", "054676820928"}


def test_every_actor_has_a_role_of_its_own(resources: list[Resource]) -> None:
    roles = {role.values["name"] for role in of_type(resources, "aws_iam_role")}

    actors = (
        "pipeline",
        "shop",
        "copy",
        "machines",
        "steps",
        "scheduler",
        "release",
        "serving",
        "serving-start",
        "flow-logs",
        "control-monitoring",
    )
    assert roles == {f"booksales-prod-{actor}" for actor in actors}


def test_every_bucket_is_closed_encrypted_versioned_and_takes_tls_only(resources: list[Resource]) -> None:
    buckets = {bucket.values["bucket"] for bucket in of_type(resources, "aws_s3_bucket")}
    assert buckets == {f"booksales-prod-{part}-123456789012" for part in BUCKETS}

    for part, kind in (
        ("public_access_block", True),
        ("versioning", None),
        ("server_side_encryption_configuration", None),
    ):
        found = of_type(resources, f"aws_s3_bucket_{part}")
        assert len(found) == len(BUCKETS), part
        if kind:
            flags = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
            assert all(item.values[flag] for item in found for flag in flags)
    denied = [
        address
        for address, statement in policies(resources)
        if statement["Effect"] == "Deny" and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        and ".aws_s3_bucket_policy." in address
    ]  # fmt: skip
    assert len(denied) == len(BUCKETS)


KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-4333-8444-555555555555"
HOW, WHICH = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"


def holds(condition: dict[str, dict[str, str]], context: dict[str, str]) -> bool:
    """Whether a policy's condition holds for a request, by IAM's rules for the operators that buckets' policies use."""
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            found = context.get(key)
            if operator == "Null":
                kept = (found is None) == (wanted == "true")
            elif operator == "StringNotEquals":
                # A negated operator holds where the key is absent.
                kept = found != wanted
            else:
                assert operator == "Bool", operator
                kept = found == wanted
            if not kept:
                return False
    return True


@pytest.mark.parametrize(
    ("headers", "is_denied"),
    [
        ({}, False),
        ({HOW: "aws:kms"}, True),
        ({HOW: "aws:kms", WHICH: KEY}, False),
        ({HOW: "aws:kms", WHICH: KEY.replace("1111", "9999")}, True),
        ({HOW: "AES256"}, True),
        ({"aws:SecureTransport": "false"}, True),
    ],
    ids=["no word of it", "by KMS without a key", "by our key", "by another key", "by S3's key", "without TLS"],
)
def test_what_is_put_into_a_bucket_is_encrypted_with_our_key(
    resources: list[Resource], headers: dict[str, str], is_denied: bool
) -> None:
    request = {"aws:SecureTransport": "true", **headers}
    denied = [
        address
        for address, statement in policies(resources)
        if ".aws_s3_bucket_policy.data" in address
        and statement["Effect"] == "Deny"
        and holds(statement["Condition"], request)
    ]

    # Each of the three buckets, by as many statements as it offends.
    assert len({*denied}) == (3 if is_denied else 0)


# What each actor's code asks AWS for, and on what, as far as a name in a policy tells it.
NEEDED = [
    ('jobs.aws_iam_role_policy.job["pipeline"]', "s3:PutObject", "arn:aws:s3:::a-bucket/*", ""),
    ('jobs.aws_iam_role_policy.job["pipeline"]', "glue:GetTables", "database/a_database", ""),
    ('jobs.aws_iam_role_policy.job["pipeline"]', "kms:Encrypt", KEY, "glue.eu-central-1.amazonaws.com"),
    ('jobs.aws_iam_role_policy.job["pipeline"]', "kms:GenerateDataKey", KEY, "s3.eu-central-1.amazonaws.com"),
    ('jobs.aws_iam_role_policy.job["pipeline"]', "redshift-serverless:GetCredentials", "workgroup", ""),
    ('jobs.aws_iam_role_policy.job["shop"]', "secretsmanager:GetSecretValue", "secret", ""),
    ("warehouse.aws_iam_role_policy.copy", "s3:GetObject", "arn:aws:s3:::a-bucket/lake/gold/*", ""),
    ("warehouse.aws_iam_role_policy.copy", "s3:GetObject", "arn:aws:s3:::a-bucket/*", ""),
    ("warehouse.aws_iam_role_policy.copy", "kms:Decrypt", KEY, "s3.eu-central-1.amazonaws.com"),
    ("release[0].aws_iam_role_policy.release", "s3:PutObject", "arn:aws:s3:::a-bucket/*", ""),
    ('secrets.aws_kms_key.part["logs"]', "kms:Decrypt", "*", "delivery.logs.amazonaws.com"),
    ("serving.aws_ecr_repository_policy.jobs", "ecr:BatchGetImage", "", "emr-serverless.amazonaws.com"),
]


@pytest.mark.parametrize(
    ("policy", "action", "on", "by"), NEEDED, ids=[f"{item[0]} {item[1]} {item[3]}" for item in NEEDED]
)
def test_an_actor_may_do_what_its_code_does(
    resources: list[Resource], policy: str, action: str, on: str, by: str
) -> None:
    allowing = [
        statement
        for address, statement in policies(resources)
        if address == f"module.{policy}"
        and statement["Effect"] == "Allow"
        and action in listed(statement["Action"])
        and any(on in resource for resource in listed(statement.get("Resource", "")))
        and by in json.dumps([statement.get("Condition"), statement.get("Principal")])
    ]

    assert allowing


def test_the_workflow_is_trusted_for_tags_of_versions_alone(resources: list[Resource]) -> None:
    package = yaml.safe_load((ROOT / ".github/workflows/ci.yaml").read_text())["jobs"]["package"]
    # With an environment GitHub's token would name that and not the tag.
    assert "environment" not in package
    (trust,) = (
        statement
        for address, statement in policies(resources)
        if address.endswith(".aws_iam_role.release") and "Principal" in statement
    )

    assert trust["Condition"] == {
        "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
        "StringLike": {"token.actions.githubusercontent.com:sub": "repo:example/book-sales-analytics:ref:refs/tags/v*"},
    }


def test_whatever_holds_data_or_logs_is_encrypted_with_a_key_of_ours(resources: list[Resource]) -> None:
    key_of = {
        "aws_cloudwatch_log_group": "kms_key_id",
        "aws_db_instance": "kms_key_id",
        "aws_redshiftserverless_namespace": "kms_key_id",
        "aws_efs_file_system": "kms_key_id",
        "aws_secretsmanager_secret": "kms_key_id",
        "aws_sns_topic": "kms_master_key_id",
        "aws_sqs_queue": "kms_master_key_id",
        "aws_lambda_function": "kms_key_arn",
        "aws_scheduler_schedule": "kms_key_arn",
    }

    open_ones = [
        resource.address
        for kind, name in key_of.items()
        for resource in of_type(resources, kind)
        if not str(resource.values[name]).startswith("arn:aws:kms:")
    ]

    assert open_ones == []


def test_nothing_is_reachable_from_outside(resources: list[Resource]) -> None:
    (database,) = of_type(resources, "aws_db_instance")
    (workgroup,) = of_type(resources, "aws_redshiftserverless_workgroup")
    (balancer,) = of_type(resources, "aws_lb")
    (service,) = of_type(resources, "aws_ecs_service")
    ways_in = of_type(resources, "aws_vpc_security_group_ingress_rule")

    assert not database.values["publicly_accessible"]
    assert not workgroup.values["publicly_accessible"]
    assert balancer.values["internal"]
    assert not service.values["network_configuration"][0]["assign_public_ip"]
    assert {rule.values["cidr_ipv4"] for rule in ways_in} == {None, "10.0.0.0/12"}
    assert not [item for item in resources if item.type in ("aws_internet_gateway", "aws_nat_gateway", "aws_eip")]


def test_tls_is_not_left_to_chance(resources: list[Resource]) -> None:
    (listener,) = of_type(resources, "aws_lb_listener")
    (target,) = of_type(resources, "aws_lb_target_group")
    (parameters,) = of_type(resources, "aws_db_parameter_group")
    (workgroup,) = of_type(resources, "aws_redshiftserverless_workgroup")

    assert (listener.values["protocol"], listener.values["ssl_policy"]) == (
        "HTTPS",
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
    )
    assert (target.values["protocol"], target.values["stickiness"][0]["type"]) == ("HTTPS", "lb_cookie")
    assert {item["name"]: item["value"] for item in parameters.values["parameter"]}["rds.force_ssl"] == "1"
    assert {"parameter_key": "require_ssl", "parameter_value": "true"} in workgroup.values["config_parameter"]


def test_jobs_run_on_the_version_that_was_tested(resources: list[Resource]) -> None:
    jobs = of_type(resources, "aws_glue_job")
    # A question to the warehouse may be asked while the next run has begun; the lease sees to it that one writes.
    assert {job.values["name"]: job.values["execution_property"][0]["max_concurrent_runs"] for job in jobs} == {
        "booksales-prod-pipeline": 2,
        "booksales-prod-shop": 1,
    }
    groups = {group.values["name"] for group in of_type(resources, "aws_cloudwatch_log_group")}
    for job in jobs:
        assert job.values["glue_version"] == "6.0"
        # With a security configuration Glue puts its name and the role's between the prefix and the end.
        prefix = job.values["default_arguments"]["--custom-logGroup-prefix"]
        place = f"{prefix}/{job.values['security_configuration']}-role/{job.values['name']}"
        assert {f"{place}/error", f"{place}/output"} <= groups
        assert job.values["default_arguments"]["--datalake-formats"] == "delta"
        assert "-Duser.timezone=UTC" in job.values["default_arguments"]["--conf"]


def test_every_schedule_has_a_time_zone_retries_and_a_dead_letter_queue(resources: list[Resource]) -> None:
    schedules = of_type(resources, "aws_scheduler_schedule")

    assert {schedule.values["name"] for schedule in schedules} == SCHEDULED
    for schedule in schedules:
        (target,) = schedule.values["target"]
        assert schedule.values["schedule_expression_timezone"] == "Europe/Berlin"
        assert target["retry_policy"] == [{"maximum_event_age_in_seconds": 7200, "maximum_retry_attempts": 10}]
        assert target["dead_letter_config"] == [{"arn": "arn:aws:sqs:eu-central-1:123456789012:a-queue"}]


def test_somebody_is_told_of_failures_of_silence_and_of_the_bill(resources: list[Resource]) -> None:
    alarms = of_type(resources, "aws_cloudwatch_metric_alarm")
    (budget,) = of_type(resources, "aws_budgets_budget")

    assert all(alarm.values["alarm_actions"] for alarm in alarms)
    assert {f"booksales-prod-{machine}-failed" for machine in (*SCHEDULED, "generate")} <= {
        a.values["alarm_name"] for a in alarms
    }
    (stale,) = (alarm for alarm in alarms if alarm.values["alarm_name"] == "booksales-prod-stale")
    assert (stale.values["treat_missing_data"], stale.values["evaluation_periods"]) == ("breaching", 26)
    assert len(budget.values["notification"]) == 3


def test_no_container_is_root_or_may_write_beside_its_volumes(resources: list[Resource]) -> None:
    (task,) = of_type(resources, "aws_ecs_task_definition")
    containers = json.loads(task.values["container_definitions"])

    assert [container["name"] for container in containers] == ["api", "dashboard", "proxy"]
    for container in containers:
        assert container["readonlyRootFilesystem"]
        assert container["user"] == "10001:10001"
        assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
        # An empty volume is root's unless the image has one there, with owner and mode.
        image = (ROOT / f"containers/{container['name']}.Dockerfile").read_text()
        (declared,) = re.findall(r"^VOLUME (\[.*\])$", image, re.MULTILINE)
        assert {mount["containerPath"] for mount in container["mountPoints"]} == {*json.loads(declared)}
        assert "chmod 1777 /tmp" in image
    assert [container["name"] for container in containers if container.get("portMappings")] == ["proxy"]


def test_no_value_of_a_secret_is_in_the_state(resources: list[Resource]) -> None:
    assert not [resource.address for resource in resources if resource.type == "aws_secretsmanager_secret_version"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "environment"),
    [("glue", "dev"), ("emr_serverless", "prod")],
    ids=["dev on Glue", "prod on EMR Serverless"],
)
def test_the_other_environment_and_the_other_runtime_hold_too(
    workspace: Workspace, file: str, environment: str
) -> None:
    run = workspace.test(file, environment)

    assert run.passed, run.said
    (found,) = run.resources.values()
    test_no_policy_says_more_than_it_must(found)
    test_whatever_holds_data_or_logs_is_encrypted_with_a_key_of_ours(found)


@pytest.mark.slow
def test_bad_input_is_refused_before_anything_is_made(workspace: Workspace) -> None:
    run = workspace.test("bad_input", "prod")

    assert run.passed, run.said
