"""The file that people's own SQL is asked of."""

import duckdb
import pytest
from small_star import publish_star, published_once, tables

from warehouse.contract import load_contract
from warehouse.ddl import gold_contracts, views
from warehouse.embedded import serving_file as made
from warehouse.embedded.generations import (
    drop_old_generations,
    generation_file,
    kept_generations,
    serve_only,
    serving_file,
)
from warehouse.permissions import load_permissions
from warehouse.publication import PublicationError
from warehouse.semantic import load_model

PERMISSIONS = load_permissions()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return published_once(tmp_path_factory.getbasetemp() / "small_star")


def test_it_has_what_some_role_may_name_and_nothing_else(folder):
    named = {(table, column) for table, columns in PERMISSIONS.tables_of("admin").items() for column in columns}

    assert made.held_columns(serving_file(folder, 1)) == {pair for pair in named if pair[0] not in views()}


def test_what_it_has_is_what_the_generation_has(folder):
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{generation_file(folder, 1)}' as whole (read_only)")
        connection.execute(f"attach '{serving_file(folder, 1)}' as served (read_only)")
        for table, columns in made.served_tables().items():
            names = ", ".join(columns)
            sides = [f"select {names} from {side}.analytics.{table}" for side in ("whole", "served")]
            for first, second in (sides, sides[::-1]):
                rows = connection.execute(f"select count(*) from ({first} except all {second}) as missing")
                assert rows.fetchone() == (0,), table


def test_no_customer_key_or_order_can_be_found_in_it(folder):
    with duckdb.connect(str(serving_file(folder, 1)), read_only=True) as connection:
        names = {row[0] for row in connection.execute("select column_name from duckdb_columns()").fetchall()}
        schemas = {
            row[0]
            for row in connection.execute("select schema_name from duckdb_schemas() where not internal").fetchall()
        }

    assert (
        names & {*PERMISSIONS.never, "sale_id", "line_number", "original_sale_id", "segment", "first_sale_date"}
        == set()
    )
    assert "dim_customer" not in made.served_tables()
    assert schemas <= {"analytics", "ops", "main"}


def test_something_that_is_left_stops_the_publication(tmp_path, monkeypatch):
    removals = made._removals
    monkeypatch.setattr(
        made, "_removals", lambda *given: [one for one in removals(*given) if "customer_key" not in one]
    )

    with pytest.raises(PublicationError, match=r"holds fact_sales\.customer_key, which nobody may see"):
        publish_star(tmp_path / "warehouse", tmp_path / "lake", tables())
    assert kept_generations(tmp_path / "warehouse") == []
    assert not list((tmp_path / "warehouse").glob("sql.*"))


def test_it_comes_and_goes_with_its_generation(tmp_path):
    warehouse = tmp_path / "warehouse"
    for run_seq in (1, 2, 3):
        publish_star(warehouse, tmp_path / "lake", run_seq=run_seq)
    # As a publication leaves it that was killed before its last two steps.
    serving_file(warehouse, 9).write_bytes(b"")

    sizes = drop_old_generations(warehouse, keep=1, dry_run=True)
    assert sizes == {2: generation_file(warehouse, 2).stat().st_size + serving_file(warehouse, 2).stat().st_size}
    drop_old_generations(warehouse, keep=2)
    assert sorted(path.name for path in warehouse.glob("sql.*")) == ["sql.000002.duckdb", "sql.000003.duckdb"]
    serve_only(warehouse, 3, 3)
    assert sorted(path.name for path in warehouse.glob("sql.*")) == ["sql.000003.duckdb"]


# The matrix


def test_every_table_and_column_that_sql_may_name_is_there():
    there = {contract.name: set(contract.columns) for contract in gold_contracts()}
    model = load_model()
    there |= {name: {*rollup.keys, *model.measures} for name, rollup in model.rollups.items()}
    for table, columns in PERMISSIONS.tables_of("admin").items():
        assert table in views() or set(columns) <= there[table], table
        assert table not in views() or all(
            f" {column}" in views()[table] or f".{column}" in views()[table] for column in columns
        )


def test_what_nobody_sees_is_in_no_table_and_cost_is_seen_from_the_analyst_up():
    columns = {
        role: {name for names in PERMISSIONS.tables_of(role).values() for name in names} for role in PERMISSIONS.roles
    }
    costly = {"cost", "cost_amount", "cost_reporting_amount", "unit_cost"}

    assert columns["admin"] & set(PERMISSIONS.never) == set()
    assert columns["viewer"] & costly == set()
    assert columns["analyst"] >= costly
    assert columns["analyst"] == columns["engineer"] == columns["admin"]


def test_a_new_column_is_in_no_file_until_the_matrix_names_it():
    contract = load_contract("gold.fact_sales")

    assert set(contract.columns) - set(made.served_tables()["fact_sales"]) == {
        "sale_id", "order_id", "line_number", "customer_key", "original_sale_id", "sale_month",
    }  # fmt: skip
