"""The daily sync on a small shop, in one Spark session: what it brings, what it finds, what it refuses."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deltalake
import psycopg2
import pytest
from oracle import differences, held_rows, rollup_differences, source_rows
from pyspark.sql import SparkSession
from small_shop import fill, reader_address, reload, run_options, sync

from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.verify import verify
from jobs_config.errors import ExitCode
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.errors import ApprovalError, SourceChangedError
from spark_jobs.extract.drift import NEW_COLUMNS
from spark_jobs.options import RunOptions
from warehouse.embedded.generations import generation_file, read_pointer

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

    def planned(self, spark: SparkSession, kind: str = "sync", **asked: object) -> list[dict[str, Any]]:
        """What a dry run says of each table."""
        file = Path(self.options.reports).with_name("plan.json")
        sync(spark, self.options, kind, plan_file=str(file), **asked)
        found: list[dict[str, Any]] = json.loads(file.read_text())
        return found

    def plan(self, spark: SparkSession, kind: str = "sync", **asked: object) -> dict[str, tuple[int, ...]]:
        """The rows that it says are new, changed and gone by table, where there are any."""
        return {
            entry["table"]: counts
            for entry in self.planned(spark, kind, **asked)
            if any(counts := (entry["new"], entry["changed"], entry["gone"]))
        }

    def done(self) -> dict[str, tuple[int, ...]]:
        """What the last run did to silver, likewise."""
        found: dict[str, tuple[int, ...]] = {}
        for step in self.ledger.steps(self.ledger.runs(1)[0]["run_seq"]):
            counts = tuple(step[f"rows_{what}"] or 0 for what in ("inserted", "updated", "deleted"))
            if step["table_name"].startswith("silver.") and any(counts):
                table = step["table_name"].removeprefix("silver.")
                found[table] = tuple(map(sum, zip(found.get(table, (0, 0, 0)), counts, strict=True)))
        return found

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
    reload(spark, installation.options)
    yield installation
    postgres.drop_database("synced")


def test_a_sync_without_a_change_publishes_nothing(spark: SparkSession, shop: Installation) -> None:
    generation = shop.generation

    code = sync(spark, shop.options)

    run = shop.ledger.runs(1)[0]
    assert (code, run["state"], shop.generation) == (ExitCode.DONE, "unchanged", generation)
    assert shop.differences() == {}


def test_a_column_that_the_shop_has_got_is_named_until_it_is_read(spark: SparkSession, shop: Installation) -> None:
    shop.execute("alter table sales_channel add column gift_note text, add column weight_grams integer")

    sync(spark, shop.options)

    named = [row for row in shop.ledger.quality(shop.ledger.runs(1)[0]["run_seq"]) if row["expectation"] == NEW_COLUMNS]
    assert [(row["table_name"], row["level"], row["failed_rows"]) for row in named] == [("silver.channels", "warn", 2)]
    shop.execute("alter table sales_channel drop column gift_note, drop column weight_grams")


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
    compared = verify(shop.ledger, shop.options.lake, shop.options.open_warehouse())
    assert [comparison for comparison in compared if not comparison.agrees] == []


def test_silent_updates_and_untracked_deletes_are_found(spark: SparkSession, shop: Installation) -> None:
    shop.execute(
        "set session_replication_role = replica",
        "update sales_sale set quantity = quantity + 2 where id in (select min(id) from sales_sale where kind = 'sale')",
        "delete from sales_sale where id in (select id from sales_sale where kind = 'return' order by id desc limit 2)",
    )
    generation, planned = shop.generation, shop.plan(spark)
    assert shop.generation == generation

    sync(spark, shop.options)

    assert shop.differences() == {}
    assert planned == shop.done() == {"sales": (0, 1, 2)}


def test_a_backfill_reads_days_again_that_no_net_would_look_at(
    spark: SparkSession, shop: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As of a table too large to be looked at row by row on every sync.
    monkeypatch.setattr("spark_jobs.extract.changes.SWEPT_ROWS", 0)
    shop.execute(
        "set session_replication_role = replica",
        "update sales_sale set quantity = quantity + 5 where id = (select min(id) from sales_sale where kind = 'sale' "
        "and sold_at >= '2025-03-01' and sold_at < '2025-04-01')",
        "update sales_sale set sold_at = sold_at + interval '100 days' where id = (select max(id) from sales_sale "
        "where kind = 'sale' and sold_at >= '2025-03-01' and sold_at < '2025-04-01')",
        "delete from sales_sale where id = (select min(id) from sales_sale where kind = 'return' "
        "and sold_at >= '2025-03-01' and sold_at < '2025-04-01')",
    )
    sync(spark, shop.options)
    unseen = shop.differences()
    march = {"from_date": "2025-03-01", "until_date": "2025-03-31"}
    planned = shop.plan(spark, "backfill", **march)

    sync(spark, shop.options, "backfill", **march)

    assert {name: len(keys) for name, keys in unseen["sales"].items()} == {"ghosts": 1, "stale": 2}
    assert shop.differences() == {}
    assert planned == shop.done() == {"sales": (0, 2, 1)}


def test_rollups_after_syncs_equal_a_full_rebuild_cell_by_cell(spark: SparkSession, shop: Installation) -> None:
    synced = generation_file(shop.options.warehouse, shop.generation)

    reload(spark, shop.options)

    rebuilt = generation_file(shop.options.warehouse, shop.generation)
    assert rebuilt != synced
    assert rollup_differences(synced, rebuilt) == {}


UNTRACKED = "set session_replication_role = replica"
DAMAGES = {
    "more rows gone than may go unasked": (
        ("delete from books_series where id % 3 = 0",),
        "series",
        r"books_series.* rows are gone from it.*`booksales sync --approve-deletes`",
    ),
    "a table that was emptied": (
        ("update sales_sale set promotion_id = null", "delete from sales_promotion"),
        "promotions",
        r"sales_promotion.*it is empty.*--approve-deletes",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sync", "sweep"])
def test_a_dry_run_says_what_the_run_then_does(spark: SparkSession, shop: Installation, kind: str) -> None:
    shop.execute(
        "insert into sales_sale (order_id, line_number, kind, book_id, store_id, sold_at, unit_price, quantity, currency) "
        "select 8000000 + (select count(*) from sales_sale) + id, 1, 'sale', book_id, store_id, sold_at, unit_price, 1, currency "
        "from sales_sale where kind = 'sale' order by id desc limit 5",
        "update books_book set list_price = list_price + 1 where id % 40 = 1",
        "delete from sales_sale where id in (select id from sales_sale where kind = 'return' order by id limit 2)",
        UNTRACKED,
        "update sales_store set name = name || '!' where id = 3",
        "delete from sales_sale where id in (select id from sales_sale where kind = 'return' order by id desc limit 2)",
    )

    planned = shop.plan(spark, kind)
    sync(spark, shop.options, kind)

    assert planned == shop.done()
    assert planned["sales"] == (5, 0, 4)
    assert planned["stores"] == (0, 1, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("damage", "table", "message"), DAMAGES.values(), ids=DAMAGES)
def test_what_cannot_be_told_from_damage_is_taken_away_only_when_asked(
    spark: SparkSession, shop: Installation, damage: tuple[str, ...], table: str, message: str
) -> None:
    generation = shop.generation
    shop.execute(UNTRACKED, *damage)
    stopping = [entry["table"] for entry in shop.planned(spark) if entry["needs_approval"]]

    with pytest.raises(ApprovalError, match=message):
        sync(spark, shop.options)
    assert (shop.generation, shop.ledger.runs(1)[0]["state"]) == (generation, "failed")
    assert stopping == [table]

    assert sync(spark, shop.options, approve_deletes=True) == ExitCode.DONE
    assert shop.differences() == {}


@pytest.mark.slow
def test_many_lines_whose_deletion_is_recorded_need_no_approval_in_a_backfill_either(
    spark: SparkSession, shop: Installation
) -> None:
    # Triggers record them; those of 2025 are more than a run may take away for want of them.
    shop.execute("delete from sales_sale where kind = 'return' or original_sale_id is not null")
    shop.execute(
        "delete from sales_sale where id in (select id from sales_sale where sold_at >= '2025-01-01' "
        "and sold_at < '2026-01-01' order by id limit 400)"
    )
    year = {"from_date": "2025-01-01", "until_date": "2025-12-31"}
    planned = shop.planned(spark, "backfill", **year)

    sync(spark, shop.options, "backfill", **year)

    (sales,) = [entry for entry in planned if entry["table"] == "sales"]
    assert sales["gone"] > 400
    assert not sales["needs_approval"]
    assert shop.done()["sales"][2] == sales["gone"]
    assert shop.differences() == {}


def test_a_truncated_table_is_named_and_nothing_is_taken_away(spark: SparkSession, shop: Installation) -> None:
    generation = shop.generation
    shop.execute("truncate sales_exchange_rate")

    with pytest.raises(ApprovalError, match=r"sales_exchange_rate.*it is empty"):
        sync(spark, shop.options)

    assert shop.generation == generation
    assert deltalake.DeltaTable(f"{shop.options.lake}/silver/exchange_rates").to_pyarrow_dataset().count_rows() > 0


@pytest.mark.slow
def test_a_shop_without_any_sale_is_named_and_then_loaded_as_such(spark: SparkSession, shop: Installation) -> None:
    shop.execute("truncate sales_sale cascade")
    with pytest.raises(ApprovalError, match=r"sales_sale.*it is empty.*--approve-deletes"):
        sync(spark, shop.options)

    assert sync(spark, shop.options, approve_deletes=True) == ExitCode.DONE
    assert shop.differences() == {}
    assert reload(spark, shop.options) == ExitCode.DONE
    assert shop.differences() == {}


def test_a_table_made_anew_is_another_source_and_nothing_is_loaded(spark: SparkSession, shop: Installation) -> None:
    generation = shop.generation
    shop.execute(
        "create table other (like sales_channel including all)",
        "insert into other select * from sales_channel",
        "drop table sales_channel cascade",
        "alter table other rename to sales_channel",
    )

    with pytest.raises(SourceChangedError, match=r"sales_channel\W+ is another table than before.*`booksales reload`"):
        sync(spark, shop.options)

    assert shop.generation == generation
