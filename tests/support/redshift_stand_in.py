"""An S3 and a Redshift for tests, each started once: moto's server, and the gateway before the embedded PostgreSQL."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from s3_server import s3_server

from booksales.local_stack.postgres import EmbeddedPostgres

REGION = "eu-central-1"
BUCKET = "booksales-test-lake"
ROLE = "arn:aws:iam::123456789012:role/booksales-copy"


@pytest.fixture(scope="session")
def aws_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that answers as AWS does, and credentials for it in the environment."""
    # In a process of its own: what tests mock in this one is forgotten by every server within it.
    with (
        s3_server(tmp_path_factory.mktemp("aws") / "server.log") as address,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        environment.setenv("AWS_ENDPOINT_URL", address)
        yield address


@pytest.fixture(scope="session")
def s3(aws_endpoint: str) -> Any:
    """A client of that S3, with one bucket."""
    import boto3

    client = boto3.client("s3", endpoint_url=aws_endpoint, region_name=REGION)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client


@pytest.fixture(scope="session")
def gateway(postgres: EmbeddedPostgres, s3: Any) -> Iterator[Any]:
    """The Redshift stand-in, in the region of the bucket."""
    from gateway.server import Gateway

    server = Gateway(postgres.owner_dsn("postgres"), s3, REGION)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redshift(gateway: Any) -> Iterator[Callable[..., Any]]:
    """Connections by Redshift's own driver, to a database that holds nothing of another test's."""
    import redshift_connector

    opened: list[Any] = []

    def connect(user: str = "admin", autocommit: bool = True) -> Any:
        connection = redshift_connector.connect(
            host="127.0.0.1", port=gateway.port, database="analytics", user=user, ssl=False,
            password=gateway.passwords[user],
        )  # fmt: skip
        connection.autocommit = autocommit
        opened.append(connection)
        return connection

    gateway.wipe()
    yield connect
    for connection in opened:
        connection.close()
