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
        content = path.read_bytes()
        said = [text for text in texts if text.encode() in content]
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
    (content,) = connection.execute(f"select coalesce(string_agg({whole}, chr(10)), '') from {table}").fetchone() or (
        "",
    )
    yield from (text for text in texts if text in content)
    if CUSTOMER_ID in columns:
        sql = f"select distinct {CUSTOMER_ID} from {table} where {CUSTOMER_ID} in (select unnest($ids))"
        yield from (
            f"{CUSTOMER_ID} {row[0]}" for row in connection.execute(sql, {"ids": list(customer_ids)}).fetchall()
        )
    if {"raw", "row_key", "table_name"} <= {*columns}:
        for (raw,) in connection.execute(f"select raw from {table} where table_name = 'silver.sales'").fetchall():
            yield from _in_text(raw, customer_ids)
        aside = f"select raw, row_key from {table} where table_name = 'silver.customers'"
        for raw, key in connection.execute(aside).fetchall():
            yield from _in_text(f"{raw} {CUSTOMER_ID} {key.rsplit('/')[-1]}", customer_ids)


def _in_text(text: str, customer_ids: Sequence[int]) -> Iterator[str]:
    """Ids in the JSON of a record, in a condition, or after the column's name."""
    for number in re.findall(rf"{CUSTOMER_ID}\W{{1,5}}(\d+)\b", text):
        if int(number) in customer_ids:
            yield f"{CUSTOMER_ID} {number}"
