"""Into PostgreSQL: the schema's files, and rows by COPY."""

import io
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from itertools import chain

import pyarrow as pa
import pyarrow.csv
from psycopg2 import errors, extensions, sql

from datagen.ahead import ahead

READ_BYTES = 1 << 20
CSV = pyarrow.csv.WriteOptions(include_header=False)
COPY = "copy {table} ({columns}) from stdin with (format csv, freeze {freeze})"
# Behind every id the shop has used, those of deleted rows too.
MOVE_SEQUENCE = """
select setval(
    pg_get_serial_sequence({name}, 'id'),
    greatest((select max(id) from {table}), (select max(row_key) from etl_tombstone where table_name = {name}))
)
"""

TABLES_STEP, INDEXES_STEP, FOREIGN_KEYS_STEP, TRIGGERS_STEP = "1", "2", "3", "4"
# The one table that shops of earlier versions lack.
SIMULATED_DAYS_STEP = "132"


def run_schema(cursor: extensions.cursor, step: str) -> None:
    """Run the schema files whose number begins with the step, in order."""
    for _, statements in _schema(step):
        cursor.execute(statements)


def table_names() -> list[str]:
    """Every table of the schema, those about the shop included: each has a file named after it."""
    return [name.removesuffix(".sql").partition("_")[2] for name, _ in _schema(TABLES_STEP)]


def drop_tables(cursor: extensions.cursor) -> None:
    """Drop the shop's tables, and nothing that others built on them: that is an error."""
    tables = sql.SQL(", ").join(sql.Identifier(name) for name in table_names())
    cursor.execute(sql.SQL("drop table if exists {tables}").format(tables=tables))


def copy_rows(
    cursor: extensions.cursor,
    table: str,
    chunks: Iterable[pa.Table],
    loaded: Callable[[int], None] = lambda _: None,
    is_new: bool = True,
) -> int:
    """Load the chunks into the table; `loaded` hears how many rows were sent so far. Gives the number of rows.

    A new table, made in this transaction, takes its rows frozen: they need no second pass.
    """
    remaining = iter(chunks)
    first = next(remaining)
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in first.column_names)
    rows = CsvRows(chain([first], remaining), loaded)
    statement = sql.SQL(COPY).format(table=sql.Identifier(table), columns=columns, freeze=sql.Literal(is_new))
    try:
        with io.BufferedReader(rows, READ_BYTES) as stream:
            cursor.copy_expert(statement, stream, READ_BYTES)
    except errors.QueryCanceled as error:
        # Whatever ends the reading comes out of COPY like this, a person's Ctrl-C too.
        if "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from error
        raise
    return rows.count


def move_sequences(cursor: extensions.cursor, tables: Iterable[str]) -> None:
    """New rows get ids behind the loaded ones."""
    for name in tables:
        cursor.execute(sql.SQL(MOVE_SEQUENCE).format(name=sql.Literal(name), table=sql.Identifier(name)))


def analyse(cursor: extensions.cursor, tables: Iterable[str]) -> None:
    """Give the planner statistics now rather than when autovacuum comes by."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name in tables)
    cursor.execute(sql.SQL("analyze {tables}").format(tables=names))


class CsvRows(io.RawIOBase):
    """A file of CSV rows that is made while COPY reads it, one chunk at a time."""

    def __init__(self, chunks: Iterator[pa.Table], loaded: Callable[[int], None]) -> None:
        super().__init__()
        self.count = 0
        # The next chunk is made while PostgreSQL takes this one.
        self._texts = ahead((csv_of(chunk), chunk.num_rows) for chunk in chunks)
        self._loaded = loaded
        self._pending = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        if not self._pending:
            self._fetch()
        size = min(len(target), len(self._pending))
        target[:size], self._pending = self._pending[:size], self._pending[size:]
        return size

    def close(self) -> None:
        self._texts.close()
        super().close()

    def _fetch(self) -> None:
        text, rows = next(self._texts, (b"", 0))
        if rows:
            self._pending = memoryview(text).cast("B")
            self.count += rows
            self._loaded(self.count)


def csv_of(rows: pa.Table) -> pa.Buffer:
    """Rows as CSV without header: text quoted, nothing for null."""
    buffer = pa.BufferOutputStream()
    pyarrow.csv.write_csv(rows, buffer, CSV)
    return buffer.getvalue()


def _schema(step: str) -> list[tuple[str, str]]:
    """File names and texts of one step of the schema."""
    found = [file for file in files("datagen").joinpath("schema").iterdir() if file.name.startswith(step)]
    return [(file.name, file.read_text(encoding="utf-8")) for file in sorted(found, key=lambda file: file.name)]
