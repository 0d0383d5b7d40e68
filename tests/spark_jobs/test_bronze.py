import pytest
from frames import assert_rows, frame, table

from spark_jobs.bronze import Bronze
from spark_jobs.errors import LakeError
from spark_jobs.schemas import bronze_schema
from warehouse.contract import load_contract

CHANNELS = "silver.channels"


@pytest.fixture
def bronze(spark, tmp_path):
    return Bronze(spark, str(tmp_path / "lake"))


def test_a_delivery_is_readable_once_it_is_sealed_and_a_repeated_one_has_to_be_sealed_again(bronze, spark):
    schema = bronze_schema(load_contract(CHANNELS))
    delivery = table(spark, CHANNELS, {"channel_id": 1, "code": "web", "name": "Web"}).drop("source")

    bronze.write(delivery, "bronze.channels", 7)
    with pytest.raises(
        LakeError, match=r"run=00000007: run 7 did not finish delivering bronze\.channels; start a new run"
    ):
        bronze.read("bronze.channels", 7)

    bronze.seal("bronze.channels", 7, {"rows": 1})
    found = bronze.read("bronze.channels", 7)
    assert found.schema == schema
    assert_rows(found, "channel_id bigint, name string, _run_seq bigint", (1, "Web", None))

    bronze.write(delivery, "bronze.channels", 7)
    with pytest.raises(LakeError, match="did not finish"):
        bronze.read("bronze.channels", 7)


def test_the_newest_run_is_the_highest_that_delivered_anything_sealed_or_not(bronze, tmp_path):
    assert bronze.newest_run() == 0

    for folder in (
        "channels/run=00000009",
        "stores/run=00000012",
        "stores/run=00000003",
        "goodbooks/run=00000010/file=ab",
    ):
        (tmp_path / "lake" / "bronze" / folder).mkdir(parents=True)

    assert bronze.newest_run() == 12


def test_a_run_that_delivered_nothing_is_refused(bronze):
    with pytest.raises(LakeError, match="run 8 did not finish"):
        bronze.read("bronze.channels", 8)


def delivered(bronze, spark, run_seq, *numbers, sealed=True):
    rows = spark.createDataFrame([], bronze_schema(load_contract(CHANNELS)))
    some = frame(spark, "channel_id bigint", *((number,) for number in numbers))
    bronze.write(rows.unionByName(some, allowMissingColumns=True), "bronze.channels", run_seq)
    if sealed:
        bronze.seal("bronze.channels", run_seq, {"rows": len(numbers)})


def folders(bronze):
    found = bronze.read_all("bronze.channels").select("_folder", "channel_id").collect()
    return sorted((row[0], row[1]) for row in found)


def test_a_delivery_that_is_written_anew_takes_the_place_of_the_one_before_sealed(bronze, spark, tmp_path):
    delivered(bronze, spark, 1, 1, 2)
    delivered(bronze, spark, 2, 2, 3)

    rows = bronze.read_folder("bronze.channels", "run=00000002").filter("channel_id <> 2")
    bronze.rewrite("bronze.channels", "run=00000002", rows, 5)

    assert folders(bronze) == [("run=00000001", 1), ("run=00000001", 2), ("run=00000002", 3)]
    assert_rows(bronze.read("bronze.channels", 2), "channel_id bigint", (3,))
    manifest = (tmp_path / "lake/bronze/channels/run=00000002/_sealed.json").read_text()
    assert manifest == '{"rows": 2, "rewritten_by": 5}'


@pytest.mark.parametrize(
    ("is_sealed", "is_gone", "kept"),
    [(False, False, 2), (True, False, 3), (True, True, 3)],
    ids=["killed while it wrote", "killed before the swap", "killed in the swap"],
)
def test_a_rewrite_that_was_killed_is_finished_where_it_was_sealed_else_undone(
    bronze, spark, tmp_path, is_sealed, is_gone, kept
):
    delivered(bronze, spark, 1, 2)
    delivered(bronze, spark, 9, 3)
    place = tmp_path / "lake/bronze/channels"
    new = (place / "run=00000009").rename(place / "run=00000001.rewritten")
    if not is_sealed:
        (new / "_sealed.json").unlink()
    if is_gone:
        # The manifest may outlive rows, or rows the manifest.
        next((place / "run=00000001").glob("*.parquet")).unlink()

    bronze.finish_rewrites("bronze.channels")

    assert folders(bronze) == [("run=00000001", kept)]
    assert [path.name for path in place.iterdir()] == ["run=00000001"]


def test_deliveries_that_never_were_complete_are_dropped(bronze, spark, tmp_path):
    delivered(bronze, spark, 1, 1)
    delivered(bronze, spark, 2, 2, sealed=False)

    bronze.drop_unsealed("bronze.channels")

    assert [path.name for path in (tmp_path / "lake/bronze/channels").iterdir()] == ["run=00000001"]
    assert bronze.read_all("bronze.stores") is None
