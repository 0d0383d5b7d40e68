"""The columnar reader against the JDBC reader: the same rows, in the same snapshot, value by value."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from pyspark.sql import DataFrame, SparkSession
from small_shop import PSEUDONYM_KEY, fill, reader_address

from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.errors import ConfigError
from jobs_config.loader import load_source
from spark_jobs.errors import ExtractionError
from spark_jobs.extract import columnar
from spark_jobs.extract.delivery import deliver
from spark_jobs.extract.erased import Erased
from spark_jobs.extract.query import Query, is_read_by_columns, partition_predicates, whole_table_query
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.snapshot import SourceSnapshot, open_snapshot
from spark_jobs.tables import Lake

AWKWARD = (
    "update sales_sale set sold_at = 'infinity' where id = 5",
    "update sales_sale set unit_price = 'NaN' where id = 6",
    "update sales_sale set sold_at = '2024-02-29 23:59:59.999999+00', deleted_at = now() where id = 7",
    "update books_work set title = E'O\\'Brien; \"quoted\" – ½\\n\\t\\U0001F4DA' where id = 1",
    "update books_work set title = '' where id = 2",
    "update books_book set published_on = '-infinity', page_count = null where id = 3",
)
SOME_PEOPLE = Erased(frozenset({1, 2, 3}))


@pytest.fixture(scope="module")
def shop(postgres: EmbeddedPostgres) -> str:
    postgres.create_database("columnar")
    dsn = postgres.owner_dsn("columnar")
    fill(dsn, 1_000)
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        for statement in AWKWARD:
            cursor.execute(statement)
    return dsn


def reader(spark: SparkSession, snapshot: SourceSnapshot, run_seq: int, is_columnar: bool) -> Reader:
    return Reader(spark, snapshot, run_seq, "bookstore", PSEUDONYM_KEY, SOME_PEOPLE, is_columnar)


def delivered(lake: Lake, by: Reader, name: str) -> DataFrame:
    table = by.snapshot.tables[name]
    ((expected,),) = by.snapshot.query(f"select count(*) from {table.relation}")
    deliver(lake, by, table, whole_table_query(by.snapshot, table), expected)
    return lake.bronze.read(f"bronze.{name}", by.run_seq).drop("_run_seq")


@pytest.mark.parametrize("name", ["sales", "works", "books"])
def test_both_readers_deliver_the_same_rows(
    spark: SparkSession, postgres: EmbeddedPostgres, shop: str, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("spark_jobs.extract.query.PAGES_PER_PARTITION", 2)
    lake = Lake(spark, str(tmp_path))
    with open_snapshot(reader_address(postgres, shop), load_source("bookstore")) as snapshot:
        rows = delivered(lake, reader(spark, snapshot, 1, is_columnar=False), name)
        columns = delivered(lake, reader(spark, snapshot, 2, is_columnar=True), name)

        files = list((tmp_path / "bronze" / name / "run=00000002").glob("part-*.parquet"))
        assert len(files) == len(postgres_ranges(snapshot, name)) > 1
    assert sorted(columns.collect(), key=str) == sorted(rows.collect(), key=str)
    assert columns.count() > 0
    assert columns.where("_faults is not null").count() == {"sales": 2, "works": 0, "books": 1}[name]
    if name == "sales":
        assert columns.where("customer_id in (1, 2, 3)").count() == 0
        assert columns.where("customer_id = -1").count() > 0


def postgres_ranges(snapshot: SourceSnapshot, name: str) -> list[str]:
    return partition_predicates(snapshot.tables[name])


def test_personal_columns_stay_with_the_reader_that_hashes_them(postgres: EmbeddedPostgres, shop: str) -> None:
    with open_snapshot(reader_address(postgres, shop), load_source("bookstore")) as snapshot:
        assert not is_read_by_columns(snapshot.tables["customers"])
        assert is_read_by_columns(snapshot.tables["sales"])


def test_rows_written_after_the_snapshot_do_not_arrive(
    spark: SparkSession, postgres: EmbeddedPostgres, shop: str, tmp_path: Path
) -> None:
    lake = Lake(spark, str(tmp_path))
    with open_snapshot(reader_address(postgres, shop), load_source("bookstore")) as snapshot:
        with closing(psycopg2.connect(shop)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("update sales_region set name = name || ' (renamed)'")

        rows = delivered(lake, reader(spark, snapshot, 1, is_columnar=True), "regions")

    assert rows.count() > 0
    assert rows.where("name like '%(renamed)'").count() == 0


def test_control_outside_the_snapshot_no_row_arrives_and_the_count_shows_it(
    spark: SparkSession, postgres: EmbeddedPostgres, shop: str, tmp_path: Path
) -> None:
    lake, address = Lake(spark, str(tmp_path)), reader_address(postgres, shop)
    mapping = load_source("bookstore")
    with open_snapshot(address, mapping) as earlier:
        with closing(psycopg2.connect(shop)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("update sales_region set name = name || '!'")
        with open_snapshot(address, mapping) as later:
            astray = replace(reader(spark, earlier, 1, is_columnar=True), snapshot=mixed(earlier, later))

            with pytest.raises(ExtractionError, match=r"0 rows arrived, the snapshot has \d+; nothing is published"):
                delivered(lake, astray, "regions")


def mixed(guarded: SourceSnapshot, joined: SourceSnapshot) -> SourceSnapshot:
    """A snapshot whose queries are guarded by its text, while readers join another's."""
    return replace(guarded, identifier=joined.identifier)


def test_a_column_that_would_arrive_as_another_type_is_refused(
    spark: SparkSession, postgres: EmbeddedPostgres, shop: str, tmp_path: Path
) -> None:
    with open_snapshot(reader_address(postgres, shop), load_source("bookstore")) as snapshot:
        table = snapshot.tables["regions"]
        whole = postgres_query(snapshot, "regions")
        columns = "region_id, 1.5::numeric as code, name, country_code, parent_id, deleted_at, _faults, _operation"
        untyped = replace(whole, expression=f"(select {columns} from {whole.expression}) as bent")

        refused = (
            r"^postgresql://.*: the columnar reader would read .*code as DOUBLE instead of VARCHAR; set reader to jdbc$"
        )
        with pytest.raises(ExtractionError, match=refused):
            columnar.write_rows(reader(spark, snapshot, 1, is_columnar=True), table, untyped, str(tmp_path))


def postgres_query(snapshot: SourceSnapshot, name: str) -> Query:
    return whole_table_query(snapshot, snapshot.tables[name])


def test_without_the_scanner_the_reader_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "EXTENSION", "no_such_scanner")

    with pytest.raises(ConfigError, match=r"no_such_scanner is not installed .* or set reader to jdbc"):
        columnar.check_installed()
