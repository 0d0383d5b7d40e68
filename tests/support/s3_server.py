"""A server that speaks S3's protocol on loopback, in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from jobs_config.serving import listen, url_of

# What anybody may know: the server checks neither.
ACCESS = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "no-secret", "AWS_REGION": "us-east-1"}
START_SECONDS = 30


@contextmanager
def s3_server(log: Path) -> Iterator[str]:
    """The server's address, for as long as the block runs."""
    with listen("127.0.0.1", 0) as free:
        address = url_of(free)
    port = address.rpartition(":")[2]
    with log.open("wb") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port], stdout=said, stderr=said
        )
    try:
        wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def s3_client(address: str):  # type: ignore[no-untyped-def]
    """A client of that server."""
    named = {"aws_access_key_id": ACCESS["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": ACCESS["AWS_SECRET_ACCESS_KEY"]}
    once = Config(retries={"max_attempts": 1}, connect_timeout=2)
    return boto3.client("s3", endpoint_url=address, region_name=ACCESS["AWS_REGION"], config=once, **named)


def wait_for(address: str) -> None:
    """Return once a server of moto's answers."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            s3_client(address).list_buckets()
            return
        except (EndpointConnectionError, ClientError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
