"""The lake on S3, by S3's own protocol: the jobs run on it as on a disk, and what they leave is the same."""

import argparse
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import boto3
import psycopg2
import pytest
from oracle import differences, held_rows, source_rows
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession
from s3_server import ACCESS, s3_client, s3_server
from small_shop import PSEUDONYM_KEY, fill, reader_address, reload, run_options, sync
from spark_on_s3 import use_s3

from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.verify import verify
from jobs_config.errors import ExitCode
from jobs_config.progress import Progress
from spark_jobs.catalog import CatalogError
from spark_jobs.commands import import_csv
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.errors import explained
from spark_jobs.options import RunOptions
from spark_jobs.tables import Lake

SALES = 2_000
BUCKET = "books"
CATALOG = "books_test"


@dataclass(frozen=True)
class Installation:
    """A shop whose lake is on S3, shared by the tests of this module in their order."""

    dsn: str
    options: RunOptions
    address: str

    def execute(self, *statements: str) -> None:
        with closing(psycopg2.connect(self.dsn)) as connection, connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def differences(self) -> dict[str, dict[str, list[int]]]:
        with pytest.MonkeyPatch.context() as environment:
            # The oracle reads by the Delta library alone, which wants to be told that plain http is meant.
            environment.setenv("AWS_ALLOW_HTTP", "true")
            return differences(source_rows(self.dsn), held_rows(self.options.lake, self.options.warehouse))


def glue():  # type: ignore[no-untyped-def]
    """A client of the catalog that the environment leads to."""
    return boto3.session.Session().client("glue")


@pytest.fixture(scope="module")
def shop(
    spark: SparkSession, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("on_s3")
    postgres.create_database("on_s3")
    dsn = postgres.owner_dsn("on_s3")
    fill(dsn, SALES)
    with s3_server(home / "s3.log") as address, pytest.MonkeyPatch.context() as environment:
        s3_client(address).create_bucket(Bucket=BUCKET)
        for name, value in {**ACCESS, "AWS_DEFAULT_REGION": ACCESS["AWS_REGION"], "AWS_ENDPOINT_URL": address}.items():
            environment.setenv(name, value)
        for layer in ("silver", "gold"):
            glue().create_database(DatabaseInput={"Name": f"{CATALOG}_{layer}"})
        use_s3(spark, address, environment)
        told = run_options(home, reader_address(postgres, dsn), reader="columnar", catalog=CATALOG)
        options = replace(told, lake=f"s3://{BUCKET}/lake")
        yield Installation(dsn, options, address)
    postgres.drop_database("on_s3")


def test_a_reload_lands_in_the_bucket_and_reaches_the_warehouse(spark: SparkSession, shop: Installation) -> None:
    assert reload(spark, shop.options) == ExitCode.DONE

    listed = s3_client(shop.address).list_objects_v2(Bucket=BUCKET, Prefix="lake/gold/fact_sales/_delta_log/")
    assert listed["KeyCount"] > 0
    assert shop.differences() == {}
    compared = verify(RunLedger(shop.options.ledger_url), shop.options.lake, shop.options.open_warehouse())
    assert compared
    assert [comparison for comparison in compared if not comparison.agrees] == []
    (facts,) = glue().get_tables(DatabaseName=f"{CATALOG}_gold", Expression="fact_sales")["TableList"]
    assert facts["StorageDescriptor"]["Location"] == f"{shop.options.lake}/gold/fact_sales"
    assert len(glue().get_tables(DatabaseName=f"{CATALOG}_silver")["TableList"]) > 10


@pytest.mark.slow
def test_a_sync_brings_what_changed(spark: SparkSession, shop: Installation) -> None:
    shop.execute(
        "update sales_sale set quantity = quantity + 1 where id in (select id from sales_sale where kind = 'sale' limit 3)",
        "delete from sales_sale where id in (select id from sales_sale where kind = 'return' order by id desc limit 2)",
    )
    before = shop.differences()

    assert sync(spark, shop.options) == ExitCode.DONE

    assert before != {}
    assert shop.differences() == {}


@pytest.mark.slow
def test_a_sync_without_a_change_writes_nothing(spark: SparkSession, shop: Installation) -> None:
    sync(spark, shop.options)

    assert RunLedger(shop.options.ledger_url).runs(1)[0]["state"] == "unchanged"
    assert not Path(shop.options.lake.removeprefix("s3://")).exists()


@pytest.mark.slow
def test_a_catalog_that_is_gone_fails_the_run_and_what_it_published_serves(
    spark: SparkSession, shop: Installation
) -> None:
    shop.execute("update sales_sale set quantity = quantity + 1 where id = (select min(id) from sales_sale)")
    settings = shop.options.settings.model_copy(update={"catalog": "nobodys"})

    with pytest.raises(CatalogError, match="nobodys"):
        sync(spark, replace(shop.options, settings=settings))

    (run,) = RunLedger(shop.options.ledger_url).runs(1)
    assert (run["state"], run["detail"][:16]) == ("published", "published; then:")
    assert shop.differences() == {}


@pytest.mark.slow
def test_maintenance_removes_old_deliveries_and_versions(spark: SparkSession, shop: Installation) -> None:
    lake = Lake(spark, shop.options.lake)
    young = datetime.now(UTC) - timedelta(days=1)

    kept = lake.bronze.drop_before(young)
    dropped = lake.bronze.drop_before(datetime.now(UTC) + timedelta(minutes=1))
    joined, removed = lake.optimize("gold.fact_sales"), lake.vacuum("gold.fact_sales", 0)

    assert kept == {}
    assert dropped["sales"][0] > 0
    assert joined > 0
    assert removed[0] >= joined
    assert shop.differences() == {}


@pytest.mark.slow
def test_a_file_in_a_bucket_is_imported_and_its_faulty_record_is_aside(
    spark: SparkSession, shop: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOOKSALES_LANDING_KEY", PSEUDONYM_KEY.hex())
    with closing(psycopg2.connect(shop.dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select (select min(isbn13) from books_book where currency = 'USD'), (select min(code) from sales_store)"
        )
        (isbn, store) = cursor.fetchone() or ("", "")
    night = f"RECEIPT|LINE|TYPE|EAN|STORE|TIME|QTY|PRICE\n7|1|S|{isbn}|{store}|20250102 101500|2|1299\n7|2|S|{isbn}|{store}|?|1|5\n"
    s3_client(shop.address).put_object(Bucket=BUCKET, Key="in/20250102.csv", Body=night.encode("latin-1"))
    asked = argparse.Namespace(
        files=["till_archive", f"s3://{BUCKET}/in/"], replay_file="", replaces="", approve_deletes=False, plan_file=""
    )

    assert import_csv(spark, shop.options, asked, Progress(terminal=False)) == ExitCode.ATTENTION

    lake = Lake(spark, shop.options.lake)
    lines = lake.read("gold.fact_sales").filter("source = 'till_archive'").select("quantity", "gross_amount").collect()
    assert [tuple(line) for line in lines] == [(2, Decimal("25.98"))]
    aside = (
        lake.read("silver.quarantine").filter("source = 'till_archive'").select("record_number", "reasons").collect()
    )
    assert [(row[0], row[1][0].partition(":")[0]) for row in aside] == [(2, "sold_at")]
    compared = verify(RunLedger(shop.options.ledger_url), shop.options.lake, shop.options.open_warehouse())
    assert [comparison for comparison in compared if not comparison.agrees] == []


@pytest.mark.slow
def test_a_bucket_that_is_not_there_is_named_and_what_serves_goes_on(spark: SparkSession, shop: Installation) -> None:
    served = shop.options.open_warehouse().serving()

    with pytest.raises(Py4JJavaError) as failed:
        reload(spark, replace(shop.options, lake="s3://nobodys-books/lake"))

    # As the entry file says it.
    said = str(explained(failed.value))
    assert said.startswith("UnknownStoreException: `s3://nobodys-books/lake/bronze'")
    assert said.endswith(
        "; there is no such bucket: look at the setting lake. Nothing is published, the version before still serves"
    )
    assert shop.options.open_warehouse().serving() == served
