"""Syncs while ten writers change the shop in every way there is: after each, the lake equals the source as of the run's snapshot.

The oracle reads the source inside the very snapshot that the run has exported, by SQL of its own.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from oracle import Rows, differences, exported_snapshots, held_rows, rollup_differences, source_rows
from pyspark.sql import SparkSession
from small_shop import fill, reader_address, reload, run_options, sync
from storm import Storm

from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.errors import ExitCode
from jobs_config.progress import Progress
from spark_jobs.options import RunOptions
from warehouse.embedded.generations import generation_file, read_pointer

SALES = 1_500


class Witness(Progress):
    """Progress that asks the oracle while the run's snapshot is open."""

    def __init__(self, dsn: str) -> None:
        super().__init__(terminal=False)
        self._dsn = dsn
        self.seen: dict[str, Rows] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        if name == "merge into silver":
            with closing(psycopg2.connect(self._dsn)) as connection, connection.cursor() as cursor:
                (snapshot,) = exported_snapshots(cursor)
            self.seen = source_rows(self._dsn, snapshot)
        with super().phase(name):
            yield


def stormy_syncs(spark: SparkSession, dsn: str, options: RunOptions, syncs: int, longest_seconds: float) -> Storm:
    """Run syncs one after the other in a storm, and hold each against the oracle. Returns the storm, for what it did."""
    with Storm(dsn, writers=10, longest_seconds=longest_seconds) as storm:
        for number in range(syncs):
            witness = Witness(dsn)
            code = sync(spark, options, progress=witness, approve_deletes=True)
            found = differences(witness.seen, held_rows(options.lake, options.warehouse))
            assert (number, code, found) == (number, ExitCode.DONE, {})
    return storm


@pytest.fixture
def shop(spark: SparkSession, postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[tuple[str, RunOptions]]:
    postgres.create_database("stormy")
    dsn = postgres.owner_dsn("stormy")
    fill(dsn, SALES)
    options = run_options(tmp_path, reader_address(postgres, dsn))
    reload(spark, options)
    yield dsn, options
    postgres.drop_database("stormy")


def assert_rollups_equal_a_rebuild(spark: SparkSession, options: RunOptions) -> None:
    sync(spark, options, approve_deletes=True)
    synced = generation_file(options.warehouse, read_pointer(options.warehouse).generation)
    reload(spark, options)
    rebuilt = generation_file(options.warehouse, read_pointer(options.warehouse).generation)
    assert rollup_differences(synced, rebuilt) == {}


# Two hundred syncs. Slow, all: a sync takes 10 to 20 s in the tests' session, which leaves no room for them in `make test`.
@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_after_each_sync_in_a_storm_the_lake_equals_the_source(
    spark: SparkSession, shop: tuple[str, RunOptions], number: int
) -> None:
    dsn, options = shop

    storm = stormy_syncs(spark, dsn, options, syncs=20, longest_seconds=20 if number % 2 else 120)

    assert {kind for kind in storm.kinds if not storm.counts[kind]} == set()
    assert_rollups_equal_a_rebuild(spark, options)
