"""DuckDB's postgres scanner, two threads, to Parquet.   extract_duckdb.py FOLDER"""

import sys
from importlib.metadata import files

import duckdb
from source import READERS, TABLE, URL


def main() -> None:
    found = next(
        file for file in files("duckdb-extension-postgres-scanner") or () if file.name.endswith(".duckdb_extension")
    )
    with duckdb.connect(config={"threads": READERS}) as connection:
        connection.execute(f"load '{found.locate()}'")
        connection.execute(f"attach '{URL}' as shop (type postgres, read_only)")
        connection.execute(
            f"copy (select * from shop.{TABLE}) to '{sys.argv[1]}/rows.parquet' (format parquet, compression zstd)"
        )


if __name__ == "__main__":
    main()
