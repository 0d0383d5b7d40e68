"""The Glue catalog: entries are made once, follow their contracts, and say what is wrong."""

from collections.abc import Iterator

import boto3
import pytest
from s3_server import ACCESS, s3_server

from spark_jobs.catalog import CatalogError, Registered, register_tables, table_input
from warehouse.contract import Contract, load_contract, tables_of

LAKE = "s3://a-lake/lake"
PREFIX = "booksales_dev"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("glue") / "server.log") as address:
        yield address


@pytest.fixture
def glue(server: str, monkeypatch: pytest.MonkeyPatch):
    """A client of a catalog with the two empty databases; the environment leads ours there too."""
    for name, value in {**ACCESS, "AWS_DEFAULT_REGION": ACCESS["AWS_REGION"], "AWS_ENDPOINT_URL": server}.items():
        monkeypatch.setenv(name, value)
    client = boto3.session.Session().client("glue")
    for layer in ("silver", "gold"):
        client.create_database(DatabaseInput={"Name": f"{PREFIX}_{layer}"})
    yield client
    for layer in ("silver", "gold"):
        client.delete_database(Name=f"{PREFIX}_{layer}")


def places() -> list[tuple[Contract, str]]:
    names = [f"{layer}.{name}" for layer in ("silver", "gold") for name in tables_of(layer)]
    return [(load_contract(name), f"{LAKE}/{name.replace('.', '/')}") for name in names]


def test_every_table_of_the_lake_has_an_entry_as_its_contract_says(glue):
    assert register_tables(PREFIX, places()) == Registered(len(places()), 0, 0)

    for contract, address in places():
        layer, _, name = contract.table.partition(".")
        entry = glue.get_table(DatabaseName=f"{PREFIX}_{layer}", Name=name)["Table"]
        assert entry["StorageDescriptor"]["Location"] == address
        assert entry["Parameters"]["spark.sql.sources.provider"] == "delta"
        columns = entry["StorageDescriptor"]["Columns"] + entry["PartitionKeys"]
        assert {column["Name"]: column["Type"] for column in columns} == {
            column: told.type for column, told in contract.columns.items()
        }
        assert [column["Name"] for column in entry["PartitionKeys"]] == [*contract.partition_by]


def test_what_is_right_already_is_left_alone_and_what_is_not_is_mended(glue):
    register_tables(PREFIX, places())
    database = f"{PREFIX}_gold"
    older = table_input(load_contract("gold.dim_book"), "dim_book", f"{LAKE}/gold/dim_book")
    older["StorageDescriptor"]["Columns"] = older["StorageDescriptor"]["Columns"][:-1]
    glue.update_table(DatabaseName=database, TableInput=older)
    glue.create_table(DatabaseName=database, TableInput={"Name": "of_somebody_else"})

    assert register_tables(PREFIX, places()) == Registered(0, 1, len(places()) - 1)

    (changed,) = [
        column["Name"]
        for column in glue.get_table(DatabaseName=database, Name="dim_book")["Table"]["StorageDescriptor"]["Columns"][
            -1:
        ]
    ]
    assert changed == [*load_contract("gold.dim_book").columns][-1]
    assert glue.get_table(DatabaseName=database, Name="of_somebody_else")
    assert register_tables(PREFIX, places()) == Registered(0, 0, len(places()))


def test_a_lake_that_has_moved_is_found_where_it_is(glue):
    register_tables(PREFIX, places())

    moved = [(contract, address.replace("a-lake", "another")) for contract, address in places()]

    assert register_tables(PREFIX, moved) == Registered(0, len(moved), 0)
    entry = glue.get_table(DatabaseName=f"{PREFIX}_gold", Name="fact_sales")["Table"]["StorageDescriptor"]
    assert entry["Location"] == entry["SerdeInfo"]["Parameters"]["path"] == "s3://another/lake/gold/fact_sales"


def test_a_catalog_without_the_databases_is_named_with_what_makes_them(glue):
    with pytest.raises(CatalogError, match=r"Glue catalog nobodys: .*EntityNotFound.*terraform makes it"):
        register_tables("nobodys", places())


def test_a_server_that_is_away_is_named(glue, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(CatalogError, match="Could not connect to the endpoint URL"):
        register_tables(PREFIX, places())
