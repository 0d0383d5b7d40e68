import pytest
from frames import assert_rows, table

from spark_jobs.errors import LakeError
from spark_jobs.schemas import bronze_schema, table_schema
from spark_jobs.tables import Lake
from warehouse.contract import load_contract

CHANNELS = "silver.channels"
COLUMNS = "source string, channel_id bigint, name string"
REFUSED = "run_seq bigint, row_key string, reasons array<string>"


@pytest.fixture
def lake(spark, tmp_path):
    return Lake(spark, str(tmp_path / "lake"))


def channel(channel_id: int, name: str, source: str = "bookstore") -> dict[str, object]:
    return {"source": source, "channel_id": channel_id, "code": "web", "name": name}


@pytest.fixture(scope="module")
def replaced(spark, tmp_path_factory):
    """A table that run 1 replaced twice, with other rows the second time, and run 2 once; and the version after each."""
    lake = Lake(spark, str(tmp_path_factory.mktemp("replaced") / "lake"))
    deliveries = [
        (1, [channel(1, "Web"), channel(2, "App")]),
        (1, [channel(3, "Store")]),
        (2, [channel(4, "Wholesale")]),
    ]
    return lake, [lake.replace(table(spark, CHANNELS, *rows), CHANNELS, run_seq) for run_seq, rows in deliveries]


def test_a_run_that_replaces_a_table_twice_replaces_it_once(replaced):
    lake, versions = replaced

    assert versions == [0, 0, 1]
    assert_rows(lake.read(CHANNELS), COLUMNS, ("bookstore", 4, "Wholesale"))


def test_the_version_before_can_still_be_read_from_its_own_files(replaced, spark):
    lake, _ = replaced

    of_first = spark.read.parquet(*lake.data_files(CHANNELS, 0))

    assert_rows(lake.read(CHANNELS, version=0), COLUMNS, ("bookstore", 1, "Web"), ("bookstore", 2, "App"))
    assert_rows(of_first, COLUMNS, ("bookstore", 1, "Web"), ("bookstore", 2, "App"))


def test_a_source_replaces_its_own_rows_alone(lake, spark):
    lake.replace(table(spark, CHANNELS, channel(1, "Web", "kiosk")), CHANNELS, 1, "source = 'kiosk'")
    lake.replace(table(spark, CHANNELS, channel(1, "Web"), channel(2, "App")), CHANNELS, 2, "source = 'bookstore'")

    lake.replace(table(spark, CHANNELS, channel(2, "Mobile")), CHANNELS, 3, "source = 'bookstore'")

    assert_rows(lake.read(CHANNELS), COLUMNS, ("kiosk", 1, "Web"), ("bookstore", 2, "Mobile"))


def test_a_merge_updates_the_rows_of_a_key_adds_the_others_and_can_be_repeated(lake, spark):
    lake.merge(table(spark, CHANNELS, channel(1, "Web"), channel(2, "App")), CHANNELS)
    correction = table(spark, CHANNELS, channel(2, "Mobile"), channel(1, "Web", "kiosk"))

    for _ in range(2):
        lake.merge(correction, CHANNELS)

    assert_rows(lake.read(CHANNELS), COLUMNS, ("bookstore", 1, "Web"), ("bookstore", 2, "Mobile"), ("kiosk", 1, "Web"))


def test_rows_are_added_once_per_run_and_table_they_were_meant_for(lake, spark):
    def put_aside(app_id: str, run_seq: int, row_key: str) -> None:
        row = {"run_seq": run_seq, "row_key": row_key, "reasons": ["known_kind"]}
        lake.append(table(spark, "silver.quarantine", row), "silver.quarantine", app_id, run_seq)

    put_aside("sales", 1, "7")
    put_aside("sales", 1, "7")
    put_aside("books", 1, "8")
    put_aside("sales", 2, "9")

    assert_rows(
        lake.read("silver.quarantine"),
        REFUSED,
        (1, "7", ["known_kind"]),
        (1, "8", ["known_kind"]),
        (2, "9", ["known_kind"]),
    )


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
