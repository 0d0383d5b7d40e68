"""Physical records of a CSV file, by RFC 4180 and nothing else: no inference, no repair, no record lost.

A record ends at a line break outside quotes. What a record means is decided later; here each keeps its number, its place in the
file and its raw bytes.
"""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobs_config.model import FeedConfig
from spark_jobs.errors import ExtractionError

BOM = b"\xef\xbb\xbf"
LONGEST_RECORD = 16 << 20


@dataclass(frozen=True)
class CsvRecord:
    """One physical record after the header. `number` counts from 1; `values` is None where it cannot be read, and `fault` says why."""

    number: int
    start: int
    raw: bytes
    values: list[str] | None
    fault: str


@dataclass
class RecordCounts:
    """What a file consisted of; every physical record is in exactly one of these."""

    header: int = 0
    blank: int = 0
    records: int = 0


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes: what the file is known by. Raises ExtractionError when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ExtractionError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()


def read_records(path: Path, feed: FeedConfig, counts: RecordCounts) -> Iterator[CsvRecord]:
    """The records of a file whose header is the feed's; `counts` is complete when the iterator ends.

    Raises ExtractionError that names the file for a header that is not the feed's, or a record without end.
    """
    physical = _physical_records(path)
    start, first = next(physical, (0, b""))
    headers = _header(path, feed, first)
    counts.header = 1
    places = {header: place for place, header in enumerate(headers)}
    wanted = [places[header] for header in feed.columns.values()]
    number = 0
    for start, raw in physical:
        if not raw.strip(b"\r\n"):
            counts.blank += 1
            continue
        number += 1
        counts.records += 1
        values, fault = _values(raw, feed, len(headers))
        yield CsvRecord(number, start, raw, [values[place] for place in wanted] if values else None, fault)


def count_physical_records(path: Path) -> int:
    """Records of a file counted another way, to check the reader: line breaks outside quotes, by one pass over the bytes."""
    inside, count, pending = False, 0, False
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            for position, part in enumerate(block.split(b'"')):
                if position:
                    inside = not inside
                if not inside:
                    count += part.count(b"\n")
            pending = not block.endswith(b"\n") or inside
    return count + (1 if pending else 0)


def _physical_records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Start and bytes of every physical record, line break included."""
    start, parts, size, quotes = 0, [], 0, 0
    with path.open("rb") as file:
        for line in file:
            parts.append(line)
            size += len(line)
            quotes += line.count(b'"')
            if quotes % 2 and size <= LONGEST_RECORD:
                continue
            if quotes % 2:
                raise ExtractionError(
                    f"{path}: the record at byte {start} has no end within {LONGEST_RECORD >> 20} MiB; a quote is not closed"
                )
            yield start, b"".join(parts)
            start, parts, size, quotes = start + size, [], 0, 0
    if parts and quotes % 2:
        raise ExtractionError(
            f"{path}: the record at byte {start} has no end; a quote is not closed, and nothing was loaded"
        )
    if parts:
        yield start, b"".join(parts)


def _header(path: Path, feed: FeedConfig, raw: bytes) -> list[str]:
    values, fault = _values(raw.removeprefix(BOM), feed, None)
    if not values or values == [""]:
        raise ExtractionError(
            f"{path}: no header ({fault or 'the file is empty'}); feed {feed.feed} expects {', '.join(feed.headers)}"
        )
    doubled = sorted({name for name in values if values.count(name) > 1})
    missing = [name for name in feed.columns.values() if name not in values]
    unknown = [name for name in values if name not in feed.headers]
    faults = [
        f"{what} {', '.join(map(repr, names))}"
        for what, names in (("twice", doubled), ("missing", missing), ("unknown", unknown))
        if names
    ]
    if faults:
        raise ExtractionError(f"{path}: the header is not that of feed {feed.feed}: {'; '.join(faults)}")
    return values


def _values(raw: bytes, feed: FeedConfig, width: int | None) -> tuple[list[str] | None, str]:
    """The fields of one record, or None and what is wrong with it."""
    if b"\x00" in raw:
        return None, "a NUL byte"
    try:
        text = raw.decode(feed.encoding)
    except UnicodeDecodeError as error:
        return None, f"not {feed.encoding}: byte {error.start} of the record is 0x{raw[error.start]:02x}"
    try:
        rows = list(csv.reader([text], delimiter=feed.delimiter, strict=True))
    except csv.Error as error:
        return None, f"not well-formed: {error}"
    if len(rows) != 1:
        return None, "not well-formed: the record does not end where its line ends"
    if width is not None and len(rows[0]) != width:
        return None, f"{len(rows[0])} fields where the header has {width}"
    return rows[0], ""
