"""A writer that moves value between rows must never change a total; without the snapshot the same read is wrong."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg2
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from small_shop import PSEUDONYM_KEY, reader_address

from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.model import SourceMapping, TableMapping
from spark_jobs.extract import jdbc
from spark_jobs.extract.query import partition_predicates, whole_table_query
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.snapshot import SourceSnapshot, SourceTable, open_snapshot

ROWS = 60_000
TOTAL = ROWS * 100

ACCOUNTS = SourceMapping(
    source="bank",
    schema="public",
    tables={
        "series": TableMapping(table="account", key="id", columns={"series_id": "balance", "name": "owner"}),
    },
)


@pytest.fixture
def bank(shop_database: str) -> str:
    with psycopg2.connect(shop_database) as connection, connection.cursor() as cursor:
        cursor.execute(
            "create table account (id bigint primary key, balance bigint, owner text) with (fillfactor = 50)"
        )
        cursor.execute(f"insert into account select id, 100, repeat('x', 300) from generate_series(1, {ROWS}) as id")
    return shop_database


@contextmanager
def transfers(dsn: str) -> Iterator[None]:
    """Move money from the second half of the table to the first, again and again."""
    stop, moved = threading.Event(), threading.Event()

    def move() -> None:
        connection = psycopg2.connect(dsn)
        with connection.cursor() as cursor:
            while not stop.is_set():
                cursor.execute(f"update account set balance = balance + 1 where id % 997 = 1 and id <= {ROWS // 2}")
                cursor.execute(f"update account set balance = balance - 1 where id % 997 = 1 and id > {ROWS // 2}")
                connection.commit()
                moved.set()
        connection.close()

    writer = threading.Thread(target=move)
    writer.start()
    moved.wait()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def in_many_partitions(table: SourceTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spark_jobs.extract.query.PAGES_PER_PARTITION", max(1, table.pages // 24))


def read(spark: SparkSession, snapshot: SourceSnapshot, of: SourceTable | None = None) -> DataFrame:
    table = of or snapshot.tables["series"]
    return jdbc.read_query(Reader(spark, snapshot, 1, "bank", PSEUDONYM_KEY), table, whole_table_query(snapshot, table))


def totals(rows: DataFrame) -> tuple[int, int]:
    found = rows.agg(F.count(F.lit(1)), F.sum("series_id")).first()
    assert found is not None
    return found[0], found[1]


def test_a_writer_that_moves_value_between_rows_never_changes_a_total(
    spark: SparkSession, postgres: EmbeddedPostgres, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reader_address(postgres, bank)
    with transfers(bank), open_snapshot(address, ACCOUNTS) as snapshot:
        ((expected,),) = snapshot.query("select sum(balance) from account")
        in_many_partitions(snapshot.tables["series"], monkeypatch)

        found = [totals(read(spark, snapshot)) for _ in range(2)]

    assert found == [(ROWS, expected)] * 2


def test_control_the_same_read_without_the_snapshot_is_wrong(
    spark: SparkSession, postgres: EmbeddedPostgres, bank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reader_address(postgres, bank)
    with transfers(bank), open_snapshot(address, ACCOUNTS) as snapshot:
        ((expected,),) = snapshot.query("select sum(balance) from account")
        in_many_partitions(snapshot.tables["series"], monkeypatch)
        predicates = partition_predicates(snapshot.tables["series"])
        query = '(select balance as series_id, ctid as "_position" from account) as unguarded'

        plain = [
            totals(spark.read.jdbc(address.jdbc_url, query, predicates=predicates, properties=address.jdbc_properties))
            for _ in range(3)
        ]

    assert any(read_totals != (ROWS, expected) for read_totals in plain)


def test_a_read_outside_the_snapshot_yields_no_row_so_the_count_shows_it(
    spark: SparkSession, postgres: EmbeddedPostgres, bank: str
) -> None:
    address = reader_address(postgres, bank)
    with open_snapshot(address, ACCOUNTS) as snapshot:
        with psycopg2.connect(bank) as connection, connection.cursor() as cursor:
            cursor.execute("update account set balance = balance where id = 1")
        query = whole_table_query(snapshot, snapshot.tables["series"]).expression
        # The option that Spark needs is spelt fetchsize; spelt otherwise it is silently ignored.
        properties = {
            **address.jdbc_properties,
            "fetchSize": "1000",
            "sessionInitStatement": "set transaction isolation level repeatable read, read only; "
            f"set transaction snapshot '{snapshot.identifier}'",
        }

        outside = spark.read.jdbc(address.jdbc_url, query, properties=address.jdbc_properties).count()
        misspelt = spark.read.jdbc(address.jdbc_url, query, properties=properties)

        assert outside == 0
        assert misspelt.count() == 0


def test_a_view_is_read_by_ranges_of_its_key(spark: SparkSession, postgres: EmbeddedPostgres, bank: str) -> None:
    with psycopg2.connect(bank) as connection, connection.cursor() as cursor:
        cursor.execute("create view account_view as select * from account")
        cursor.execute("grant select on account_view to booksales_reader")
    mapping = ACCOUNTS.model_copy(
        update={"tables": {"series": ACCOUNTS.tables["series"].model_copy(update={"table": "account_view"})}}
    )
    with open_snapshot(reader_address(postgres, bank), mapping) as snapshot:
        table = replace(snapshot.tables["series"], key_bounds=(1, 2_000_000))

        predicates = partition_predicates(table)
        found = totals(read(spark, snapshot, table))

    assert len(predicates) == 4
    assert found == (ROWS, TOTAL)
