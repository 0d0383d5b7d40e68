"""Every file of an installation searched for what would show a person. Shares no code with the product."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as parquet

CUSTOMER_ID = "customer_id"


@dataclass(frozen=True)
class Hit:
    """Where something was found, and what."""

    file: str
    what: str


def hits(root: Path, texts: Sequence[str], customer_ids: Sequence[int]) -> list[Hit]:
    """Every file below `root` that holds one of the texts, in any column or in its bytes, or an id where a customer's id stands.

    Parquet is decompressed and every column searched as text, DuckDB files are opened and every column of every table searched, and
    the bytes of every file are searched as they are.
    """
    found: list[Hit] = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = str(path.relative_to(root))
        said = [text for text in texts if text.encode() in path.read_bytes()]
        if path.suffix == ".parquet":
            said += list(_in_parquet(path, texts, customer_ids))
        elif path.suffix == ".duckdb":
            said += list(_in_duckdb(path, texts, customer_ids))
        elif path.suffix in (".json", ".crc"):
            said += list(_in_text(path.read_bytes().decode(errors="replace"), customer_ids))
        found += [Hit(name, what) for what in dict.fromkeys(said)]
    return found


def _in_parquet(path: Path, texts: Sequence[str], customer_ids: Sequence[int]) -> Iterator[str]:
    with duckdb.connect() as connection:
        connection.register("rows", parquet.ParquetFile(path).read())
        yield from _in_table(connection, "rows", texts, customer_ids)


def _in_duckdb(path: Path, texts: Sequence[str], customer_ids: Sequence[int]) -> Iterator[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_type = 'BASE TABLE'"
        ).fetchall()
        assert len(tables) > 10
        for (table,) in tables:
            yield from _in_table(connection, table, texts, customer_ids)


def _in_table(
    connection: duckdb.DuckDBPyConnection, table: str, texts: Sequence[str], customer_ids: Sequence[int]
) -> Iterator[str]:
    columns = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
    whole = " || '|' || ".join(f"coalesce(cast(\"{column}\" as varchar), '')" for column in columns)
    for text in texts:
        sql = f"select count(*) from {table} where contains({whole}, $text)"
        if connection.execute(sql, {"text": text}).fetchone() != (0,):
            yield text
    if CUSTOMER_ID in columns:
        sql = f"select distinct {CUSTOMER_ID} from {table} where {CUSTOMER_ID} in (select unnest($ids))"
        yield from (
            f"{CUSTOMER_ID} {row[0]}" for row in connection.execute(sql, {"ids": list(customer_ids)}).fetchall()
        )
    for column in ("raw", "row_key"):
        if column in columns:
            for (value,) in connection.execute(f"select {column} from {table}").fetchall():
                yield from _in_text(value or "", customer_ids)


def _in_text(text: str, customer_ids: Sequence[int]) -> Iterator[str]:
    """Ids in JSON of a record, in a condition, or in a key of a quarantined customer."""
    for number in customer_ids:
        if re.search(rf"customer_id\W{{1,5}}{number}\b", text):
            yield f"{CUSTOMER_ID} {number}"
