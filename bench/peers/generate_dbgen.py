"""DuckDB's dbgen: all tables of TPC-H at a scale factor, to Parquet.   generate_dbgen.py SCALE FOLDER"""

import sys
from importlib.metadata import files
from pathlib import Path

import duckdb


def extension(distribution: str) -> str:
    """The extension's file in its wheel."""
    found = next(file for file in files(distribution) or () if file.name.endswith(".duckdb_extension"))
    return str(Path(str(found.locate())))


def main() -> None:
    scale, folder = float(sys.argv[1]), sys.argv[2]
    with duckdb.connect(f"{folder}/dbgen.duckdb") as connection:
        connection.execute(f"load '{extension('duckdb-extension-tpch')}'")
        connection.execute("call dbgen(sf = $scale)", {"scale": scale})
        connection.execute(f"export database '{folder}/tables' (format parquet, compression zstd)")
    Path(f"{folder}/dbgen.duckdb").unlink()


if __name__ == "__main__":
    main()
