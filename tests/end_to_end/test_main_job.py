"""The main job on a small shop, in one Spark session: reload, reload again, verify, publish, another mapping, a real CSV."""

import argparse
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import psycopg2
import pytest
import yaml
from pyspark.sql import SparkSession
from small_shop import fill, reader_address, reload, run_options

from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.verify import Comparison, verify
from jobs_config.errors import BooksalesError, ConfigError, ExitCode
from jobs_config.loader import load_source
from jobs_config.progress import Progress
from spark_jobs import commands
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.errors import SourceMappingError
from spark_jobs.options import LANDING_VARIABLE, RunOptions
from warehouse.embedded.generations import generation_file, kept_generations, read_pointer
from warehouse.publication import PublicationError

SALES = 3_000
GOODBOOKS = Path(__file__).parents[2] / ".." / "shared" / "data" / "goodbooks-books.csv"


@dataclass(frozen=True)
class Installation:
    """One shop with its lake and warehouse, shared by the tests of this module in their order."""

    dsn: str
    home: Path
    options: RunOptions

    def verify(self) -> list[Comparison]:
        return verify(RunLedger(self.options.ledger_url), self.options.lake, self.options.open_warehouse())

    def warehouse_rows(self, sql: str) -> list[tuple[object, ...]]:
        path = generation_file(self.options.warehouse, read_pointer(self.options.warehouse).generation)
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(sql).fetchall()


TOTALS = """
select count(*), sum(quantity), sum(gross_amount), sum(net_reporting_amount), sum(cost_reporting_amount),
    sum(hash(book_key, store_key, customer_key, sale_id)), (select count(*) from analytics.dim_book)
from analytics.fact_sales
"""


@pytest.fixture(scope="module")
def installation(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    postgres.create_database("main_job")
    dsn = postgres.owner_dsn("main_job")
    fill(dsn, SALES)
    home = tmp_path_factory.mktemp("installation")
    yield Installation(dsn, home, run_options(home, reader_address(postgres, dsn)))
    postgres.drop_database("main_job")


def test_a_reload_publishes_the_shop_and_verify_is_clean(spark: SparkSession, installation: Installation) -> None:
    code = reload(spark, installation.options)

    comparisons = installation.verify()
    assert code == ExitCode.DONE
    assert [comparison for comparison in comparisons if not comparison.agrees] == []
    assert sum(item.source for item in comparisons if item.what == "live sale lines") > 0.9 * SALES


def test_money_in_the_warehouse_is_the_shops_own(spark: SparkSession, installation: Installation) -> None:
    with psycopg2.connect(installation.dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select currency, count(*), sum(quantity * unit_price), sum(discount_amount), sum(tax_amount) "
            "from sales_sale where deleted_at is null group by currency order by currency"
        )
        in_shop = cursor.fetchall()

    in_warehouse = installation.warehouse_rows(
        "select currency, count(*), sum(gross_amount), sum(discount_amount), sum(tax_amount) "
        "from analytics.fact_sales group by currency order by currency"
    )

    assert in_warehouse == in_shop


def test_reporting_amounts_follow_the_rates_of_the_business_date(installation: Installation) -> None:
    with psycopg2.connect(installation.dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            select sum(round(quantity * unit_price * rate, 2) - round(discount_amount * rate, 2))
            from (
                select sales_sale.*, case when currency = 'USD' then 1 else (
                    select rate_to_reporting from sales_exchange_rate
                    where sales_exchange_rate.currency = sales_sale.currency and deleted_at is null
                    and rate_date <= (sold_at at time zone 'UTC')::date order by rate_date desc limit 1) end as rate
                from sales_sale where deleted_at is null
            ) as rated
            """
        )
        row = cursor.fetchone()
    assert row is not None

    assert installation.warehouse_rows("select sum(net_reporting_amount) from analytics.fact_sales") == [row]


def test_no_name_and_no_address_of_a_customer_is_written_anywhere(installation: Installation) -> None:
    with psycopg2.connect(installation.dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select full_name, email from sales_customer limit 40")
        people = [text for row in cursor.fetchall() for text in row]
    scan = duckdb.connect()

    found = []
    for table in ("bronze/customers/*", "silver/customers", "gold/dim_customer"):
        files = f"{installation.options.lake}/{table}/*.parquet"
        columns = [
            row[0] for row in scan.execute("describe select * from read_parquet($files)", {"files": files}).fetchall()
        ]
        text = " || '|' || ".join(f"coalesce(cast({column} as varchar), '')" for column in columns)
        found += scan.execute(
            f"select 1 from read_parquet($files) where list_has_any([{text}], $people) "
            f"or exists (select 1 from unnest($people) as person(text) where contains({text}, person.text))",
            {"files": files, "people": people},
        ).fetchall()

    assert found == []


def test_every_record_of_a_real_csv_is_accounted_for(
    spark: SparkSession, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not GOODBOOKS.exists():
        pytest.skip("missing: ../shared/data/goodbooks-books.csv")
    monkeypatch.setenv(LANDING_VARIABLE, "00" * 32)
    unasked = {"replaces": "", "approve_deletes": False, "plan_file": "", "replay_file": ""}
    call = argparse.Namespace(files=["goodbooks", str(GOODBOOKS)], **unasked)

    code = commands.import_csv(spark, installation.options, call, Progress(terminal=False))
    again = commands.import_csv(spark, installation.options, call, Progress(terminal=False))

    quarantine = spark.read.format("delta").load(f"{installation.options.lake}/silver/quarantine")
    reasons = {row["reasons"][0]: row["count"] for row in quarantine.groupBy("reasons").count().collect()}
    titles = spark.read.format("delta").load(f"{installation.options.lake}/silver/titles")
    assert code == ExitCode.ATTENTION
    assert again == ExitCode.DONE
    assert titles.count() == titles.filter("size(repairs) = 1").count() == 9_257
    (file,) = RunLedger(installation.options.ledger_url).files("goodbooks")
    assert {name: file[name] for name in ("physical", "blank", "record_count", "accepted", "quarantined")} == {
        "physical": 10_001, "blank": 0, "record_count": 10_000, "accepted": 9_257, "quarantined": 743,
    }  # fmt: skip
    assert reasons == {
        "isbn13: contradicts the isbn10": 20,
        "isbn13: digits are lost and there is no isbn10 to derive it from": 135,
        "isbn10: the check digit is wrong": 23,
        "isbn13: no identifier": 565,
    }
    assert installation.warehouse_rows(
        "select count(*) from analytics.dim_book where source = 'goodbooks' and isbn13 is not null"
    ) == [(9_257,)]
    assert installation.warehouse_rows("select feed, accepted, quarantined from ops.imported_file") == [
        ("goodbooks", 9_257, 743)
    ]


def test_a_second_reload_gives_the_same_tables_and_one_more_generation(
    spark: SparkSession, installation: Installation
) -> None:
    before, generation = installation.warehouse_rows(TOTALS), read_pointer(installation.options.warehouse).generation
    books = "select source, count(*), count(distinct book_key) from analytics.dim_book group by source order by source"
    titles = installation.warehouse_rows(books)

    code = reload(spark, installation.options)

    assert code == ExitCode.DONE
    assert installation.warehouse_rows(TOTALS) == before
    assert installation.warehouse_rows(books) == titles
    assert read_pointer(installation.options.warehouse).generation == generation + 1
    assert generation + 1 in kept_generations(installation.options.warehouse)
    assert [comparison for comparison in installation.verify() if not comparison.agrees] == []


def test_verify_finds_a_difference_of_one_cent(spark: SparkSession, installation: Installation) -> None:
    path = generation_file(installation.options.warehouse, read_pointer(installation.options.warehouse).generation)
    sound = path.read_bytes()
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "update analytics.fact_sales set gross_amount = gross_amount + 0.01 "
            "where sale_id = (select min(sale_id) from analytics.fact_sales)"
        )

    differences = [comparison for comparison in installation.verify() if not comparison.agrees]
    path.write_bytes(sound)

    assert [difference.what for difference in differences] == ["gross amount"]


def test_publish_makes_a_new_generation_of_the_same_tables(spark: SparkSession, installation: Installation) -> None:
    before, generation = installation.warehouse_rows(TOTALS), read_pointer(installation.options.warehouse).generation

    code = commands.publish_again(spark, installation.options, argparse.Namespace(), Progress(terminal=False))

    assert code == ExitCode.DONE
    assert read_pointer(installation.options.warehouse).generation == generation + 1
    assert installation.warehouse_rows(TOTALS) == before
    checks = "select count(*) > 30, count(distinct table_name) > 20 from ops.quality_result"
    assert installation.warehouse_rows(checks) == [(True, True)]
    assert [comparison for comparison in installation.verify() if not comparison.agrees] == []


@dataclass(frozen=True)
class OtherShop:
    """A shop with names of its own, some rows that our rules refuse, and what a reload of it ended with."""

    options: RunOptions
    refused: dict[str, str]
    code: int


@pytest.fixture(scope="module")
def other_shop(
    spark: SparkSession, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OtherShop]:
    postgres.create_database("other_shop")
    dsn, home = postgres.owner_dsn("other_shop"), tmp_path_factory.mktemp("other_shop")
    fill(dsn, 400)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        refused = spoil_four_sales(cursor)
        # Two more tables whose rows go to quarantine at the same time.
        spoil_one_of_each(cursor, sales_promotion="discount_ratio = 2", sales_exchange_rate="rate_to_reporting = -1")
        cursor.execute("create schema laden")
        cursor.execute("grant usage on schema laden to booksales_reader")
        for column, name in (("unit_price", "stueckpreis"), ("sold_at", "verkauft_am"), ("id", "nr")):
            cursor.execute(f"alter table sales_sale rename column {column} to {name}")
        cursor.execute("alter table sales_sale rename to umsatz")
        for (table,) in _tables(cursor):
            cursor.execute(f'alter table public."{table}" set schema laden')
    mapping = yaml.safe_load((Path(__file__).parents[2] / "jobs_config/sources/bookstore.yaml").read_text())
    mapping |= {"source": "laden", "schema": "laden"}
    sales = mapping["tables"]["sales"]
    sales |= {"table": "umsatz", "key": "nr"}
    sales["columns"] |= {"unit_price": "stueckpreis", "sold_at": "verkauft_am", "sale_id": "nr"}
    (home / "laden.yaml").write_text(yaml.safe_dump(mapping))
    options = run_options(home, reader_address(postgres, dsn), load_source(str(home / "laden.yaml")))
    yield OtherShop(options, refused, reload(spark, options))
    postgres.drop_database("other_shop")


def spoil_four_sales(cursor: psycopg2.extensions.cursor) -> dict[str, str]:
    """Make four sales break a rule each; sale id to the reason that must be given."""
    drop_checks(cursor, "sales_sale")
    cursor.execute("alter table sales_sale alter unit_price type numeric")
    cursor.execute("select id from sales_sale where deleted_at is null and kind = 'sale' order by id limit 4")
    ids = [row[0] for row in cursor.fetchall()]
    cursor.execute("update sales_sale set kind = 'gift' where id = %s", (ids[0],))
    cursor.execute("update sales_sale set unit_price = -1 where id = %s", (ids[1],))
    cursor.execute("update sales_sale set unit_price = 9.999 where id = %s", (ids[2],))
    cursor.execute("update sales_sale set sold_at = 'infinity' where id = %s", (ids[3],))
    return {
        str(ids[0]): "known_kind",
        str(ids[1]): "price_positive",
        str(ids[2]): "unit_price: does not fit decimal(12,2)",
        str(ids[3]): "sold_at: does not fit timestamp",
    }


def spoil_one_of_each(cursor: psycopg2.extensions.cursor, **faults: str) -> None:
    for table, fault in faults.items():
        drop_checks(cursor, table)
        cursor.execute(f"update {table} set {fault} where id = (select max(id) from {table} where deleted_at is null)")


def test_another_schema_needs_a_mapping_and_no_python(other_shop: OtherShop) -> None:
    options = other_shop.options

    compared = verify(RunLedger(options.ledger_url), options.lake, options.open_warehouse())

    assert [comparison for comparison in compared if not comparison.agrees] == []
    assert sum(item.warehouse for item in compared if item.what == "live sale lines") > 300


def test_rows_that_a_rule_refuses_go_to_quarantine_with_their_reasons(
    spark: SparkSession, other_shop: OtherShop
) -> None:
    quarantine = spark.read.format("delta").load(f"{other_shop.options.lake}/silver/quarantine").collect()

    assert other_shop.code == ExitCode.ATTENTION
    of_sales = [row for row in quarantine if row["table_name"] == "silver.sales"]
    assert {row["row_key"].split("/")[1]: row["reasons"][0] for row in of_sales} == other_shop.refused
    assert {row["table_name"]: row["reasons"] for row in quarantine if row not in of_sales} == {
        "silver.promotions": ["discount_is_a_share"],
        "silver.exchange_rates": ["rate_positive"],
    }


def _tables(cursor: psycopg2.extensions.cursor) -> list[tuple[str]]:
    cursor.execute("select tablename from pg_tables where schemaname = 'public'")
    return cursor.fetchall()


def drop_checks(cursor: psycopg2.extensions.cursor, table: str) -> None:
    """Leave out what a shop's own constraints would have caught, as if it had none."""
    cursor.execute("select conname from pg_constraint where conrelid = %s::regclass and contype = 'c'", (table,))
    for (name,) in cursor.fetchall():
        cursor.execute(f'alter table {table} drop constraint "{name}"')


BAD_SOURCES = {
    "missing table": ("alter table sales_promotion rename to gone", r"sales_promotion is not there; schema public has"),
    "missing column": (
        "alter table sales_store rename column opened_on to gone",
        r"sales_store.opened_on .* is not there",
    ),
    "another type": (
        "alter table sales_sale alter quantity type text",
        r"sales_sale.quantity is text; quantity is int",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD_SOURCES.values(), ids=BAD_SOURCES)
def test_a_source_that_is_not_as_mapped_is_refused_and_the_old_version_serves(
    spark: SparkSession,
    installation: Installation,
    shop_database: str,
    postgres: EmbeddedPostgres,
    change: str,
    message: str,
) -> None:
    fill(shop_database, 200)
    with psycopg2.connect(shop_database) as connection, connection.cursor() as cursor:
        drop_checks(cursor, "sales_sale")
        cursor.execute(change)
    served = read_pointer(installation.options.warehouse)

    with pytest.raises(SourceMappingError, match=message):
        reload(spark, replace(installation.options, address=reader_address(postgres, shop_database)))

    assert read_pointer(installation.options.warehouse) == served
    newest = RunLedger(installation.options.ledger_url).runs(1)[0]
    assert newest["state"] == "failed"


def test_a_wrong_password_is_named_without_being_shown(
    spark: SparkSession, installation: Installation, postgres: EmbeddedPostgres
) -> None:
    assert installation.options.address is not None
    address = replace(installation.options.address, password="not the password")

    with pytest.raises(BooksalesError, match="BOOKSALES_SOURCE_PASSWORD") as failure:
        reload(spark, replace(installation.options, address=address))

    assert "not the password" not in str(failure.value)


def test_an_unreachable_source_is_named(spark: SparkSession, installation: Installation) -> None:
    assert installation.options.address is not None
    address = replace(installation.options.address, port=1)

    with pytest.raises(BooksalesError, match=r"127\.0\.0\.1:1/.* check that the server runs"):
        reload(spark, replace(installation.options, address=address))


def test_a_feed_that_does_not_exist_is_refused(spark: SparkSession, installation: Installation) -> None:
    call = argparse.Namespace(
        files=["nothing", "x.csv"], replay_file="", replaces="", approve_deletes=False, plan_file=""
    )

    with pytest.raises(ConfigError, match="goodbooks"):
        commands.import_csv(spark, installation.options, call, Progress(terminal=False))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a beginning, but not for a lake."""
    place = tmp_path / "small_disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", place]).returncode:
        pytest.skip("missing: the right to mount")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_lake_on_a_full_disk_ends_the_run_and_the_old_version_serves(
    spark: SparkSession, installation: Installation, small_disk: Path
) -> None:
    served = read_pointer(installation.options.warehouse)

    with pytest.raises(BooksalesError, match=r"No space left on device.*the disk is full.*Nothing is published"):
        reload(spark, replace(installation.options, lake=str(small_disk / "lake")))

    assert read_pointer(installation.options.warehouse) == served
    assert RunLedger(installation.options.ledger_url).runs(1)[0]["state"] == "failed"


def test_a_warehouse_on_a_full_disk_gets_no_generation(
    spark: SparkSession, installation: Installation, small_disk: Path
) -> None:
    options = replace(installation.options, warehouse=small_disk / "warehouse")

    with pytest.raises(PublicationError, match=r"(?i)no space left.*nothing is published"):
        commands.publish_again(spark, options, argparse.Namespace(), Progress(terminal=False))

    assert not (small_disk / "warehouse" / "CURRENT").exists()
    assert list(small_disk.glob("warehouse/**/wh.*")) == []
    assert RunLedger(installation.options.ledger_url).runs(1)[0]["state"] == "failed"
