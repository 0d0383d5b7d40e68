"""The records of a block of a CSV file as fields of text, by RFC 4180 and nothing else: no inference, no repair, no record lost.

What a record means is decided later; here each keeps its number, its place in the file and its raw bytes.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from jobs_config.feed import FeedConfig
from spark_jobs.extract.csv_boundaries import record_ends

# Python's reader refuses longer fields than this; a record is bounded before it gets there.
csv.field_size_limit(1 << 30)

BLANK = (b"\n", b"\r\n")
NUL = "record: a NUL byte"
LONE_RETURN = "record: a carriage return outside quotes that ends no line"
STRAY_QUOTE = "record: a quote in an unquoted field"
AFTER_QUOTE = "record: text behind the quote that closes a field"
NOT_CLOSED = "record: a quote is not closed before the file ends"


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """One physical record behind the header. `fields` is None where it cannot be read, and `fault` says why."""

    number: int
    start: int
    raw: bytes
    fields: list[str] | None
    fault: str


def read_block(block: bytes, feed: FeedConfig, width: int, number: int, start: int) -> Iterator[CsvRecord]:
    """The records of a block, blank ones left out; `number` and `start` are the first record's number and place in the file.

    The block begins with a record and ends with one; only at the end of a file may the last lack its line feed, or its end.
    """
    ends, well_placed = record_ends(block if block.endswith(b"\n") else block + b"\n", feed)
    places = [min(end, len(block)) for end in ends.tolist()]
    whole = places[-1] if places else 0
    rows = _whole_block(block[:whole], feed) if well_placed else None
    before = 0
    for place, end in enumerate(places):
        raw = block[before:end]
        if raw not in BLANK:
            # Blank lines are among the rows too, so rows and records go in step.
            fields, fault = fields_of(_without_end(raw), feed) if rows is None else (rows[place], "")
            if fields is not None and len(fields) != width:
                fault, fields = f"record: {len(fields)} fields where the header has {width}", None
            yield CsvRecord(number + place, start + before, raw, fields, fault)
        before = end
    if whole < len(block):
        yield CsvRecord(number + len(ends), start + whole, block[whole:], None, NOT_CLOSED)


def fields_of(raw: bytes, feed: FeedConfig) -> tuple[list[str] | None, str]:
    """The fields of one record without its line end, or None and what is wrong with it."""
    if b"\x00" in raw:
        return None, NUL
    try:
        text = raw.decode(feed.encoding)
    except UnicodeDecodeError as error:
        return None, f"record: not {feed.encoding}: byte {error.start} of the record is 0x{raw[error.start]:02x}"
    if feed.quoting == "none" or '"' not in text:
        return (None, LONE_RETURN) if "\r" in text else (text.split(feed.delimiter), "")
    fields = [_unquoted(field) for field in _field_pattern(feed.delimiter).findall(text)]
    if _well_formed(feed.delimiter).fullmatch(text):
        return fields, ""
    return None, _fault_of(text, feed.delimiter)


def _whole_block(block: bytes, feed: FeedConfig) -> list[list[str]] | None:
    """The fields of every record of a block that is clean throughout; None where one of them has to be looked at closely."""
    if b"\x00" in block:
        return None
    try:
        text = block.decode(feed.encoding)
    except UnicodeDecodeError:
        return None
    if text.count("\r") != text.count("\r\n"):
        return None
    if feed.quoting == "none" or '"' not in text:
        return [line.removesuffix("\r").split(feed.delimiter) for line in text.removesuffix("\n").split("\n")]
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=feed.delimiter, strict=True))


def _without_end(raw: bytes) -> bytes:
    return raw[:-2] if raw.endswith(b"\r\n") else raw.removesuffix(b"\n")


def _unquoted(field: tuple[str, str]) -> str:
    quoted, plain = field
    return quoted.replace('""', '"') if quoted else plain


@cache
def _field_pattern(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf'(?:^|{mark})(?:"((?>[^"]++|"")*+)"|([^"{mark}\r\n]*+))')


@cache
def _well_formed(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    field = rf'(?>"(?>[^"]++|"")*+"|[^"{mark}\r\n]*+)'
    return re.compile(rf"{field}(?>{mark}{field})*+")


def _fault_of(text: str, delimiter: str) -> str:
    """What keeps a record from being well-formed, told by where its first good fields end."""
    found = _well_formed(delimiter).match(text)
    place = found.end() if found else 0
    if text[place] == "\r":
        return LONE_RETURN
    return AFTER_QUOTE if text[place - 1 : place] == '"' else STRAY_QUOTE
