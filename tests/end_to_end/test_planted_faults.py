"""A shop with planted faults: a reload puts exactly those rows aside that the answer key names, each for its reason."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import deltalake
import psycopg2
import pytest
from pyspark.sql import SparkSession
from small_shop import reader_address, reload, run_options

from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.verify import verify
from datagen.plan import ShopPlan
from datagen.shop import generate_shop
from jobs_config.errors import ExitCode
from jobs_config.progress import Progress
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.options import RunOptions

pytestmark = pytest.mark.slow

PLAN = ShopPlan(sales=3_000, years=2, until=date(2025, 6, 30), faults=0.02)
REASONS = {
    "wrong check digit": ("silver.books", "isbn13_check_digit"),
    "unknown currency": ("silver.sales", "currency_is_a_code"),
    "a year before there was a shop": ("silver.sales", "sold_in_a_plausible_year"),
}


@pytest.fixture
def damaged(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[tuple[RunOptions, list[tuple[int, str]]]]:
    postgres.create_database("damaged_shop")
    dsn = postgres.owner_dsn("damaged_shop")
    generate_shop(dsn, PLAN, Progress(terminal=False))
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select row_key, fault from datagen_fault")
        planted = cursor.fetchall()
    yield run_options(tmp_path, reader_address(postgres, dsn)), planted
    postgres.drop_database("damaged_shop")


def test_a_reload_puts_aside_what_was_damaged_and_nothing_else(
    spark: SparkSession, damaged: tuple[RunOptions, list[tuple[int, str]]]
) -> None:
    options, planted = damaged

    code = reload(spark, options)

    assert code == ExitCode.ATTENTION
    rows = deltalake.DeltaTable(f"{options.lake}/silver/quarantine").to_pyarrow_table().to_pylist()
    aside = {(row["table_name"], row["row_key"]): row["reasons"] for row in rows}
    wanted = {
        (table, f"{options.mapping.source}/{key}"): [rule] for key, fault in planted for table, rule in [REASONS[fault]]
    }
    assert aside == wanted
    compared = verify(RunLedger(options.ledger_url), options.lake, options.open_warehouse())
    assert [comparison for comparison in compared if not comparison.agrees] == []
