"""What Redshift, S3 and IAM say when something is wrong, in words that tell where, what was found and what would do."""

from typing import Any

from warehouse.publication import PublicationError

UNCHANGED = "nothing is published, the version before still serves"

# What stands in a message, and what would do about it. The first that is found counts.
REMEDIES = (
    ("ExpiredToken", "the credentials have expired: start the job again, or give its role a longer session"),
    ("InvalidAccessKeyId", "the access key is not known: look at the role that the job runs under"),
    ("Unable to locate credentials", "there are no AWS credentials: run under a role, or set AWS_PROFILE"),
    ("NoCredentials", "there are no AWS credentials: run under a role, or set AWS_PROFILE"),
    ("different region", "COPY reads Parquet in its own region only: put warehouse_export into a bucket there"),
    ("PermanentRedirect", "COPY reads Parquet in its own region only: put warehouse_export into a bucket there"),
    ("NoSuchBucket", "there is no such bucket: look at warehouse_export"),
    ("NoSuchKey", "a file of the lake is gone: was it vacuumed meanwhile? Start the job again"),
    ("kms:", "the role lacks kms:Decrypt on the key of the bucket"),
    ("AccessDenied", "the role has no right to the bucket, or not to its KMS key: look at warehouse_copy_role and the job's role"),
    ("not authorized to assume", "the cluster may not take on warehouse_copy_role: associate the role with it"),
    ("password authentication failed", "look at the user in warehouse_url and at BOOKSALES_WAREHOUSE_PASSWORD"),
    ("permission denied", "the user of warehouse_url lacks that right in the database"),
    ("ClusterNotFound", "there is no such cluster in that region: look at warehouse_url"),
    ("ResourceNotFoundException", "there is no such workgroup in that region: look at warehouse_url"),
    ("getaddrinfo", "no such host: look at warehouse_url"),
    ("communication error", "the warehouse does not answer: look at its state, at the network and at warehouse_url"),
)  # fmt: skip

SERIALIZATION = ("1023", "1018")
SERIALIZATION_STATES = ("40001", "40P01")


class WarehouseError(PublicationError):
    """Redshift or S3 did not do what was asked."""


class AddressError(WarehouseError):
    """The address of the warehouse cannot be read."""


def said_by(error: BaseException) -> str:
    """The message of an error on one line; a server's with its detail."""
    fields = fields_of(error)
    text = " ".join(str(fields[name]) for name in ("M", "D") if fields.get(name)) if fields else str(error)
    return " ".join(text.split()) or type(error).__name__


def fields_of(error: BaseException) -> dict[str, Any]:
    """What the server said, by the letters of the protocol; empty where no server said anything."""
    told = error.args[0] if error.args else None
    return told if isinstance(told, dict) else {}


def explained(error: BaseException, where: str) -> WarehouseError:
    """The error with its place and what would do about it."""
    said = said_by(error)
    remedy = next((remedy for mark, remedy in REMEDIES if mark in said), "")
    return WarehouseError(f"{where}: {said}{'; ' + remedy if remedy else ''}")


def is_serialization_failure(error: BaseException) -> bool:
    """Whether another transaction was in the way, so that the same statements may succeed the next time."""
    fields = fields_of(error)
    return fields.get("C") in SERIALIZATION_STATES or str(fields.get("M", "")).startswith(SERIALIZATION)


def is_lost_connection(error: BaseException) -> bool:
    """Whether the connection is gone, and no server has answered."""
    if fields_of(error):
        return False
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"InterfaceError", "OperationalError", "ConnectionError", "OSError", "error"})
