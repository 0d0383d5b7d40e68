"""What PostgreSQL itself can send: COPY TO STDOUT, binary, two halves at a time, thrown away.   extract_copy.py FOLDER"""

import threading
from contextlib import closing

import psycopg2
from source import TABLE, URL, halves


class Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)


def send(condition: str) -> None:
    with closing(psycopg2.connect(URL)) as connection, connection.cursor() as cursor:
        cursor.copy_expert(
            f"copy (select * from {TABLE} where {condition}) to stdout with (format binary)", Nowhere(), 1 << 20
        )


def main() -> None:
    with closing(psycopg2.connect(URL)) as connection, connection.cursor() as cursor:
        cursor.execute(f"select pg_relation_size('{TABLE}') / 8192")
        (pages,) = cursor.fetchone() or (0,)
    threads = [threading.Thread(target=send, args=(condition,)) for condition in halves(pages)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
