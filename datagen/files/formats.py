"""What files of a shop look like: Parquet, the same with a Delta log, or CSV."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

PARQUET, DELTA, CSV = "parquet", "delta", "csv"
FORMATS = (PARQUET, DELTA, CSV)

# Whole numbers that the shop's schema keeps in four bytes; the rest are keys, of eight.
FOUR_BYTES = {"line_number", "quantity", "page_count", "series_number", "position"}
# Columns of few values; for the others a dictionary costs more than it saves.
DICTIONARY = (
    "line_number", "kind", "book_id", "store_id", "promotion_id", "unit_price", "quantity", "currency", "format", "language",
    "country_code", "segment", "rate_date", "publisher_id", "genre_id", "original_language", "table_name",
)  # fmt: skip
Writer = Callable[[pa.Table, Path], None]


def writer_of(format_: str) -> Writer:
    """How a table of rows becomes a file of the format."""
    return _write_csv if format_ == CSV else _write_parquet


def suffix_of(format_: str) -> str:
    return ".csv" if format_ == CSV else ".parquet"


def add_delta_log(table: Path) -> None:
    """Make a folder of Parquet files a Delta table: the files stay as they are."""
    # Imported here, as only those who ask for Delta need the library.
    import deltalake

    deltalake.convert_to_deltalake(table)


def _write_parquet(rows: pa.Table, path: Path) -> None:
    pyarrow.parquet.write_table(
        rows.cast(_schema_of_files(rows.schema)),
        path,
        compression="zstd",
        use_dictionary=[name for name in rows.column_names if name in DICTIONARY],
        store_decimal_as_integer=True,
    )


def _write_csv(rows: pa.Table, path: Path) -> None:
    pyarrow.csv.write_csv(rows, path)


def _schema_of_files(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(field.name, _type_in_files(field)) for field in schema])


def _type_in_files(field: pa.Field) -> pa.DataType:
    if pa.types.is_timestamp(field.type):
        return pa.timestamp("us", "UTC")
    return pa.int32() if field.name in FOUR_BYTES else field.type
