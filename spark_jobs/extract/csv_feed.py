"""A CSV feed to bronze: every record as text, with its number, its place and, encrypted, its raw form."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyspark.sql.types import LongType, StringType, StructField, StructType

from jobs_config.model import FeedConfig
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.csv_records import CsvRecord, RecordCounts, content_hash, count_physical_records, read_records
from spark_jobs.tables import Lake

RECORDS_PER_CHUNK = 50_000
NONCE_BYTES = 12


@dataclass(frozen=True)
class DeliveredFile:
    """A file as it came to bronze; records counts what the header and blank lines are not."""

    path: Path
    sha256: str
    counts: RecordCounts


def feed_schema(feed: FeedConfig) -> StructType:
    """Bronze of a feed: the mapped columns as text, then where each record came from."""
    texts = [StructField(name, StringType()) for name in feed.columns]
    return StructType(
        [
            *texts,
            StructField("file_sha256", StringType()),
            StructField("record_number", LongType()),
            StructField("byte_start", LongType()),
            StructField("_raw", StringType()),
            StructField("_fault", StringType()),
        ]
    )


def deliver(lake: Lake, feed: FeedConfig, path: Path, run_seq: int, key: bytes) -> DeliveredFile:
    """Bring one file to bronze and check that no record was lost. Raises ExtractionError naming file and fault."""
    sha256, counts = content_hash(path), RecordCounts()
    rows = (_row(record, sha256, key, len(feed.columns)) for record in read_records(path, feed, counts))
    lake.write_feed_file(_chunks(rows), feed_schema(feed), feed.feed, sha256, run_seq)
    physical = count_physical_records(path)
    if physical != counts.header + counts.blank + counts.records:
        raise ExtractionError(
            f"{path}: {physical} physical records, {counts} read; the file has unbalanced quotes and was not loaded"
        )
    if content_hash(path) != sha256:
        raise ExtractionError(f"{path}: changed while it was read; import it again once it is complete")
    return DeliveredFile(path, sha256, counts)


def encrypted(raw: bytes, key: bytes) -> str:
    """Raw text as AES-256-GCM, nonce first, in hexadecimal digits."""
    nonce = os.urandom(NONCE_BYTES)
    return (nonce + AESGCM(key).encrypt(nonce, raw, None)).hex()


def _row(record: CsvRecord, sha256: str, key: bytes, width: int) -> tuple[object, ...]:
    # A field of a record that can be read is text, the empty text included; of one that cannot, nothing.
    values = record.values if record.values is not None else [None] * width
    return (*values, sha256, record.number, record.start, encrypted(record.raw, key), record.fault or None)


def _chunks(rows: Iterator[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    while chunk := list(islice(rows, RECORDS_PER_CHUNK)):
        yield chunk
