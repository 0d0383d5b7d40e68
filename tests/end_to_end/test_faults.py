"""A sync or reload under which something breaks: it fails in words and in time, the old version serves, the next run ends equal."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
import pytest
from crashes import fault_at
from faults import Wire, end_backends, room_for_no_more
from oracle import differences, held_rows, source_rows
from pyspark.sql import SparkSession
from small_shop import fill, reader_address, reload, run_options, sync

from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.errors import BooksalesError, ExitCode
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.options import RunOptions
from warehouse.embedded.generations import read_pointer
from warehouse.publication import PublicationError

pytestmark = [
    pytest.mark.slow,
    # What a broken connection leaves is closed by the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SALES = 600
SECONDS = 120
RUNS: dict[str, Callable[[SparkSession, RunOptions], int]] = {"sync": sync, "reload": reload}

MORE = """
insert into sales_sale (order_id, line_number, kind, book_id, store_id, sold_at, unit_price, quantity, currency)
select max(order_id) + 1, 1, 'sale', min(book_id), min(store_id), max(sold_at), 9.99, 1, 'USD' from sales_sale;
update books_book set list_price = list_price + 1 where id % 7 = 3
"""


@dataclass(frozen=True)
class Installation:
    """A shop behind a wire that can be cut, published once."""

    dsn: str
    options: RunOptions
    wire: Wire

    def change(self) -> None:
        with closing(psycopg2.connect(self.dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(MORE)

    def differences(self) -> dict[str, dict[str, list[int]]]:
        return differences(source_rows(self.dsn), held_rows(self.options.lake, self.options.warehouse))


@pytest.fixture(scope="module")
def shop(
    spark: SparkSession, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    postgres.create_database("faulty")
    dsn = postgres.owner_dsn("faulty")
    fill(dsn, SALES)
    address = reader_address(postgres, dsn)
    wire = Wire(address.host, address.port)
    options = run_options(tmp_path_factory.mktemp("faulty"), replace(address, port=wire.port))
    reload(spark, options)
    yield Installation(dsn, options, wire)
    wire.close()
    postgres.drop_database("faulty")


def fails(spark: SparkSession, shop: Installation, kind: str, point: str, fault: Callable[[], object]) -> str:
    """Let the run fail by a fault at a point, within its time and with the old version serving; gives what it says."""
    shop.change()
    served, started = read_pointer(shop.options.warehouse), time.monotonic()
    with (
        fault_at(point, fault) as passed,
        pytest.raises((BooksalesError, PublicationError)) as failed,
    ):
        RUNS[kind](spark, shop.options)
    assert point in passed
    assert time.monotonic() - started < SECONDS
    assert read_pointer(shop.options.warehouse) == served
    return str(failed.value)


def recovers(spark: SparkSession, shop: Installation) -> None:
    before = shop.differences()

    assert sync(spark, shop.options) == ExitCode.DONE

    assert before != {}
    assert shop.differences() == {}


@pytest.mark.parametrize(
    ("kind", "point"),
    # At its first commit to silver a reload has let the source go.
    [("sync", "table.arrived books"), ("reload", "table.arrived books"), ("sync", "table.committed silver.sales")],
)
def test_ended_backends(spark: SparkSession, shop: Installation, kind: str, point: str) -> None:
    ended = []

    said = fails(spark, shop, kind, point, lambda: ended.append(end_backends(shop.dsn, "booksales_reader")))

    assert ended[0] > 0
    assert "connection" in said or "terminat" in said
    recovers(spark, shop)


@pytest.mark.parametrize("kind", RUNS)
def test_a_cut_wire(spark: SparkSession, shop: Installation, kind: str) -> None:
    said = fails(spark, shop, kind, "table.arrived books", shop.wire.cut)
    shop.wire.mend()

    assert "connection" in said
    recovers(spark, shop)


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize(
    "point",
    [
        "table.arrived books",
        "table.committing silver.sales",
        "table.committed silver.sales",
        "table.committing gold.fact_sales",
        "publication.step building rollup_sales_daily",
        "publication.step checking the publication",
    ],
)
def test_no_room_for_another_write(spark: SparkSession, shop: Installation, kind: str, point: str) -> None:
    with room_for_no_more() as fill_disk:
        said = fails(spark, shop, kind, point, fill_disk)

    assert "large" in said or "space" in said or "write" in said or "I/O" in said, said
    recovers(spark, shop)


@pytest.mark.parametrize("kind", RUNS)
def test_no_room_for_the_last_word(spark: SparkSession, shop: Installation, kind: str) -> None:
    """When a publication moves into place all of it is written: it serves, and what cannot be written is the ledger's line."""
    shop.change()
    served = read_pointer(shop.options.warehouse).generation

    with (
        room_for_no_more() as fill_disk,
        fault_at("publication.step moving the publication into place", fill_disk),
        pytest.raises(BooksalesError) as failed,
    ):
        RUNS[kind](spark, shop.options)

    assert "run ledger" in str(failed.value)
    assert read_pointer(shop.options.warehouse).generation == served + 1
    assert shop.differences() == {}
    assert sync(spark, shop.options) == ExitCode.DONE
    assert RunLedger(shop.options.ledger_url).runs(2)[1]["state"] == "published"


def test_control_without_a_fault_the_run_publishes(spark: SparkSession, shop: Installation, tmp_path: Path) -> None:
    shop.change()
    served = read_pointer(shop.options.warehouse).generation

    with fault_at("table.committed silver.sales", lambda: (tmp_path / "passed").touch()):
        assert sync(spark, shop.options) == ExitCode.DONE

    assert (tmp_path / "passed").exists()
    assert read_pointer(shop.options.warehouse).generation == served + 1
