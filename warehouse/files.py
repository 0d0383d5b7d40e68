"""Files by their address, on a local disk or on S3, read by Arrow.

On S3 the usual variables say where and as whom: AWS_REGION, AWS_ENDPOINT_URL and AWS's own chain of credentials.
"""

import os
from collections.abc import Sequence
from urllib.parse import urlparse

import pyarrow.dataset as ds
from pyarrow.fs import FileSystem, LocalFileSystem, S3FileSystem

S3 = "s3://"
# What AWS's own tools take where nobody names a region.
USUAL_REGION = "us-east-1"


def is_on_s3(address: str) -> bool:
    return address.startswith(S3)


def endpoint() -> str:
    """The S3 endpoint that the environment names; empty: AWS's own."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""


def region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or USUAL_REGION


def open_files(address: str) -> tuple[FileSystem, str]:
    """The file system of an address, and the address as that system knows it."""
    if not is_on_s3(address):
        return LocalFileSystem(), address
    named = urlparse(endpoint())
    place = {"endpoint_override": named.netloc, "scheme": named.scheme} if named.netloc else {}
    return S3FileSystem(region=region(), **place), _within_s3(address)


def _within_s3(address: str) -> str:
    return address.removeprefix(S3)


def storage_options(address: str) -> dict[str, str] | None:
    """The same for the Delta library, which reads the environment but for what is unusual; None for a local folder."""
    if not is_on_s3(address):
        return None
    plain = {"AWS_ALLOW_HTTP": "true"} if endpoint().startswith("http://") else {}
    return {"AWS_REGION": region(), **plain}


def parquet_rows(addresses: Sequence[str]) -> ds.Dataset:
    """The rows of Parquet files that stand in one file system."""
    files, _ = open_files(addresses[0])
    return ds.dataset([_within_s3(address) for address in addresses], format="parquet", filesystem=files)
