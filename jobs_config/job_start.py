"""How a job of ours gets its arguments, secrets and authorities where a platform starts it: Glue, EMR or Lambda."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from jobs_config.errors import ConfigError

GLUE_ARGUMENTS = "--arguments"
AUTHORITIES_VARIABLE = "PGSSLROOTCERT"

# Why a secret cannot be read, by AWS's name for it, and what would do.
ADVICE = {
    "ResourceNotFoundException": "there is none of that name in this region; check the name and AWS_DEFAULT_REGION",
    "AccessDeniedException": "this role may not read it; allow it secretsmanager:GetSecretValue, and kms:Decrypt on its key",
    "DecryptionFailure": "this role may not use its key; allow it kms:Decrypt",
    "ExpiredTokenException": "the credentials have expired; sign in again",
    "UnrecognizedClientException": "the credentials are not valid",
}


def given_arguments(argv: Sequence[str]) -> list[str]:
    """The command line, as a person would write it.

    Glue hands over names and values, among them its own; ours are one JSON list under `--arguments`. Raises ConfigError where that
    is none.
    """
    if GLUE_ARGUMENTS not in argv:
        return list(argv)
    try:
        arguments = json.loads(argv[argv.index(GLUE_ARGUMENTS) + 1])
    except (IndexError, ValueError) as error:
        raise ConfigError(f"{GLUE_ARGUMENTS}: expected a JSON list of words, found no JSON") from error
    if not isinstance(arguments, list) or not all(isinstance(word, str) for word in arguments):
        raise ConfigError(f"{GLUE_ARGUMENTS}: expected a JSON list of words, found another kind of JSON")
    return arguments


def load_secret(name: str) -> None:
    """Put a secret of AWS Secrets Manager, a JSON object, into the environment, where secrets are looked for; what is set there stays.

    `name` is its name or ARN. Raises ConfigError that says what would do and never shows a value.
    """
    try:
        # Only here, so that what needs no AWS needs none of its packages.
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise ConfigError("secrets of AWS need the package boto3: pip install 'book-sales-analytics[aws]'") from error
    try:
        text = boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        values = json.loads(text)
        variables = {str(variable): str(value) for variable, value in values.items()}
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise ConfigError(f"secret {name}: {code}; {ADVICE.get(code, 'look it up in the AWS console')}") from error
    except BotoCoreError as error:
        raise ConfigError(
            f"secret {name}: {error}; check region, credentials and the way to Secrets Manager"
        ) from error
    except (KeyError, ValueError, AttributeError):
        # Without its cause, which would show what the secret holds.
        raise ConfigError(f"secret {name}: expected a JSON object of variables, found something else") from None
    for variable, value in variables.items():
        os.environ.setdefault(variable, value)


def trust_authorities(file: str) -> None:
    """Let connections to PostgreSQL believe the certificate authorities in a PEM file. Raises ConfigError where it is not there."""
    if not Path(file).is_file():
        raise ConfigError(f"{file}: no such file of certificate authorities in {Path.cwd()}")
    os.environ[AUTHORITIES_VARIABLE] = file
