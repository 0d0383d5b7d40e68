"""Blocks of CSV files as Arrow batches: every column typed by the feed's rule, with the place, raw text and faults of each record."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobs_config.feed import FeedConfig, is_decimal
from spark_jobs.extract.csv_file import Header
from spark_jobs.extract.csv_records import CsvRecord, read_block
from spark_jobs.extract.csv_values import Parsed, Rule, Value, rule_of

NONCE_BYTES = 12
CUSTOMER, ERASED_ID = "customer_id", -1
WHOLE_NUMBER = re.compile(r"\d{1,19}")
# Distinct texts of a column that are remembered with their value; then it begins anew, so that memory has a bound.
MOST_REMEMBERED = 200_000

ARROW_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
# What every record of a feed has in bronze besides its columns, by lake type. `_raw` is encrypted; `_refused` says why a value or the
# whole record could not be read, each as `column: rule`.
RECORD_COLUMNS = {
    "file_sha256": "string",
    "record_number": "bigint",
    "byte_start": "bigint",
    "byte_end": "bigint",
    "_raw": "binary",
    "_refused": "array<string>",
}
RECORD_ARROW = [pa.string(), pa.int64(), pa.int64(), pa.int64(), pa.binary(), pa.list_(pa.string())]


@dataclass(frozen=True)
class PlainFile:
    """A file as a task finds it: where it is, unpacked, what it is known by, and its header."""

    path: str
    sha256: str
    header: Header


class Remembered(dict[str | None, Parsed]):
    """Texts of one column with their values; a new text is read by the rule."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        super().__init__()

    def __missing__(self, text: str | None) -> Parsed:
        parsed = self[text] = (None, "") if text is None else self._rule(text)
        return parsed


class BatchReader:
    """Reads blocks of a feed's files. One per task; the key encrypts what was delivered.

    `is_erased` tells customer ids of people who were erased: they get ERASED_ID, and what was delivered of them is not kept.
    """

    def __init__(self, feed: FeedConfig, key: bytes, is_erased: Callable[[str], bool] | None = None) -> None:
        self._feed = feed
        self._is_erased = is_erased if CUSTOMER in feed.columns else None
        self._cipher = AESGCM(key)
        self._columns = {name: Remembered(rule_of(column, feed)) for name, column in feed.columns.items()}
        names = [*feed.columns, *RECORD_COLUMNS]
        types = [arrow_type(column.type) for column in feed.columns.values()] + RECORD_ARROW
        self._schema = pa.schema(list(zip(names, types, strict=True)))

    def read(self, batches: Iterable[pa.RecordBatch], files: Mapping[str, PlainFile]) -> Iterator[pa.RecordBatch]:
        """The records of blocks, whose columns are sha256, start, end and number."""
        for batch in batches:
            for block in batch.to_pylist():
                file = files[block["sha256"]]
                yield self.batch(self._records(file, block), file)

    def _records(self, file: PlainFile, block: Mapping[str, int]) -> list[CsvRecord]:
        """The records of a block; of a file that was changed or taken away meanwhile whatever is there, which will be too few."""
        try:
            with Path(file.path).open("rb") as opened:
                opened.seek(block["start"])
                data = opened.read(block["end"] - block["start"])
        except OSError:
            return []
        return list(read_block(data, self._feed, file.header.width, block["number"], block["start"]))

    def batch(self, records: Sequence[CsvRecord], file: PlainFile) -> pa.RecordBatch:
        """Some records of one file."""
        refused = [[record.fault] if record.fault else [] for record in records]
        values = {
            name: self._values(name, remembered, place, records, refused)
            for (name, remembered), place in zip(self._columns.items(), file.header.places, strict=True)
        }
        raw: list[bytes | None] = list(self._encrypted(records))
        if self._is_erased is not None:
            self._forget(records, values[CUSTOMER], raw)
        columns: list[Sequence[object]] = [
            *values.values(),
            [file.sha256] * len(records),
            [record.number for record in records],
            [record.start for record in records],
            [record.start + len(record.raw) for record in records],
            raw,
            refused,
        ]
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _values(
        self, name: str, remembered: Remembered, place: int, records: Sequence[CsvRecord], refused: list[list[str]]
    ) -> list[Value]:
        if place < 0:
            return [None] * len(records)
        if len(remembered) > MOST_REMEMBERED:
            remembered.clear()
        parsed = [remembered[record.fields[place] if record.fields is not None else None] for record in records]
        for reasons, (_, fault) in zip(refused, parsed, strict=True):
            if fault:
                reasons.append(f"{name}: {fault}")
        return [value for value, _ in parsed]

    def _forget(self, records: Sequence[CsvRecord], customers: list[Value], raw: list[bytes | None]) -> None:
        assert self._is_erased is not None
        for place, (record, customer) in enumerate(zip(records, customers, strict=True)):
            # Of a record that cannot be read, any number may be the customer.
            named = [str(customer)] if record.fields is not None else WHOLE_NUMBER.findall(record.raw.decode("latin-1"))
            if any(map(self._is_erased, named)):
                raw[place] = None
                customers[place] = ERASED_ID if record.fields is not None else None

    def _encrypted(self, records: Sequence[CsvRecord]) -> list[bytes]:
        nonces = os.urandom(NONCE_BYTES * len(records))
        cut = [nonces[place : place + NONCE_BYTES] for place in range(0, len(nonces), NONCE_BYTES)]
        encrypt = self._cipher.encrypt
        return [nonce + encrypt(nonce, record.raw, None) for nonce, record in zip(cut, records, strict=True)]


def decrypted(raw: bytes, key: bytes) -> bytes:
    """A record's raw text: AES-256-GCM, nonce first. Raises cryptography's InvalidTag for another key's."""
    return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)


def arrow_type(lake_type: str) -> pa.DataType:
    """The Arrow type of a lake type."""
    shape = is_decimal(lake_type)
    return pa.decimal128(*shape) if shape else ARROW_TYPES[lake_type]
