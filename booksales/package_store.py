"""Where a package goes: a folder, or a prefix of a bucket. A version that is there is not written over unasked."""

import json
import shutil
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from booksales.job_package import MANIFEST
from jobs_config.errors import BooksalesError, ConfigError, RefusedError

# Why a bucket refuses, by AWS's name for it, and what would do.
ADVICE = {
    "NoSuchBucket": "there is no such bucket; `terraform output artifacts_bucket` names it",
    "404": "there is no such bucket or no right to see it",
    "AccessDenied": "this role may not write there; allow it s3:PutObject and s3:GetObject on the prefix, and the bucket's KMS key",
    "403": "this role may not see it, or the credentials are not valid",
    "ExpiredToken": "the credentials have expired; sign in again",
    "PermanentRedirect": "the bucket is in another region; set AWS_DEFAULT_REGION to it",
    "IllegalLocationConstraintException": "the bucket is in another region; set AWS_DEFAULT_REGION to it",
}


class UploadError(BooksalesError):
    """A bucket did not take the package; what is there has no package.json, so nobody takes it for whole."""


class Store(Protocol):
    """A place that files are put under by name."""

    def read(self, name: str) -> bytes | None:
        """A file's bytes, None where it is not there."""

    def write(self, name: str, path: Path) -> None:
        """Put a file there, in place of one of that name."""


class FolderStore:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def write(self, name: str, path: Path) -> None:
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


class BucketStore:
    """A prefix of a bucket. Raises UploadError that says what would do."""

    def __init__(self, url: str) -> None:
        try:
            # Only here, so that nobody else needs the package.
            import boto3
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise ConfigError("a bucket needs the package boto3: pip install 'book-sales-analytics[aws]'") from error
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc:
            raise ConfigError(f"{url}: expected s3://bucket/prefix")
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        self._failures = (BotoCoreError, ClientError)
        self._client: Any = boto3.client("s3")

    def read(self, name: str) -> bytes | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(name))
            return bytes(answer["Body"].read())
        except self._client.exceptions.NoSuchKey:
            return None
        except self._failures as error:
            raise self._failure(error) from error

    def write(self, name: str, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=file)
        except self._failures as error:
            raise self._failure(error) from error

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _failure(self, error: Exception) -> UploadError:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        advice = ADVICE.get(code, "check region, credentials and the way to S3")
        return UploadError(f"s3://{self._bucket}/{self._prefix}: {code or ' '.join(str(error).split())}; {advice}")


def store_at(place: str) -> Store:
    """The store of a folder's path or an s3:// URL. Raises ConfigError for another kind of URL."""
    if "://" in place:
        return BucketStore(place)
    return FolderStore(Path(place))


def put_package(folder: Path, store: Store, version: str, replace: bool) -> bool:
    """Put a package under its version's name, package.json last; whether anything was written.

    One that is there already is left alone where it is the same. Raises RefusedError where it is another, unless `replace`.
    """
    manifest = (folder / MANIFEST).read_bytes()
    there = store.read(f"{version}/{MANIFEST}")
    if there is not None and json.loads(there) == json.loads(manifest):
        return False
    if there is not None and not replace:
        raise RefusedError(
            f"another package of version {version} is there; raise the version in setup.py, or give --replace where no job uses it"
        )
    for name in [*json.loads(manifest)["files"], MANIFEST]:
        store.write(f"{version}/{name}", folder / name)
    return True
