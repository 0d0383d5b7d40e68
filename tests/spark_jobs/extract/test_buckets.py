"""PostgreSQL and Spark must find the same content in the same rows, and another in others."""

from contextlib import closing

import psycopg2
import pytest
from pyspark.sql import DataFrame, SparkSession
from small_shop import PSEUDONYM_KEY, fill, reader_address

from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.loader import load_source
from spark_jobs.extract.buckets import BUCKET, bucket_of, content_of, in_buckets, source_buckets
from spark_jobs.extract.jdbc import read_query
from spark_jobs.extract.query import whole_table_query
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.snapshot import SourceSnapshot, open_snapshot
from spark_jobs.silver import mirror
from warehouse.contract import load_contract

TABLES = ["books", "customers", "sales", "promotions", "exchange_rates", "works"]


def silver(spark: SparkSession, snapshot: SourceSnapshot, name: str) -> DataFrame:
    table = snapshot.tables[name]
    reader = Reader(spark, snapshot, 1, "bookstore", PSEUDONYM_KEY)
    return mirror.transform(read_query(reader, table, whole_table_query(snapshot, table)))


def buckets(rows: DataFrame, name: str) -> dict[int, tuple[int, str]]:
    mapping = load_source("bookstore").tables[name]
    found = content_of(rows, load_contract(f"silver.{name}"), mapping).collect()
    return {row[BUCKET]: (row["rows"], row["content"]) for row in found}


@pytest.fixture(scope="module")
def shop(postgres: EmbeddedPostgres):
    postgres.create_database("buckets")
    fill(postgres.owner_dsn("buckets"), 400)
    yield postgres.owner_dsn("buckets")
    postgres.drop_database("buckets")


@pytest.mark.parametrize("name", TABLES)
def test_the_source_and_spark_find_the_same_content(
    spark: SparkSession, postgres: EmbeddedPostgres, shop: str, name: str
) -> None:
    with open_snapshot(reader_address(postgres, shop), load_source("bookstore")) as snapshot:
        there = source_buckets(snapshot, snapshot.tables[name])
        here = buckets(silver(spark, snapshot, name), name)

    assert there == here
    assert len(there) > 1


def test_one_cent_shows_in_its_bucket_alone(spark: SparkSession, postgres: EmbeddedPostgres, shop: str) -> None:
    with open_snapshot(reader_address(postgres, shop), load_source("bookstore")) as snapshot:
        before = silver(spark, snapshot, "sales").localCheckpoint()
        with closing(psycopg2.connect(shop)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(
                "update sales_sale set tax_amount = tax_amount + 0.01 where id = 7 and kind = 'sale' returning id"
            )
            assert cursor.fetchall() == [(7,)]
    with open_snapshot(reader_address(postgres, shop), load_source("bookstore")) as snapshot:
        table = snapshot.tables["sales"]
        there, here = source_buckets(snapshot, table), buckets(before, "sales")
        differing = [bucket for bucket in there if there[bucket] != here[bucket]]
        (of_row,) = before.filter("sale_id = 7").select(bucket_of("sale_id").alias(BUCKET)).collect()
        in_source = snapshot.query(f"select count(*) from sales_sale where id = 7 and {in_buckets(table, differing)}")

    assert differing == [of_row[BUCKET]]
    assert in_source == [(1,)]
