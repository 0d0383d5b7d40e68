"""What can go wrong in a run, each kind with its exit code."""

import re

from jobs_config.errors import BooksalesError, ConfigError, RefusedError

# What Spark, the JDBC driver and DuckDB say deep inside, and what would do. The first that is found counts.
ADVICE = {
    r"No space left on device|Disk quota exceeded|could not write .* to file": (
        "the disk is full; free some, or name a folder on another"
    ),
    r"OutOfMemoryError": "Spark's memory is too small; raise driver_memory_mb (BOOKSALES_DRIVER_MEMORY_MB)",
    r"terminating connection|connection to server .* (failed|closed)|I/O error occurred while sending|Connection .* refused"
    r"|PSQLException: (The connection attempt failed|This connection has been closed)": (
        "the source went away while it was read; start again once it runs"
    ),
    r"canceling statement due to": "the source ended a query of ours; give this user more time, or read when it is less busy",
    r"could not import the requested snapshot|invalid snapshot identifier": (
        "the keeper's connection ended before the tables were read; start again, without a pooler in between"
    ),
    # Of a lake on S3; the last of them is what S3 says of many things that it does not let one see.
    r"ExpiredToken|token (included in the request )?(has|is) expired": (
        "the credentials for S3 have expired: start again, or give the job's role a longer session"
    ),
    r"NoSuchBucket|UnknownStoreException|[Bb]ucket does not exist": "there is no such bucket: look at the setting lake",
    r"\bkms:\w+": "the job's role lacks that right to the KMS key of the lake's bucket",
    r"PermanentRedirect|AWSRedirectException|AuthorizationHeaderMalformed|301 Moved Permanently": (
        "the bucket is in another region: set AWS_DEFAULT_REGION and AWS_REGION to that of the lake"
    ),
    r"InvalidAccessKeyId|NoAwsCredentialsException|Unable to load credentials": (
        "S3 does not know who asks: run under a role, or look at the access key"
    ),
    r"AccessDenied(Exception)?: s3a?://|Status Code: 403": "the job's role has no right to that in the lake's bucket",
    r"Permission denied": "this user may not write there; change the folder's owner or mode",
}
# What Java puts before a message that people read: the trace's own words and the package of the exception.
JAVA_PREFIX = re.compile(r"^(?:(?:Caused by)?: ?)?(?:(?:[a-z]\w*\.)+(?=[A-Z]))?")
PLACE_ON_S3 = re.compile(r"\bs3a?://")
CAUSED_BY = re.compile(r"Caused by: (?:[\w.$]+\.)?(\w+(?:Exception|Error))?:? ?(.*)")


class ExtractionError(BooksalesError):
    """The source cannot be read as mapped, or did not deliver what its snapshot promised."""


class SourceMappingError(ConfigError):
    """The mapping names a table, column or type that the source does not have."""


class SourceChangedError(RefusedError):
    """The source is not a later state of what was read before; nothing is loaded."""


class ApprovalError(RefusedError):
    """A run would delete more than a run may without being asked; nothing is changed."""


class ExpectationError(BooksalesError):
    """An expectation of level `stop` failed, or a row of gold lacks a value that it must have; nothing is published."""


class LakeError(BooksalesError):
    """A lake table is missing or not as recorded."""


class LedgerError(BooksalesError):
    """The run ledger cannot be opened, read or written."""


class LeaseLostError(RefusedError):
    """Another took the writer's lease over while this run slept; it may commit nothing more."""


class RunError(BooksalesError):
    """Something below us failed: disk, memory, the source's server, Spark itself."""


# What readers have after a run that failed: almost always the one, the other where it failed after its publication.
UNPUBLISHED = "Nothing is published, the version before still serves"
PUBLISHED = "What it published serves"


def explained(error: Exception, what_serves: str = UNPUBLISHED) -> BooksalesError:
    """The error as one line: the innermost cause, what would do, and what readers have."""
    text = str(error)
    advice = next(
        (what for pattern, what in ADVICE.items() if re.search(pattern, text)), "--verbose shows the whole of it"
    )
    return RunError(f"{_root_cause(error, text)}; {advice}. {what_serves}")


def _root_cause(error: Exception, text: str) -> str:
    telling = [line.strip() for line in text.splitlines() if any(re.search(pattern, line) for pattern in ADVICE)]
    if telling:
        # S3's own words stand innermost, and where it was asked for stands around them.
        return JAVA_PREFIX.sub("", next((line for line in reversed(telling) if PLACE_ON_S3.search(line)), telling[-1]))
    causes = [": ".join(part for part in found if part) for found in CAUSED_BY.findall(text)]
    first = next((line.strip() for line in text.splitlines() if line.strip()), "no message")
    return causes[-1] if causes else f"{type(error).__name__}: {first}"
