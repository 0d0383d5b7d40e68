"""A run killed at any of its named points: the old version serves, a rerun ends equal, nothing is lost and nothing is there twice.

The points are the events that a run logs. In `make test` one sync after the other dies at the eight worst, each before the
next is run to its own; in `make test-all` every point of sync and reload is tried for itself.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg2
import pytest
from crashes import Killed, crash_at
from oracle import differences, held_rows, rollup_differences, source_rows
from pyspark.sql import SparkSession
from small_shop import fill, reader_address, reload, run_options, sync

from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.verify import verify
from jobs_config.errors import ExitCode
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.options import RunOptions
from warehouse.embedded.generations import generation_file, read_pointer

# A thread that dies in the middle of a call leaves its connection to the JVM to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SALES = 600

# Between two commits that belong together, and around the moment at which readers change over.
WORST = [
    "table.arrived sales",
    "table.committing silver.sales",
    "table.committed silver.sales",
    "table.committed gold.dim_book",
    "table.committed gold.fact_sales",
    "publication.step moving the publication into place",
    "publication.served",
    "publication.step moving the pointer",
]

CHANGES = """
insert into sales_sale (order_id, line_number, kind, book_id, store_id, sold_at, unit_price, quantity, currency)
select coalesce(max(order_id), 0) + 1, 1, 'sale', min(book_id), min(store_id), max(sold_at), 9.99, 1, 'USD' from sales_sale;
update sales_sale set quantity = quantity + 1 where id = (select min(id) from sales_sale where kind = 'sale' and deleted_at is null);
update sales_sale set sold_at = sold_at - interval '3 days' where id = (select max(id) from sales_sale where kind = 'sale');
delete from sales_sale where id = (select min(id) from sales_sale where kind = 'return');
update books_book set list_price = list_price + 1, unit_cost = unit_cost + 0.5 where id % 7 = 3
"""


UNITS = "select sum(gross_units - return_units) from analytics"
TOTALS = f"""
select count(*), sum(quantity), sum(gross_amount), ({UNITS}.rollup_sales_daily), ({UNITS}.rollup_book_daily)
from analytics.fact_sales
"""


def change(dsn: str) -> None:
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(CHANGES)


def served(options: RunOptions) -> tuple[int, list[tuple[object, ...]]]:
    """The generation that serves, and what it says of itself: opened anew, as a reader does."""
    pointer = read_pointer(options.warehouse)
    with duckdb.connect(str(generation_file(options.warehouse, pointer.generation)), read_only=True) as connection:
        totals = connection.execute(TOTALS).fetchall()
    return pointer.generation, totals


def is_whole(totals: list[tuple[object, ...]]) -> bool:
    """Facts and rollups are of one state."""
    ((_, quantity, _, by_day, by_book),) = totals
    return quantity == by_day == by_book


def die_at(point: str, run: Callable[[], int]) -> None:
    with crash_at(point) as passed, pytest.raises(Killed):
        run()
    assert passed[-1] == point


@pytest.fixture
def shop(spark: SparkSession, postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[tuple[str, RunOptions]]:
    postgres.create_database("crashing")
    dsn = postgres.owner_dsn("crashing")
    fill(dsn, SALES)
    options = run_options(tmp_path, reader_address(postgres, dsn))
    reload(spark, options)
    yield dsn, options
    postgres.drop_database("crashing")


def assert_equal_to_the_source(dsn: str, options: RunOptions, after: str = "") -> None:
    assert (after, differences(source_rows(dsn), held_rows(options.lake, options.warehouse))) == (after, {})
    compared = verify(RunLedger(options.ledger_url), options.lake, options.open_warehouse())
    assert (after, [comparison for comparison in compared if not comparison.agrees]) == (after, [])


def test_syncs_that_die_at_the_worst_points_leave_the_old_version_and_a_rerun_ends_equal(
    spark: SparkSession, shop: tuple[str, RunOptions]
) -> None:
    dsn, options = shop
    for point in WORST:
        change(dsn)
        before = served(options)

        die_at(point, lambda: sync(spark, options))

        after = served(options)
        assert is_whole(after[1])
        assert after == before or point == "publication.served"
        if point == "table.committed silver.sales":
            # The control: without a rerun the oracle sees what is missing.
            found = differences(source_rows(dsn), held_rows(options.lake, options.warehouse))
            assert "facts" in found
            assert "sales" not in found

    code = sync(spark, options)

    assert code == ExitCode.DONE
    assert_equal_to_the_source(dsn, options)
    last = RunLedger(options.ledger_url).runs(2)[1]
    assert (last["state"], last["detail"]) == ("published", "ended without a word after it had published")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sync", "reload"])
def test_a_run_that_dies_at_any_point_leaves_the_old_version_and_a_rerun_ends_equal(
    spark: SparkSession, shop: tuple[str, RunOptions], kind: str
) -> None:
    dsn, options = shop
    run = {"sync": sync, "reload": reload}[kind]
    change(dsn)
    with crash_at("") as points:
        run(spark, options)
    wanted = list(dict.fromkeys(points))
    assert len(wanted) > 35

    for point in wanted:
        change(dsn)
        before = served(options)
        try:
            die_at(point, lambda: run(spark, options))
        except pytest.fail.Exception:
            continue  # this time the run had no such step
        after = served(options)
        assert is_whole(after[1]), point
        served_by_then = ("publication.served", "publication.step published", "publication.recorded")
        assert after == before or point.startswith(served_by_then), point

        assert sync(spark, options) == ExitCode.DONE
        assert_equal_to_the_source(dsn, options, point)

    synced = generation_file(options.warehouse, read_pointer(options.warehouse).generation)
    reload(spark, options)
    assert (
        rollup_differences(synced, generation_file(options.warehouse, read_pointer(options.warehouse).generation)) == {}
    )
