"""The daily sync on a small shop, in one Spark session: what it brings, what it finds, what it refuses."""

import argparse
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from oracle import differences, held_rows, rollup_differences, source_rows
from pyspark.sql import SparkSession
from small_shop import fill, reader_address, run_options

from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.verify import verify
from jobs_config.errors import ExitCode
from jobs_config.progress import Progress
from spark_jobs import commands
from spark_jobs.options import RunOptions
from spark_jobs.run_ledger import RunLedger
from warehouse.generations import generation_file, read_pointer

SALES = 3_000


@dataclass(frozen=True)
class Installation:
    """One shop with its lake and warehouse, shared by the tests of this module in their order."""

    dsn: str
    options: RunOptions

    def execute(self, *statements: str) -> None:
        with closing(psycopg2.connect(self.dsn)) as connection, connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def differences(self) -> dict[str, dict[str, list[int]]]:
        return differences(source_rows(self.dsn), held_rows(self.options.lake, self.options.warehouse))

    @property
    def generation(self) -> int:
        return read_pointer(self.options.warehouse).generation

    @property
    def ledger(self) -> RunLedger:
        return RunLedger(self.options.ledger_url)


@pytest.fixture(scope="module")
def shop(
    spark: SparkSession, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    postgres.create_database("synced")
    dsn = postgres.owner_dsn("synced")
    fill(dsn, SALES)
    home = tmp_path_factory.mktemp("synced")
    installation = Installation(dsn, run_options(home, reader_address(postgres, dsn)))
    commands.reload_source(spark, installation.options, argparse.Namespace(), Progress(terminal=False))
    yield installation
    postgres.drop_database("synced")


def sync(spark: SparkSession, options: RunOptions, sweep: bool = False, **asked: object) -> int:
    command = commands.sweep_source if sweep else commands.sync_source
    arguments = argparse.Namespace(**{"approve_deletes": False, "plan_file": "", **asked})
    return command(spark, options, arguments, Progress(terminal=False))


def test_a_sync_without_a_change_publishes_nothing(spark: SparkSession, shop: Installation) -> None:
    generation = shop.generation

    code = sync(spark, shop.options)

    run = shop.ledger.runs(1)[0]
    assert (code, run["state"], shop.generation) == (ExitCode.DONE, "unchanged", generation)
    assert shop.differences() == {}


def test_a_sync_brings_what_is_new_changed_and_deleted(spark: SparkSession, shop: Installation) -> None:
    shop.execute(
        "insert into sales_sale (order_id, line_number, kind, book_id, store_id, sold_at, unit_price, quantity, currency) "
        "select 9000000 + id, 1, 'sale', book_id, store_id, sold_at, unit_price, 1, currency from sales_sale "
        "where kind = 'sale' order by id desc limit 20",
        "update sales_sale set quantity = quantity + 1 where id in "
        "(select id from sales_sale where kind = 'sale' and deleted_at is null order by id limit 3)",
        "update sales_sale set sold_at = sold_at - interval '40 days' where id in "
        "(select original_sale_id from sales_sale where original_sale_id is not null order by original_sale_id desc limit 2)",
        "update sales_sale set deleted_at = now() where id in "
        "(select id from sales_sale where kind = 'return' and deleted_at is null order by id limit 2)",
        "delete from sales_sale where id in (select id from sales_sale where kind = 'return' order by id desc limit 3)",
        "update books_book set list_price = list_price + 1, unit_cost = unit_cost + 1 where id % 50 = 1",
        "update sales_store set region_id = (select max(id) from sales_region) where id = 2",
    )
    generation = shop.generation

    code = sync(spark, shop.options)

    assert (code, shop.generation) == (ExitCode.DONE, generation + 1)
    assert shop.differences() == {}
    (step,) = [step for step in shop.ledger.steps(shop.ledger.runs(1)[0]["run_seq"]) if step["name"] == "silver_sales"]
    assert (step["rows_inserted"], step["rows_updated"], step["rows_deleted"]) == (20, 7, 3)
    compared = verify(shop.ledger, Path(shop.options.lake), shop.options.warehouse)
    assert [comparison for comparison in compared if not comparison.agrees] == []


def test_silent_updates_and_untracked_deletes_are_found(spark: SparkSession, shop: Installation) -> None:
    shop.execute(
        "set session_replication_role = replica",
        "update sales_sale set quantity = quantity + 2 where id in (select min(id) from sales_sale where kind = 'sale')",
        "delete from sales_sale where id in (select id from sales_sale where kind = 'return' order by id desc limit 2)",
    )

    sync(spark, shop.options)

    assert shop.differences() == {}


def test_rollups_after_syncs_equal_a_full_rebuild_cell_by_cell(spark: SparkSession, shop: Installation) -> None:
    synced = generation_file(shop.options.warehouse, shop.generation)

    commands.reload_source(spark, shop.options, argparse.Namespace(), Progress(terminal=False))

    rebuilt = generation_file(shop.options.warehouse, shop.generation)
    assert rebuilt != synced
    assert rollup_differences(synced, rebuilt) == {}
