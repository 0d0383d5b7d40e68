import json
import os
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from jobs_config.errors import ConfigError
from jobs_config.job_start import given_arguments, load_secret, trust_authorities

NAME = "booksales/jobs"


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Secrets Manager, as moto answers for it in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    # The stand-in of another test's is a process of its own, and forgets nothing between two tests.
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("BOOKSALES_SOURCE_PASSWORD", raising=False)
    monkeypatch.setenv("BOOKSALES_LEDGER_PASSWORD", "set already")
    with mock_aws():
        yield boto3.client("secretsmanager")


def test_a_command_line_is_taken_as_it_is():
    assert given_arguments(["sync", "--lake=s3://b/lake"]) == ["sync", "--lake=s3://b/lake"]


def test_glue_hands_over_one_list_among_names_of_its_own():
    glue = ["--JOB_NAME", "pipeline", "--arguments", '["sync", "--lake=s3://b/lake"]', "--enable-metrics", "true"]

    assert given_arguments(glue) == ["sync", "--lake=s3://b/lake"]


@pytest.mark.parametrize(
    "given", [["--arguments"], ["--arguments", "sync"], ["--arguments", '{"sync": 1}'], ["--arguments", "[1]"]]
)
def test_what_is_no_list_of_words_is_refused(given):
    with pytest.raises(ConfigError, match="expected a JSON list of words"):
        given_arguments(given)


def test_a_secret_becomes_variables_and_what_is_set_stays(secrets_manager):
    values = {"BOOKSALES_SOURCE_PASSWORD": "from the secret", "BOOKSALES_LEDGER_PASSWORD": "from the secret"}
    secrets_manager.create_secret(Name=NAME, SecretString=json.dumps(values))

    load_secret(NAME)

    assert os.environ.pop("BOOKSALES_SOURCE_PASSWORD") == "from the secret"
    assert os.environ["BOOKSALES_LEDGER_PASSWORD"] == "set already"


def test_a_secret_that_is_not_there_is_named_with_what_would_do(secrets_manager):
    with pytest.raises(
        ConfigError, match=rf"secret {NAME}: ResourceNotFoundException; there is none of that name in this region"
    ):
        load_secret(NAME)


@pytest.mark.parametrize("text", ["p4ssw0rd", '["p4ssw0rd"]'], ids=["no JSON", "no object"])
def test_a_secret_that_is_something_else_is_not_shown(secrets_manager, text):
    secrets_manager.create_secret(Name=NAME, SecretString=text)

    with pytest.raises(ConfigError, match="expected a JSON object of variables") as refused:
        load_secret(NAME)

    assert "p4ssw0rd" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_authorities_that_are_there_are_believed_and_others_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PGSSLROOTCERT", "before")
    (tmp_path / "ca.pem").touch()

    trust_authorities(str(tmp_path / "ca.pem"))

    assert os.environ["PGSSLROOTCERT"] == str(tmp_path / "ca.pem")
    with pytest.raises(ConfigError, match="no such file of certificate authorities"):
        trust_authorities(str(tmp_path / "other.pem"))
