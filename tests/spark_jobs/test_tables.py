from datetime import date
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from frames import assert_rows, table
from pyspark.sql import functions as F

from spark_jobs.delta_log import Note
from spark_jobs.errors import LakeError
from spark_jobs.schemas import table_schema
from spark_jobs.tables import IS_GONE, Lake
from warehouse.contract import load_contract

CHANNELS = "silver.channels"
COLUMNS = "source string, channel_id bigint, name string"


@pytest.fixture
def lake(spark, tmp_path):
    return Lake(spark, str(tmp_path / "lake"))


def channel(channel_id: int, name: str, source: str = "bookstore") -> dict[str, object]:
    return {"source": source, "channel_id": channel_id, "code": "web", "name": name}


@pytest.fixture(scope="module")
def replaced(spark, tmp_path_factory):
    """A table that runs 1 and 2 replaced."""
    lake = Lake(spark, str(tmp_path_factory.mktemp("replaced") / "lake"))
    deliveries = [(1, [channel(1, "Web"), channel(2, "App")]), (2, [channel(4, "Wholesale")])]
    for run_seq, rows in deliveries:
        lake.replace(table(spark, CHANNELS, *rows), CHANNELS, Note(run_seq))
    return lake


@pytest.mark.parametrize("run_seq", [2, 1], ids=["the same run", "an earlier run"])
def test_a_write_of_a_number_that_has_been_is_refused_and_changes_nothing(replaced, spark, run_seq):
    late = table(spark, CHANNELS, channel(3, "Store"))

    with pytest.raises(LakeError, match=rf"run {run_seq} or a later one has written it already"):
        replaced.replace(late, CHANNELS, Note(run_seq))
    with pytest.raises(LakeError, match=rf"run {run_seq} or a later one has written it already"):
        replaced.merge(late.selectExpr("*", "false as _is_gone"), CHANNELS, Note(run_seq))

    assert_rows(replaced.read(CHANNELS), COLUMNS, ("bookstore", 4, "Wholesale"))


def test_the_version_before_can_still_be_read_from_its_own_files(replaced, spark):
    of_first = spark.read.parquet(*replaced.data_files(CHANNELS, 0))

    assert_rows(replaced.read(CHANNELS, version=0), COLUMNS, ("bookstore", 1, "Web"), ("bookstore", 2, "App"))
    assert_rows(of_first, COLUMNS, ("bookstore", 1, "Web"), ("bookstore", 2, "App"))


def test_a_source_replaces_its_own_rows_alone(lake, spark):
    lake.replace(table(spark, CHANNELS, channel(1, "Web", "kiosk")), CHANNELS, Note(1), "source = 'kiosk'")
    lake.replace(
        table(spark, CHANNELS, channel(1, "Web"), channel(2, "App")), CHANNELS, Note(2), "source = 'bookstore'"
    )

    lake.replace(table(spark, CHANNELS, channel(2, "Mobile")), CHANNELS, Note(3), "source = 'bookstore'")

    assert_rows(lake.read(CHANNELS), COLUMNS, ("kiosk", 1, "Web"), ("bookstore", 2, "Mobile"))


def changes(spark, *rows, gone=()):
    present = table(spark, CHANNELS, *rows).withColumn(IS_GONE, F.lit(False))
    return present.unionByName(table(spark, CHANNELS, *gone).withColumn(IS_GONE, F.lit(True)))


def test_a_merge_updates_the_rows_of_a_key_adds_others_and_takes_out_what_is_gone(lake, spark):
    lake.merge(changes(spark, channel(1, "Web"), channel(2, "App"), channel(3, "Store")), CHANNELS, Note(1))

    lake.merge(
        changes(spark, channel(2, "Mobile"), channel(1, "Web", "kiosk"), gone=[channel(3, "Store"), channel(9, "")]),
        CHANNELS,
        Note(2),
    )

    assert_rows(lake.read(CHANNELS), COLUMNS, ("bookstore", 1, "Web"), ("bookstore", 2, "Mobile"), ("kiosk", 1, "Web"))


def test_a_merge_leaves_no_setting_behind_that_would_pass_over_the_next_write(lake, spark):
    lake.merge(changes(spark, channel(1, "Web")), CHANNELS, Note(1))
    lake.merge(changes(spark, channel(2, "App")), CHANNELS, Note(2))

    table(spark, CHANNELS, channel(3, "Store")).write.format("delta").mode("append").save(lake.path(CHANNELS))

    assert lake.read(CHANNELS).count() == 3


def test_a_write_says_in_its_own_commit_what_it_was_made_of_and_which_days_it_touched(lake, spark):
    days = [date(2024, 3, 1), date(2024, 3, 9)]
    lake.replace(table(spark, CHANNELS, channel(1, "Web")), CHANNELS, Note(1, {"silver.x": "3"}))
    lake.merge(changes(spark, channel(2, "App")), CHANNELS, Note(2, {"silver.x": "4"}, days[:1]))
    lake.replace(table(spark, CHANNELS, channel(2, "App")), CHANNELS, Note(3, {}, days[1:]), "channel_id = 2")

    assert lake.note(CHANNELS) == Note(3, {}, days[1:])
    assert lake.days_written(CHANNELS, since=2) == []
    assert lake.days_written(CHANNELS, since=1) == days[1:]
    assert lake.days_written(CHANNELS, since=0) == days
    assert lake.days_written(CHANNELS, since=-1) is None  # the first write may have touched any day


def test_maintenance_is_no_change_of_the_data(lake, spark):
    for number in (1, 2):
        lake.merge(changes(spark, channel(number, "Web")), CHANNELS, Note(number, {}, [date(2024, 3, number)]))
    before = lake.data_version(CHANNELS)

    DeltaTable.forPath(spark, lake.path(CHANNELS)).optimize().executeCompaction()

    assert (lake.version(CHANNELS), before, lake.data_version(CHANNELS)) == (2, 1, 1)
    assert lake.note(CHANNELS).run_seq == 2
    assert lake.days_written(CHANNELS, since=1) == []


def test_where_the_log_does_not_reach_back_any_day_may_have_changed(lake, spark):
    for number in (1, 2, 3):
        lake.merge(changes(spark, channel(number, "Web")), CHANNELS, Note(number, {}, []))
    assert lake.days_written(CHANNELS, since=0) == []

    (Path(lake.path(CHANNELS)) / "_delta_log" / f"{1:020d}.json").unlink()

    of_a_later_run = Lake(spark, lake.root)
    assert of_a_later_run.days_written(CHANNELS, since=0) is None
    assert of_a_later_run.days_written(CHANNELS, since=1) == []


def test_a_table_that_does_not_exist_reads_as_empty_and_has_no_version(lake):
    assert not lake.exists(CHANNELS)
    assert lake.read(CHANNELS).schema == table_schema(load_contract(CHANNELS))
    assert_rows(lake.read(CHANNELS), COLUMNS)
    with pytest.raises(LakeError, match="no Delta table; run `booksales reload`"):
        lake.version(CHANNELS)


def test_the_writers_since_a_version_are_the_runs_that_changed_rows(replaced, spark):
    replaced.optimize(CHANNELS)

    assert replaced.writers_since(CHANNELS, 0) == {2}
    assert replaced.writers_since(CHANNELS, 1) == set()
