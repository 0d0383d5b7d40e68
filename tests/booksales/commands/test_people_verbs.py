"""The verbs about people, on a lake of a few rows that no Spark made."""

import io
import json
import stat

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from deltalake import write_deltalake

from booksales.customer_data import CustomerData
from booksales.lake_files import LakeFiles
from jobs_config.settings import load_settings
from spark_jobs.extract.erased import digest_of
from spark_jobs.extract.pseudonym import keyed_hash
from spark_jobs.schemas import BRONZE_COLUMNS
from warehouse.contract import load_contract

KEY = "ab" * 32
SHOP = "bookstore"
ARROW = {
    "string": pa.string(), "bigint": pa.int64(), "int": pa.int32(), "boolean": pa.bool_(), "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"), "array<string>": pa.list_(pa.string()), "decimal(12,2)": pa.decimal128(12, 2),
    "decimal(18,2)": pa.decimal128(18, 2), "decimal(5,4)": pa.decimal128(5, 4),
}  # fmt: skip


def arrow_table(types, rows):
    return pa.table({name: pa.array([row.get(name) for row in rows], ARROW[kind]) for name, kind in types.items()})


def write(home, table, *rows):
    types = {name: column.type for name, column in load_contract(table).columns.items()}
    write_deltalake(
        str(home / "lake" / table.replace(".", "/")), arrow_table(types, [{"source": SHOP, **row} for row in rows])
    )


def customer(number, email):
    hashes = {"customer_hash": keyed_hash(str(number), "id", bytes.fromhex(KEY))}
    return {
        "customer_id": number,
        **hashes,
        "email_hash": keyed_hash(email, "email", bytes.fromhex(KEY)),
        "segment": "school",
    }


@pytest.fixture
def people(home, booksales):
    """Ann with two accounts, 7 and 8; Bob, 9, who is in quarantine; 5, who was erased."""
    booksales("status")
    (home / "secrets").mkdir(mode=0o700, exist_ok=True)
    (home / "secrets" / "pseudonym_key").write_text(KEY)
    write(home, "silver.customers", customer(7, "ann@example.org"), customer(8, "ann@example.org"))
    write(home, "silver.books", {"book_id": 1, "title": "Emma", "isbn13": "9780000000002"})
    line = {"order_id": 1, "line_number": 1, "kind": "sale", "book_id": 1, "currency": "USD"}
    lines = [{**line, "sale_id": number, "customer_id": whose} for number, whose in ((1, 7), (2, 7), (3, None))]
    write(home, "silver.sales", *lines)
    aside = {"table_name": "silver.customers", "row_key": f"{SHOP}/9", "reasons": ["known_segment"], "run_seq": 1}
    write(home, "silver.quarantine", {**aside, "raw": json.dumps(customer(9, "bob@example.org"))})
    erased = digest_of(keyed_hash("5", "id", bytes.fromhex(KEY)))
    write(home, "silver.suppressions", {"customer_digest": erased, "run_seq": 1, "is_in_source": True})
    return home


@pytest.fixture
def said(monkeypatch):
    """What is typed on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_dry_run_says_how_much_is_held_where(people, booksales):
    told = booksales("erase-customer", "7", "8", "--dry-run", "--json")

    assert told.code == 0
    assert json.loads(told.out) == {
        "people": 2,
        "held": {
            "silver.customers": 2, "silver.sales": 2, "silver.quarantine": 0, "gold.dim_customer": 0, "gold.fact_sales": 0,
            "bronze.customers": 0, "bronze.sales": 0, "warehouse generations": 0,
        },
    }  # fmt: skip


def test_deliveries_are_counted_too(people, booksales):
    folder = people / "lake/bronze/customers/run=00000001"
    folder.mkdir(parents=True)
    types = {name: column.type for name, column in load_contract("silver.customers").extracted.items()} | BRONZE_COLUMNS
    rows = arrow_table(
        types, [{**customer(7, "ann@example.org"), "_source": SHOP}, {"customer_id": 9, "_source": SHOP}]
    )
    parquet.write_table(rows, folder / "part-0.parquet")

    told = booksales("erase-customer", "7", "--dry-run", "--json")

    assert json.loads(told.out)["held"]["bronze.customers"] == 1


def test_an_email_finds_every_account_and_stands_in_no_argument(people, booksales, said):
    said(" Ann@Example.ORG bob@example.org\n")

    told = booksales("erase-customer", "--email", "--dry-run", "--json")

    assert told.code == 0
    assert json.loads(told.out)["people"] == 3
    assert json.loads(told.out)["held"]["silver.quarantine"] == 1


@pytest.mark.parametrize("verb", ["erase-customer", "export-customer"])
def test_an_email_that_nobody_has_is_refused_and_not_repeated(people, booksales, said, verb):
    said("eve@example.org\n")

    refused = booksales(verb, "--email")

    assert refused.code == 3
    assert "1 of 1 e-mails belong to nobody who is held" in refused.err
    assert "eve@example.org" not in refused.err


def test_a_number_of_whom_nothing_is_held_is_refused(people, booksales):
    refused = booksales("erase-customer", "7", "4711", "--yes")

    assert (refused.code, refused.out) == (3, "")
    assert (
        "nothing is held of customer 4711; check the number, or keep whoever has it out by --unknown-too" in refused.err
    )


@pytest.mark.parametrize("number", ["5", "4711"], ids=["erased before", "not loaded yet"])
def test_who_was_erased_or_is_kept_out_on_purpose_may_be_named(people, booksales, number):
    told = booksales("erase-customer", number, "--unknown-too", "--dry-run")

    assert told.code == 0
    assert "nothing was touched" in told.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name people by their customer ids, or by --email"),
        (["7", "--email"], "name people by their customer ids, or by --email"),
        (["7", "--resume"], "--resume finishes what an earlier call named"),
    ],
    ids=["nobody", "in two ways", "somebody to resume"],
)
def test_people_are_named_in_one_way(people, booksales, arguments, message):
    refused = booksales("erase-customer", *arguments)

    assert refused.code == 2
    assert message in refused.err


@pytest.mark.parametrize("answer", ["yes\n", ""], ids=["another word", "nothing"])
def test_nobody_is_erased_unless_the_word_is_typed(people, booksales, said, answer):
    said(answer)

    refused = booksales("erase-customer", "7")

    assert refused.code == 3
    assert "The data of 1 people will be removed for good" in refused.err
    assert json.loads(booksales("runs", "--json").out) == []


def test_a_person_gets_what_is_held(people, booksales):
    (told,) = json.loads(booksales("export-customer", "7").out)

    assert told["customer"]["segment"] == "school"
    assert [(line["sale_id"], line["title"], line["isbn13"]) for line in told["sales"]] == [
        (1, "Emma", "9780000000002"), (2, "Emma", "9780000000002"),
    ]  # fmt: skip
    assert told["rows_by_place"]["silver.sales"] == 2
    assert set(told["kept_for"]) == {"silver, gold", "silver.quarantine", "bronze", "warehouse generations"}


def test_what_is_quarantined_is_a_persons_too(people, booksales):
    (told,) = json.loads(booksales("export-customer", "9").out)

    assert told["customer"] is None
    assert [entry["reasons"] for entry in told["quarantined"]] == [["known_segment"]]


def test_a_file_of_a_persons_data_is_private_and_no_other_is_overwritten(people, booksales, tmp_path):
    file = tmp_path / "ann.json"

    first = booksales("export-customer", "7", "--output", str(file))
    again = booksales("export-customer", "8", "--output", str(file))

    assert (first.code, first.out) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())[0]["customer_id"] == 7
    assert (again.code, "name a file that is not there yet" in again.err) == (2, True)


@pytest.mark.parametrize(("number", "why"), [("5", "who was erased"), ("4711", "check the number")])
def test_of_somebody_who_is_not_held_there_is_nothing_to_give(people, booksales, number, why):
    refused = booksales("export-customer", number)

    assert (refused.code, refused.out) == (3, "")
    assert why in refused.err


def test_before_the_first_load_nobody_is_known(home, booksales):
    booksales("status")

    with CustomerData(LakeFiles(str(home / "lake")), home / "warehouse", SHOP, bytes(32)) as data:
        person = data.by_id(7)
        held = data.held([person])
        everything = data.everything(person, load_settings())

    assert (person.is_held, person.is_suppressed) == (False, False)
    assert set(held.values()) == {0}
    assert everything["sales"] == []
