"""ADBC, two halves of the table at a time, streamed to Parquet.   extract_adbc.py FOLDER"""

import sys
import threading

import adbc_driver_postgresql.dbapi
import pyarrow.parquet
from source import TABLE, URL, halves


def write(condition: str, path: str) -> None:
    with adbc_driver_postgresql.dbapi.connect(URL) as connection, connection.cursor() as cursor:
        cursor.execute(f"select * from {TABLE} where {condition}")
        reader = cursor.fetch_record_batch()
        with pyarrow.parquet.ParquetWriter(path, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)


def main() -> None:
    with adbc_driver_postgresql.dbapi.connect(URL) as connection, connection.cursor() as cursor:
        cursor.execute(f"select pg_relation_size('{TABLE}') / 8192")
        (pages,) = cursor.fetchone()
    threads = [
        threading.Thread(target=write, args=(condition, f"{sys.argv[1]}/part-{number}.parquet"))
        for number, condition in enumerate(halves(pages))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
