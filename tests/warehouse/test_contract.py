import pytest

from warehouse import contract
from warehouse.contract import ContractError, load_contract, tables_of

ALL_TABLES = [f"{layer}.{name}" for layer in ("silver", "gold") for name in tables_of(layer)]


@pytest.mark.parametrize("table", ALL_TABLES)
def test_every_contract_file_is_readable_and_gives_each_column_a_meaning(table):
    loaded = load_contract(table)

    assert loaded.table == table
    assert loaded.key
    assert all(column.meaning for column in loaded.columns.values())


@pytest.mark.parametrize("table", [name for name in ALL_TABLES if name.startswith("gold.")])
def test_a_gold_reference_leads_to_a_table_that_has_the_key(table):
    for column, referred in load_contract(table).references.items():
        key = "date" if referred == "gold.dim_date" else column
        assert load_contract(referred).key == (key,)


def test_an_unknown_table_is_named_with_those_there_are():
    with pytest.raises(
        ContractError, match=r"no table gold\.dim_bok; gold has bridge_book_author, dim_author, dim_book"
    ):
        load_contract("gold.dim_bok")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("table: gold.dim_odd\ngrain: g\nkey: [odd_key]\ncolumns: {}\n", "key names odd_key, which is no column"),
        ("table: gold.dim_odd\ngrain: g\nkey: []\ncolumns: {a: {type: text, meaning: m}}\n", "columns.a.type"),
        ("table: gold.dim_odd\ngrain: g\nkey: []\ncolumns: {}\ncolour: blue\n", "colour"),
        ("table: gold.dim_other\ngrain: g\nkey: []\ncolumns: {}\n", "table is gold.dim_other; use gold.dim_odd"),
        ("", "dim_odd.yaml"),
    ],
    ids=["a key that is no column", "an unknown type", "an unknown setting", "another table's name", "an empty file"],
)
def test_a_faulty_contract_is_refused_with_its_file_and_fault(tmp_path, monkeypatch, text, fault):
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold" / "dim_odd.yaml").write_text(text)
    monkeypatch.setattr(contract, "FOLDER", tmp_path)
    load_contract.cache_clear()

    with pytest.raises(ContractError) as refused:
        load_contract("gold.dim_odd")

    assert "warehouse/contracts/gold/dim_odd.yaml" in str(refused.value)
    assert fault in str(refused.value)
    load_contract.cache_clear()
