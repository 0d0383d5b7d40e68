"""A CSV file as it lies there: what it is known by, whether it can be a feed's at all, its header, and the blocks it is read in."""

import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jobs_config.feed import FeedConfig
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.csv_boundaries import RETURN, Ends, record_ends
from spark_jobs.extract.csv_records import fields_of

BOM = b"\xef\xbb\xbf"
OTHER_MARKS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"%PDF": "a PDF document",
    b"SQLite f": "a database",
    b"PAR1": "Parquet",
    b"\x28\xb5\x2f\xfd": "a file compressed by zstd",
    b"BZh": "a file compressed by bzip2",
    b"\xfd7zXZ": "a file compressed by xz",
}
GZIP = b"\x1f\x8b"
# Text of this kind shrinks to a tenth, seldom to a thirtieth; a bomb to a thousandth.
MOST_GROWTH = 200
BLOCK = 4 << 20
LONGEST_RECORD = 16 << 20


@dataclass(frozen=True)
class Block:
    """A part of a file that begins with a record and ends with one.

    `number` is that of its first record, counted from 1 behind the header; `blank` of its records are blank lines.
    """

    start: int
    end: int
    number: int
    records: int
    blank: int


@dataclass(frozen=True)
class Header:
    """The header of a file: its width, for each column of the feed its place or -1, its length in bytes, and its text."""

    width: int
    places: tuple[int, ...]
    length: int
    text: str = ""


@dataclass(frozen=True)
class FileState:
    """What changes when somebody writes to a file."""

    size: int
    modified_ns: int
    inode: int


def state_of(path: Path) -> FileState:
    """Size and time of a file. Raises ExtractionError for what is no readable file."""
    try:
        found = path.stat()
    except OSError as error:
        raise ExtractionError(f"{path}: cannot be read ({error.strerror})") from error
    if stat.S_ISDIR(found.st_mode):
        raise ExtractionError(f"{path}: is a folder; its files are loaded where they end in .csv or .csv.gz")
    if not stat.S_ISREG(found.st_mode):
        raise ExtractionError(f"{path}: is no regular file; copy what it gives into one")
    if not os.access(path, os.R_OK):
        raise ExtractionError(f"{path}: cannot be read (Permission denied); let this user read it")
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes: what the file is known by. Raises ExtractionError when it cannot be read."""
    state_of(path)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ExtractionError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()


def is_compressed(path: Path) -> bool:
    """Whether a file is gzip, told by its first bytes and not by its name."""
    with path.open("rb") as file:
        return file.read(2) == GZIP


def decompress(path: Path, target: Path) -> None:
    """Unpack a gzip file. Raises ExtractionError for one that is cut short, damaged, or grows beyond all proportion."""
    limit, written = max(path.stat().st_size, 1 << 10) * MOST_GROWTH, 0
    try:
        with gzip.open(path, "rb") as packed, target.open("wb") as plain:
            while block := packed.read(1 << 20):
                written += len(block)
                if written > limit:
                    raise ExtractionError(
                        f"{path}: grows to more than {MOST_GROWTH} times its size; unpack it by hand if it is what it says"
                    )
                plain.write(block)
    except EOFError as error:
        raise ExtractionError(f"{path}: the gzip file is cut short after {written:,} bytes of text") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ExtractionError(f"{path}: the gzip file is damaged: {error}") from error


def read_header(path: Path, feed: FeedConfig) -> Header:
    """The header of a plain file, by name. Raises ExtractionError that says what does not fit the feed, or what the file is."""
    with path.open("rb") as file:
        beginning = file.read(BLOCK)
    for sign, kind in OTHER_MARKS.items():
        if beginning.startswith(sign):
            raise ExtractionError(f"{path}: is {kind}; feed {feed.feed} expects text in {feed.encoding}")
    mark = len(BOM) if beginning.startswith(BOM) else 0
    ends, _ = record_ends(beginning[mark:] + b"\n", feed)
    if len(ends) == 0:
        raise ExtractionError(f"{path}: its first record has no end within {BLOCK >> 20} MiB; a quote is not closed")
    raw = beginning[mark : mark + int(ends[0])]
    names, fault = fields_of(raw.rstrip(b"\n").removesuffix(b"\r"), feed)
    if not names or names == [""]:
        said = fault.removeprefix("record: ") or ("the file is empty" if not beginning else "its first line is blank")
        raise ExtractionError(f"{path}: no header ({said}); feed {feed.feed} expects {', '.join(feed.headers)}")
    return Header(len(names), _places(path, feed, names), mark + len(raw), raw.decode("latin-1"))


def _places(path: Path, feed: FeedConfig, names: list[str]) -> tuple[int, ...]:
    """For each column of the feed its place; an optional column may be absent."""
    twice = sorted({name for name in names if names.count(name) > 1})
    twice += [
        " and ".join(there)
        for column in feed.columns.values()
        if len(there := [name for name in column.headers if name in names]) > 1
    ]
    found = [
        next((names.index(name) for name in column.headers if name in names), -1) for column in feed.columns.values()
    ]
    lacking = [
        column.header
        for column, place in zip(feed.columns.values(), found, strict=True)
        if place < 0 and column.required
    ]
    unknown = [name for name in names if name not in feed.headers]
    faults = [
        f"{what} {', '.join(map(repr, listed))}"
        for what, listed in (("twice", twice), ("missing", lacking), ("unknown", unknown))
        if listed
    ]
    if faults:
        raise ExtractionError(f"{path}: the header is not that of feed {feed.feed}: {'; '.join(faults)}")
    return tuple(found)


def blocks_of(path: Path, feed: FeedConfig, start: int) -> Iterator[Block]:
    """The blocks of a plain file behind its header, each of a few MiB. Raises ExtractionError for a record that is too long."""
    rest, number = b"", 1
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(BLOCK):
            rest += chunk
            ends, _ = record_ends(rest, feed)
            if len(ends):
                length = int(ends[-1])
                yield Block(start, start + length, number, len(ends), blank_lines(rest, ends))
                rest, start, number = rest[length:], start + length, number + len(ends)
            elif len(rest) > LONGEST_RECORD:
                raise ExtractionError(
                    f"{path}: record {number:,}, at byte {start:,}, has no end within {LONGEST_RECORD >> 20} MiB; a line feed is "
                    "missing, or a quote is not closed"
                )
    if rest:
        yield from _last_block(rest, feed, start, number)


def _last_block(rest: bytes, feed: FeedConfig, start: int, number: int) -> Iterator[Block]:
    """What is behind the last line feed: a record without one, or one whose quote is never closed."""
    ends, _ = record_ends(rest + b"\n", feed)
    has_end = len(ends) > 0 and int(ends[-1]) > len(rest)
    yield Block(start, start + len(rest), number, len(ends) + (not has_end), blank_lines(rest, ends[ends <= len(rest)]))


def blank_lines(block: bytes, ends: Ends) -> int:
    """How many of the records that end there are blank."""
    data, lengths = np.frombuffer(block, np.uint8), np.diff(ends, prepend=0)
    is_return = data[np.maximum(ends - 2, 0)] == RETURN
    return int(((lengths == 1) | ((lengths == 2) & is_return)).sum())
