"""The second reader of whole tables: DuckDB's PostgreSQL scanner inside the Spark tasks, which never makes a row of a column.

Each task reads one range of pages in the keeper's snapshot and writes one Parquet file, by the same SELECT as the JDBC reader: what
arrives is equal to it, value by value. Tables with personal columns stay with JDBC, as those are hashed before anything is written.
"""

import importlib.util
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyarrow.fs import copy_files

from jobs_config.errors import ConfigError
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.connection import CONNECT_SECONDS, SourceAddress
from spark_jobs.extract.erased import CUSTOMER, SALES
from spark_jobs.extract.query import Query
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.select import literal
from spark_jobs.extract.snapshot import SourceTable
from spark_jobs.transforms.members import ERASED_ID
from warehouse.contract import load_contract
from warehouse.files import is_on_s3, open_files

EXTENSION = "duckdb_extension_postgres_scanner"
# Of one task, which holds one group of rows for each column.
MEMORY = "512MB"
SAID = re.compile(r"spark_jobs\.errors\.ExtractionError: (.+)")
# DuckDB's names for the contracts' types; the scanner would make a double of a numeric whose scale it is not told.
TYPES = {"string": "VARCHAR", "int": "INTEGER", "timestamp": "TIMESTAMP WITH TIME ZONE"}


@dataclass(frozen=True)
class Range:
    """What one task reads and where it leaves it: file `number` of `folder`."""

    address: SourceAddress
    snapshot: str
    number: int
    query: str
    types: dict[str, str]
    erased: Sequence[int]
    marks: tuple[int, datetime, str]
    folder: str


def write_rows(reader: Reader, table: SourceTable, query: Query, folder: str) -> int:
    """Write the bronze rows of a query into a folder, a file for each of its conditions; returns how many there were.

    Raises ConfigError where the scanner is not installed, ExtractionError where the source cannot be read, or not as it should.
    """
    check_installed()
    extracted = load_contract(f"silver.{table.name}").extracted
    types = {name: column.type for name, column in extracted.items()} | {"_faults": "string", "_operation": "string"}
    names = ", ".join(f'"{name}"' for name in types)
    whole = Range(
        reader.snapshot.address,
        reader.snapshot.identifier,
        0,
        "",
        {name: TYPES.get(lake_type, lake_type.upper()) for name, lake_type in types.items()},
        reader.erased.ids if table.name == SALES else (),
        (reader.run_seq, reader.snapshot.taken_at, reader.source),
        folder,
    )  # fmt: skip
    ranges = [
        replace(whole, number=number, query=f"select {names} from {query.expression} where {condition}")
        for number, condition in enumerate(query.predicates)
    ]
    try:
        return sum(reader.spark.sparkContext.parallelize(ranges, len(ranges)).map(write_range).collect())
    except Py4JJavaError as error:
        # Spark tells of a task that failed by the traces of two languages; ours is one line in them.
        said = SAID.search(str(error))
        raise ExtractionError(said[1] if said else str(error).splitlines()[0]) from error


def check_installed() -> None:
    """Raises ConfigError where DuckDB or its scanner is missing."""
    missing = [name for name in ("duckdb", EXTENSION) if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"reader columnar: {' and '.join(missing)} is not installed on this machine; install the extra `columnar`, on a "
            "cluster on every worker, or set reader to jdbc"
        )


def write_range(part: Range) -> int:
    """One task: read a range, write its file; a repeated task replaces its own. Returns the rows written."""
    import duckdb  # Not on the workers of a cluster that reads by JDBC.

    name = f"part-{part.number:05d}.parquet"
    with tempfile.TemporaryDirectory(prefix="columnar-") as scratch:
        # On a disk the file takes its name when it is whole; Spark passes over names with an underscore.
        made = Path(scratch) / name if is_on_s3(part.folder) else Path(part.folder) / f"_{name}"
        try:
            with duckdb.connect(config={"memory_limit": MEMORY, "threads": 1, "temp_directory": scratch}) as connection:
                rows = _copy(connection, part, made)
        except duckdb.Error as error:
            raise ExtractionError(f"{part.address!r}: {' '.join(str(error).split())}; run again") from error
        files, folder = open_files(part.folder)
        if is_on_s3(part.folder):
            copy_files(str(made), f"{folder}/{name}", destination_filesystem=files)
        else:
            files.move(str(made), f"{folder}/{name}")
    return rows


def _copy(connection, part: Range, made: Path) -> int:  # type: ignore[no-untyped-def]
    extension = importlib.util.find_spec(EXTENSION)
    assert extension is not None and extension.origin is not None
    (binary,) = Path(extension.origin).parent.rglob("*.duckdb_extension")
    connection.execute(f"load {literal(str(binary))}")
    connection.execute("set TimeZone = 'UTC'")
    _attach(connection, part.address)
    connection.execute("begin")
    snapshot = (
        f"set transaction isolation level repeatable read, read only; set transaction snapshot {literal(part.snapshot)}"
    )
    connection.execute(f"call postgres_execute('shop', {literal(snapshot)})")
    rows = f"postgres_query('shop', {literal(part.query)})"
    _check_types(part, connection.execute(f"describe from {rows}").fetchall())
    columns = "*"
    if part.erased:
        connection.execute(
            "create temporary table erased as select unnest($ids::bigint[]) as id", {"ids": [*part.erased]}
        )
        columns = (
            f"* replace (case when {CUSTOMER} in (from erased) then {ERASED_ID} else {CUSTOMER} end as {CUSTOMER})"
        )
    run_seq, taken_at, source = part.marks
    marks = (
        f"{run_seq}::bigint as _run_seq, timestamptz {literal(taken_at.isoformat())} as _extracted_at, "
        f"{literal(source)} as _source"
    )
    written = connection.execute(
        f"copy (select {columns}, {marks} from {rows}) to {literal(str(made))} (format parquet, compression zstd)"
    ).fetchone()
    return int(written[0])


def _attach(connection, address: SourceAddress) -> None:  # type: ignore[no-untyped-def]
    """The source, read only; the password goes into a secret, which DuckDB shows nobody."""
    connection.execute(
        f"create secret shop_login (type postgres, host {literal(address.host)}, port {address.port}, "
        f"database {literal(address.database)}, user {literal(address.user)}, password {literal(address.password)})"
    )
    options = f"sslmode={address.sslmode} connect_timeout={CONNECT_SECONDS} keepalives=1 application_name=booksales"
    connection.execute(f"attach {literal(options)} as shop (type postgres, secret shop_login, read_only)")


def _check_types(part: Range, described: Sequence[Sequence[str]]) -> None:
    found = {row[0]: row[1] for row in described}
    wrong = [
        f"{name} as {found.get(name)} instead of {kind}" for name, kind in part.types.items() if found.get(name) != kind
    ]
    if wrong:
        raise ExtractionError(
            f"{part.address!r}: the columnar reader would read {', '.join(wrong)}; set reader to jdbc"
        )
