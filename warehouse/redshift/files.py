"""The Parquet files of a publication on S3, and the manifests that COPY reads them by.

Files that are on S3 already, a lake's own, are named where they are; others are put below the export prefix. A manifest names each
file with its length, which COPY needs for Parquet, and as mandatory. COPY takes columns by their order alone, so the names in each
file are held against the contract first.
"""

import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from warehouse.contract import Contract
from warehouse.ddl import warehouse_columns
from warehouse.publication import TableExport
from warehouse.redshift.explaining import WarehouseError, explained

S3 = "s3://"
FILES_AT_ONCE = 8
# A Parquet file ends with its footer; most are far smaller than this, and a longer one is read again.
FOOTER_BYTES = 64 * 1024
DELETED_AT_ONCE = 1000


@dataclass(frozen=True)
class Manifest:
    """What COPY is told: where the list is. `is_filled` where files lack trailing columns that were added to the table since."""

    url: str
    is_filled: bool


@dataclass(frozen=True)
class _File:
    url: str
    length: int
    columns: tuple[str, ...]


class ExportFolder:
    """A prefix on S3 for the files of one publication."""

    def __init__(self, prefix: str, token: str) -> None:
        import boto3

        if not prefix.startswith(S3):
            raise WarehouseError("warehouse_export is not set: name the s3:// prefix that files for Redshift go below")
        self.url = f"{prefix.rstrip('/')}/{token}/"
        # A session of its own: the shared one would keep credentials that have expired since.
        self._client = boto3.session.Session().client("s3")

    def manifest(self, contract: Contract, export: TableExport) -> Manifest | None:
        """Put the table's files on S3 where they are not yet, and a manifest of them; None for a table without files.

        Raises WarehouseError that names the file whose columns differ from the contract's, or what S3 does not do.
        """
        if not export.files:
            return None
        try:
            with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
                found = list(pool.map(lambda item: self._placed(contract.name, *item), enumerate(export.files)))
            is_filled = any(_check_columns(contract, file) for file in found)
            url = f"{self.url}{contract.name}.manifest"
            self._put(url, _listed(found))
        except WarehouseError:
            raise
        except Exception as error:
            raise explained(error, f"export of {contract.name} to {self.url}") from error
        return Manifest(url, is_filled)

    def remove(self) -> None:
        """Remove what was put here; files of the lake stay."""
        bucket, key = _split(self.url)
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        keys = [{"Key": item["Key"]} for page in pages for item in page.get("Contents", [])]
        for first in range(0, len(keys), DELETED_AT_ONCE):
            self._client.delete_objects(Bucket=bucket, Delete={"Objects": keys[first : first + DELETED_AT_ONCE]})

    def _placed(self, table: str, number: int, file: str) -> _File:
        if file.startswith(("s3://", "s3a://")):
            return self._on_s3(S3 + file.partition("://")[2])
        path = Path(unquote(urlsplit(file).path)) if file.startswith("file:") else Path(file)
        url = f"{self.url}{table}/{number:05d}.parquet"
        bucket, key = _split(url)
        self._client.upload_file(str(path), bucket, key)
        return _File(url, path.stat().st_size, _columns(path.read_bytes()[-FOOTER_BYTES:], path.read_bytes))

    def _on_s3(self, url: str) -> _File:
        bucket, key = _split(url)
        length = int(self._client.head_object(Bucket=bucket, Key=key)["ContentLength"])
        footer = self._client.get_object(Bucket=bucket, Key=key, Range=f"bytes=-{FOOTER_BYTES}")["Body"].read()
        whole = lambda: self._client.get_object(Bucket=bucket, Key=key)["Body"].read()  # noqa: E731
        return _File(url, length, _columns(footer, whole))

    def _put(self, url: str, text: str) -> None:
        bucket, key = _split(url)
        self._client.put_object(Bucket=bucket, Key=key, Body=text.encode())


def _listed(files: Sequence[_File]) -> str:
    entries = [{"url": file.url, "mandatory": True, "meta": {"content_length": file.length}} for file in files]
    return json.dumps({"entries": entries}, indent=1)


def _columns(end: bytes, whole: Any) -> tuple[str, ...]:
    """Names of the columns in a Parquet file, from its end where the footer is in there, else from the whole file."""
    from pyarrow import parquet

    length = int.from_bytes(end[-8:-4], "little") + 8
    content = end if length <= len(end) else whole()
    # The reader wants a file that begins as one; the footer says all that is asked here.
    return tuple(parquet.read_schema(io.BytesIO(b"PAR1" + content[-length:])).names)


def _check_columns(contract: Contract, file: _File) -> bool:
    """Whether trailing columns are missing. Raises WarehouseError for any other difference."""
    expected = tuple(warehouse_columns(contract))
    missing = expected[len(file.columns) :]
    if file.columns != expected[: len(file.columns)] or any(contract.columns[name].required for name in missing):
        raise WarehouseError(
            f"{file.url}: its columns are {', '.join(file.columns)}, the contract of {contract.table} has "
            f"{', '.join(expected)}; the lake and this version of the software differ: `booksales reload` writes the table anew"
        )
    return bool(missing)


def _split(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix(S3).partition("/")
    return bucket, key
