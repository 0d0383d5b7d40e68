"""The tables of a generated shop, read back from files or from its database, in pieces."""

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import numpy as np
import psycopg2
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
from psycopg2 import sql

from datagen.arrays import Ints
from datagen.database import SESSION

PIECE_ROWS = 500_000
INSTANT, DAY, MONEY, WHOLE, TEXT = pa.timestamp("us"), pa.date32(), pa.decimal128(12, 2), pa.int64(), pa.string()
Types = dict[str, pa.DataType]


class GeneratedTables(Protocol):
    """A generated shop, wherever it is."""

    def pieces(self, table: str, columns: Types) -> Iterator[pa.Table]:
        """Some columns of a table, in the given types, piece by piece."""


class TablesInFiles:
    """The folder of an export."""

    def __init__(self, folder: Path, format_: str) -> None:
        self._folder, self._format = folder, "csv" if format_ == "csv" else "parquet"

    def pieces(self, table: str, columns: Types) -> Iterator[pa.Table]:
        # Of a Delta table, which no one has written to since, the Parquet files are the rows.
        files = sorted((self._folder / table).glob(f"part-*.{self._format}"))
        dataset = pyarrow.dataset.dataset([str(path) for path in files], format=self._dataset_format(columns))
        schema = pa.schema(columns)
        for batch in dataset.to_batches(columns=list(columns), batch_size=PIECE_ROWS):
            yield _without_zone(pa.Table.from_batches([batch])).cast(schema)

    def _dataset_format(self, columns: Types) -> pyarrow.dataset.FileFormat | str:
        if self._format == "parquet":
            return "parquet"
        options = pyarrow.csv.ConvertOptions(column_types=columns, strings_can_be_null=True)
        return pyarrow.dataset.CsvFileFormat(convert_options=options)


class TablesInShop:
    """The database of a generated shop, by COPY."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def pieces(self, table: str, columns: Types) -> Iterator[pa.Table]:
        names = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
        statement = sql.SQL("copy (select {names} from {table}) to stdout with (format csv, header)")
        read, write = os.pipe()
        with closing(psycopg2.connect(self._dsn)) as connection, connection.cursor() as cursor:
            cursor.execute(SESSION)
            text = statement.format(names=names, table=sql.Identifier(table)).as_string(cursor)
            sending = threading.Thread(target=_copy, args=(cursor, text, write), daemon=True)
            sending.start()
            types = {name: pa.timestamp("us", "UTC") if kind == INSTANT else kind for name, kind in columns.items()}
            options = pyarrow.csv.ConvertOptions(
                column_types=types, timestamp_parsers=["%Y-%m-%d %H:%M:%S%z", pyarrow.csv.ISO8601]
            )
            with os.fdopen(read, "rb") as stream, pyarrow.csv.open_csv(stream, convert_options=options) as reader:
                for batch in reader:
                    yield _without_zone(pa.Table.from_batches([batch]))
            sending.join()


def ints(piece: pa.Table, name: str) -> Ints:
    """A column as whole numbers: instants in microseconds, days since 1970, money in cents, null as 0."""
    column = piece.column(name).combine_chunks()
    if pa.types.is_decimal(column.type):
        words = np.frombuffer(column.buffers()[1], dtype=np.int64)[2 * column.offset :: 2]
        return words[: len(column)]
    if pa.types.is_date(column.type):
        column = column.cast(pa.int32())
    values: Ints = column.cast(pa.int64()).fill_null(0).to_numpy()
    return values


def _without_zone(piece: pa.Table) -> pa.Table:
    fields = [field.with_type(INSTANT) if pa.types.is_timestamp(field.type) else field for field in piece.schema]
    return piece.cast(pa.schema(fields))


def _copy(cursor: psycopg2.extensions.cursor, statement: str, write: int) -> None:
    with os.fdopen(write, "wb") as stream:
        cursor.copy_expert(statement, stream)
