from datetime import date
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from frames import assert_rows, frame, table
from pyspark.sql import functions as F

from spark_jobs.delta_log import Note
from spark_jobs.errors import LakeError
from spark_jobs.schemas import bronze_schema, table_schema
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
    assert lake.changed_days(CHANNELS, since=2) == []
    assert lake.changed_days(CHANNELS, since=1) == days[1:]
    assert lake.changed_days(CHANNELS, since=0) == days
    assert lake.changed_days(CHANNELS, since=-1) is None  # the first write may have touched any day


def test_maintenance_is_no_change_of_the_data(lake, spark):
    for number in (1, 2):
        lake.merge(changes(spark, channel(number, "Web")), CHANNELS, Note(number, {}, [date(2024, 3, number)]))
    before = lake.data_version(CHANNELS)

    DeltaTable.forPath(spark, lake.path(CHANNELS)).optimize().executeCompaction()

    assert (lake.version(CHANNELS), before, lake.data_version(CHANNELS)) == (2, 1, 1)
    assert lake.note(CHANNELS).run_seq == 2
    assert lake.changed_days(CHANNELS, since=1) == []


def test_where_the_log_does_not_reach_back_any_day_may_have_changed(lake, spark):
    for number in (1, 2, 3):
        lake.merge(changes(spark, channel(number, "Web")), CHANNELS, Note(number, {}, []))
    assert lake.changed_days(CHANNELS, since=0) == []

    (Path(lake.path(CHANNELS)) / "_delta_log" / f"{1:020d}.json").unlink()

    assert lake.changed_days(CHANNELS, since=0) is None
    assert lake.changed_days(CHANNELS, since=1) == []


def test_a_delivery_is_readable_once_it_is_sealed_and_a_repeated_one_has_to_be_sealed_again(lake, spark):
    schema = bronze_schema(load_contract(CHANNELS))
    delivery = table(spark, CHANNELS, channel(1, "Web")).drop("source")

    lake.write_bronze(delivery, "bronze.channels", 7)
    with pytest.raises(
        LakeError, match=r"run=00000007: run 7 did not finish delivering bronze\.channels; start a new run"
    ):
        lake.read_bronze("bronze.channels", 7)

    lake.seal_bronze("bronze.channels", 7, {"rows": 1})
    found = lake.read_bronze("bronze.channels", 7)
    assert found.schema == schema
    assert_rows(found, "channel_id bigint, name string, _run_seq bigint", (1, "Web", None))

    lake.write_bronze(delivery, "bronze.channels", 7)
    with pytest.raises(LakeError, match="did not finish"):
        lake.read_bronze("bronze.channels", 7)


def test_the_newest_run_is_the_highest_that_delivered_anything_sealed_or_not(lake, tmp_path):
    assert lake.newest_run() == 0

    for folder in (
        "channels/run=00000009",
        "stores/run=00000012",
        "stores/run=00000003",
        "goodbooks/run=00000010/file=ab",
    ):
        (tmp_path / "lake" / "bronze" / folder).mkdir(parents=True)

    assert lake.newest_run() == 12


def test_a_run_that_delivered_nothing_is_refused(lake):
    with pytest.raises(LakeError, match="run 8 did not finish"):
        lake.read_bronze("bronze.channels", 8)


def test_a_table_that_does_not_exist_reads_as_empty_and_has_no_version(lake):
    assert not lake.exists(CHANNELS)
    assert lake.read(CHANNELS).schema == table_schema(load_contract(CHANNELS))
    assert_rows(lake.read(CHANNELS), COLUMNS)
    with pytest.raises(LakeError, match="no Delta table; run `booksales reload`"):
        lake.version(CHANNELS)


def delivered(lake, spark, run_seq, *numbers, sealed=True):
    rows = spark.createDataFrame([], bronze_schema(load_contract(CHANNELS)))
    some = frame(spark, "channel_id bigint", *((number,) for number in numbers))
    lake.write_bronze(rows.unionByName(some, allowMissingColumns=True), "bronze.channels", run_seq)
    if sealed:
        lake.seal_bronze("bronze.channels", run_seq, {"rows": len(numbers)})


def folders(lake):
    found = lake.read_deliveries("bronze.channels").select("_folder", "channel_id").collect()
    return sorted((row[0], row[1]) for row in found)


def test_a_delivery_that_is_written_anew_takes_the_place_of_the_one_before_sealed(lake, spark, tmp_path):
    delivered(lake, spark, 1, 1, 2)
    delivered(lake, spark, 2, 2, 3)

    rows = lake.read_delivery("bronze.channels", "run=00000002").filter("channel_id <> 2")
    lake.rewrite_delivery("bronze.channels", "run=00000002", rows, 5)

    assert folders(lake) == [("run=00000001", 1), ("run=00000001", 2), ("run=00000002", 3)]
    assert_rows(lake.read_bronze("bronze.channels", 2), "channel_id bigint", (3,))
    manifest = (tmp_path / "lake/bronze/channels/run=00000002/_sealed.json").read_text()
    assert manifest == '{"rows": 2, "rewritten_by": 5}'


@pytest.mark.parametrize(
    ("is_sealed", "is_gone", "kept"),
    [(False, False, 2), (True, False, 3), (True, True, 3)],
    ids=["killed while it wrote", "killed before the swap", "killed in the swap"],
)
def test_a_rewrite_that_was_killed_is_finished_where_it_was_sealed_else_undone(
    lake, spark, tmp_path, is_sealed, is_gone, kept
):
    delivered(lake, spark, 1, 2)
    delivered(lake, spark, 9, 3)
    place = tmp_path / "lake/bronze/channels"
    new = (place / "run=00000009").rename(place / "run=00000001.rewritten")
    if not is_sealed:
        (new / "_sealed.json").unlink()
    if is_gone:
        # The manifest may outlive rows, or rows the manifest.
        next((place / "run=00000001").glob("*.parquet")).unlink()

    lake.finish_rewrites("bronze.channels")

    assert folders(lake) == [("run=00000001", kept)]
    assert [path.name for path in place.iterdir()] == ["run=00000001"]


def test_deliveries_that_never_were_complete_are_dropped(lake, spark, tmp_path):
    delivered(lake, spark, 1, 1)
    delivered(lake, spark, 2, 2, sealed=False)

    lake.drop_unsealed("bronze.channels")

    assert [path.name for path in (tmp_path / "lake/bronze/channels").iterdir()] == ["run=00000001"]
    assert lake.read_deliveries("bronze.stores") is None


def test_the_writers_since_a_version_are_the_runs_that_changed_rows(replaced, spark):
    replaced.optimize(CHANNELS)

    assert replaced.writers_since(CHANNELS, 0) == {2}
    assert replaced.writers_since(CHANNELS, 1) == set()
