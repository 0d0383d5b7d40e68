"""ConnectorX, two partitions of the key, to Arrow and Parquet.   extract_connectorx.py FOLDER"""

import sys

import connectorx
import pyarrow.parquet
from source import READERS, TABLE, URL


def main() -> None:
    rows = connectorx.read_sql(
        URL, f"select * from {TABLE}", partition_on="id", partition_num=READERS, return_type="arrow"
    )
    pyarrow.parquet.write_table(rows, f"{sys.argv[1]}/rows.parquet", compression="zstd")


if __name__ == "__main__":
    main()
