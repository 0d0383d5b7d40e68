"""COPY from Parquet: the manifest, the files behind it, and what may be wrong with them, in Redshift's words."""

import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import botocore.exceptions
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from gateway.wire import RedshiftError

INTERNAL = "XX000"
COPY = re.compile(
    r"copy (?P<table>[\w.\"]+)(?P<columns> ?\([^)]*\))? from '(?P<source>s3://[^']+)'(?P<options>.*)", re.I | re.S
)
ROLE = re.compile(r"\biam_role (default|'(?P<arn>arn:aws[\w-]*:iam::\d{12}:role/[^']+)')", re.I)
NOT_WITH_PARQUET = ("region", "maxerror", "acceptanydate", "delimiter", "gzip", "null as", "ignoreheader", "timeformat")
KNOWN_OPTIONS = re.compile(r"format as parquet|format parquet|parquet|manifest|statupdate (on|off)|fillrecord", re.I)


@dataclass(frozen=True)
class Copy:
    """A COPY as it was asked for."""

    table: str
    source: str
    is_manifest: bool
    is_filled: bool = False


@dataclass(frozen=True)
class Column:
    """A column of the table that is loaded: its type as PostgreSQL prints it, the bytes it holds at most."""

    name: str
    type: str
    is_required: bool
    most_bytes: int | None


@dataclass(frozen=True)
class LoadFault:
    """A row of the load error tables."""

    file: str
    line: int
    column: Column
    value: str
    code: int
    reason: str


class LoadError(RedshiftError):
    """COPY failed on a value; the fault goes into the load error tables."""

    def __init__(self, text: str, fault: LoadFault) -> None:
        super().__init__(text, INTERNAL)
        self.fault = fault


def parse_copy(flat: str) -> Copy:
    """What a COPY asks for. Raises RedshiftError for what Parquet does not go with."""
    found = COPY.fullmatch(flat)
    if not found:
        raise RedshiftError("COPY is offered from s3:// only", "42601")
    options = found["options"]
    if not ROLE.search(options):
        raise RedshiftError("COPY needs IAM_ROLE with an ARN, or IAM_ROLE default", "42601")
    for name in NOT_WITH_PARQUET:
        if re.search(rf"\b{name}\b", options, re.I):
            raise RedshiftError(f"{name.upper()} argument is not supported for PARQUET based COPY")
    if found["columns"] or not re.search(r"\bparquet\b", options, re.I):
        raise RedshiftError("COPY is offered for whole tables and FORMAT PARQUET only")
    left = KNOWN_OPTIONS.sub("", ROLE.sub("", options)).strip()
    if left:
        raise RedshiftError(f'syntax error at or near "{left.split()[0]}"', "42601")
    words = options.lower().split()
    return Copy(found["table"].lower(), found["source"], "manifest" in words, "fillrecord" in words)


class Bucket:
    """S3 as the cluster reaches it, which is in one region."""

    def __init__(self, client: Any, region: str) -> None:
        self._client, self._region = client, region

    def read(self, url: str) -> bytes:
        """The object's content. Raises RedshiftError as COPY words it."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        try:
            self._check_region(bucket)
            content: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
            return content
        except botocore.exceptions.ClientError as error:
            told = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise RedshiftError(
                f"S3ServiceException:{told.get('Message')},Status {status},Error {told.get('Code')},Rid 0", INTERNAL
            ) from error

    def below(self, prefix: str) -> list[str]:
        bucket, _, key = prefix.removeprefix("s3://").partition("/")
        found = self._client.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
        return [f"s3://{bucket}/{item['Key']}" for item in found]

    def _check_region(self, bucket: str) -> None:
        region = self._client.get_bucket_location(Bucket=bucket)["LocationConstraint"] or "us-east-1"
        if region != self._region:
            raise RedshiftError(
                "S3ServiceException:The S3 bucket addressed by the query is in a different region from this cluster.,"
                "Status 301,Error PermanentRedirect,Rid 0",
                INTERNAL,
            )


def files_of(copy: Copy, bucket: Bucket) -> list[tuple[str, bytes]]:
    """Address and content of every file to load. Raises RedshiftError for a manifest that Parquet cannot be loaded by."""
    if not copy.is_manifest:
        urls = bucket.below(copy.source)
        if not urls:
            raise RedshiftError(f"The specified S3 prefix '{copy.source}' does not exist", INTERNAL)
        return [(url, bucket.read(url)) for url in urls]
    try:
        entries = json.loads(bucket.read(copy.source))["entries"]
    except (ValueError, KeyError, TypeError) as error:
        raise RedshiftError("Invalid manifest file: expected entries", INTERNAL) from error
    files = []
    for entry in entries:
        length = entry.get("meta", {}).get("content_length")
        if length is None:
            raise RedshiftError("Manifest entry lacks meta.content_length, which PARQUET needs", INTERNAL)
        try:
            content = bucket.read(entry["url"])
        except RedshiftError as error:
            if entry.get("mandatory") or "NoSuchKey" not in error.text:
                raise
            continue
        if len(content) != length:
            raise RedshiftError(f"content_length of {entry['url']} is {length}, the file has {len(content)}", INTERNAL)
        files.append((entry["url"], content))
    if not files:
        raise RedshiftError("None of the files of the manifest exists", INTERNAL)
    return files


def as_csv(url: str, content: bytes, columns: Sequence[Column], is_filled: bool) -> tuple[int, Iterator[bytes]]:
    """Rows of a file and their text for the backend; columns go by order. Raises RedshiftError where one does not fit.

    Where it `is_filled`, trailing columns that the file lacks are null.
    """
    rows = pa.parquet.read_table(io.BytesIO(content))
    filled = [column.name for column in columns[rows.num_columns :]] if is_filled else []
    for name in filled:
        rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.string()))
    if rows.num_columns != len(columns):
        raise RedshiftError(
            f"Unmatched number of columns between table and file. Table columns: {len(columns)}, "
            f"Data columns: {rows.num_columns}, File name: {url}",
            INTERNAL,
        )
    for column, field in zip(columns, rows.schema, strict=True):
        if kind_of(field.type) != column.type and field.name not in filled:
            raise RedshiftError(
                "Spectrum Scan Error",
                INTERNAL,
                f"File '{url}' has an incompatible Parquet schema for column '{field.name}'. "
                f"Column type: {column.type.upper()}, Parquet schema: {field.type}",
            )
    for place, column in enumerate(columns):
        _check_values(url, column, rows.column(place))
    plain = [
        values.cast(pa.timestamp("us")) if pa.types.is_timestamp(values.type) else values for values in rows.columns
    ]
    named = pa.table(plain, names=[str(place) for place in range(len(columns))])
    return rows.num_rows, _encoded(named)


def _check_values(url: str, column: Column, values: pa.ChunkedArray) -> None:
    is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    if not column.is_required and not is_text:
        return
    for line, value in enumerate(values.to_pylist(), 1):
        if value is None and column.is_required:
            fault = LoadFault(url, line, column, "", 1213, "Missing data for not-null field")
            raise LoadError(f"Load into table failed. Check 'stl_load_errors': {fault.reason}", fault)
        if value is not None and column.most_bytes is not None and len(value.encode()) > column.most_bytes:
            fault = LoadFault(url, line, column, value[:100], 1204, "String length exceeds DDL length")
            raise LoadError(f"Load into table failed. Check 'stl_load_errors': {fault.reason}", fault)


def _encoded(rows: pa.Table) -> Iterator[bytes]:
    options = pyarrow.csv.WriteOptions(include_header=False)
    for batch in rows.to_batches(max_chunksize=50_000):
        sink = io.BytesIO()
        pyarrow.csv.write_csv(batch, sink, options)
        yield sink.getvalue()


def kind_of(kind: pa.DataType) -> str:
    """The column type that a Parquet type can be loaded into, as PostgreSQL prints it; none of ours for any other."""
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamp without time zone"
    names = {"int16": "smallint", "int32": "integer", "int64": "bigint", "bool": "boolean", "date32[day]": "date"}
    names |= {"string": "character varying", "large_string": "character varying", "double": "double precision"}
    return names.get(str(kind), f"no type for {kind}")
