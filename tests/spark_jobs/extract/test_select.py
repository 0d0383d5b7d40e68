from contextlib import closing

import psycopg2
import pytest

from jobs_config.model import TableMapping
from spark_jobs.errors import SourceMappingError
from spark_jobs.extract.select import SourceColumn, quoted, select_list
from warehouse.contract import Contract

TILLS = Contract(
    table="silver.tills",
    grain="one row per till",
    key=("till_id",),
    columns={
        "till_id": {"type": "bigint", "required": True, "meaning": "id"},
        "price": {"type": "decimal(6,2)", "meaning": "price"},
        "sold_on": {"type": "date", "meaning": "day"},
        "sold_at": {"type": "timestamp", "meaning": "moment"},
        "note": {"type": "string", "meaning": "note"},
        "source": {"type": "string", "derived": True, "meaning": "source"},
    },
)
FOUND = {
    "id": SourceColumn("id", "integer"),
    "price": SourceColumn("price", "numeric"),
    "day": SourceColumn("day", "date"),
    "moment": SourceColumn("moment", "timestamp with time zone"),
    "Note": SourceColumn("Note", "text"),
}
COLUMNS = {"till_id": "id", "price": "price", "sold_on": "day", "sold_at": "moment", "note": "Note"}


def mapping(**columns: object) -> TableMapping:
    return TableMapping(table="till", key="id", columns={**COLUMNS, **columns})


def only(*names: str) -> TableMapping:
    return TableMapping(table="till", key="id", columns={name: COLUMNS[name] for name in names})


@pytest.fixture(scope="module")
def cursor(postgres):
    with closing(psycopg2.connect(postgres.owner_dsn("postgres"))) as connection, connection.cursor() as cursor:
        cursor.execute(
            "create temporary table till (id int, price numeric, listed numeric(6,2), day date, moment timestamptz, "
            '"Note" text)'
        )
        yield cursor


@pytest.fixture
def till(cursor):
    """Put one row into the table and read it by select items."""

    def read(items: str, **values: str) -> tuple[object, ...]:
        row = {"price": "1.25", "day": "2024-02-29", "moment": "2024-02-29 23:59:59.999999+00", **values}
        cursor.execute("delete from till")
        cursor.execute("insert into till values (7, %(price)s, 1.25, %(day)s, %(moment)s, 'rain') returning id", row)
        cursor.execute(f"select {items} from till")
        (found,) = cursor.fetchall()
        return found

    return read


def test_a_row_that_fits_comes_as_it_is_and_without_fault(till):
    items = select_list(TILLS, mapping(), FOUND, "table tills")

    till_id, price, sold_on, sold_at, note, faults = till(items)

    assert (till_id, str(price), str(sold_on), note, faults) == (7, "1.25", "2024-02-29", "rain", None)
    assert sold_at.isoformat().startswith("2024-02-29T23:59:59.999999")


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"price": "NaN"}, "price"),
        ({"price": "Infinity"}, "price"),
        ({"price": "1.005"}, "price"),
        ({"price": "10000.00"}, "price"),
        ({"price": "-10000.00"}, "price"),
        ({"day": "infinity"}, "sold_on"),
        ({"day": "0044-03-15 BC"}, "sold_on"),
        ({"moment": "-infinity"}, "sold_at"),
        ({"moment": "10000-01-01 00:00:00+00"}, "sold_at"),
        ({"price": "NaN", "day": "infinity"}, "price,sold_on"),
    ],
    ids=[
        "a price that is not a number",
        "an infinite price",
        "a third decimal",
        "a price too large",
        "a price too small",
        "a day without end",
        "a day before Christ",
        "a moment before all others",
        "a moment after the year 9999",
        "two faults in one row",
    ],
)
def test_a_value_that_would_not_survive_is_taken_out_and_named(till, values, fault):
    items = select_list(TILLS, mapping(), FOUND, "table tills")

    _, price, sold_on, sold_at, note, faults = till(items, **values)

    taken_out = [
        name for name, value in (("price", price), ("sold_on", sold_on), ("sold_at", sold_at)) if value is None
    ]
    assert faults == fault == ",".join(taken_out)
    assert note == "rain"


@pytest.mark.parametrize("price", ["9999.99", "-9999.99", "1.250"], ids=["largest", "smallest", "a zero at the end"])
def test_a_price_at_the_edge_fits(till, price):
    items = select_list(TILLS, mapping(), FOUND, "table tills")

    assert till(items, price=price)[-1] is None


def test_a_price_declared_as_ours_is_asked_for_nan_alone(till):
    listed = {**FOUND, "listed": SourceColumn("listed", "numeric", 6, 2)}

    items = select_list(TILLS, mapping(price="listed"), listed, "table tills")

    assert "round" not in items
    assert "\"listed\" = 'NaN'" in items
    assert till(items)[-1] is None


def test_a_column_that_need_not_be_there_is_null_of_its_type(till):
    items = select_list(TILLS, only("till_id", "note"), FOUND, "table tills")

    assert till(items) == (7, None, None, None, "rain", None)
    assert "null::numeric(6,2)" in items


def test_an_identifier_to_be_hashed_comes_as_text(till):
    items = select_list(TILLS, mapping(note={"column": "id", "pseudonymise": "id"}), FOUND, "table tills")

    assert till(items)[4] == "7"


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            mapping(price="Note"),
            "column till.Note is text; price is decimal(6,2) and takes bigint or integer or numeric",
        ),
        (mapping(sold_at="day"), "column till.day is date; sold_at is timestamp and takes timestamp with time zone"),
        (mapping(sold_on="moment"), "column till.moment is timestamp with time zone; sold_on is date and takes date"),
        (mapping(till_id="price"), "column till.price is numeric; till_id is bigint and takes bigint or integer"),
        (mapping(note="id"), "column till.id is integer; note is string and takes character or"),
        (
            mapping(note="remark"),
            "column till.remark (for note) is not there; the table has Note, day, id, moment, price",
        ),
        (only("price"), "till_id is required and not mapped"),
        (mapping(source="Note"), "source is no column of silver.tills"),
        (
            mapping(price="Note", note="remark", source="Note"),
            "takes bigint or integer or numeric or smallint; column till.remark (for note) is not there; the table has "
            "Note, day, id, moment, price; source is no column of silver.tills",
        ),
    ],
    ids=[
        "text for a price",
        "a day for a moment",
        "a moment for a day",
        "a number with decimals for an id",
        "a number for text",
        "a column that is not there",
        "a required column not mapped",
        "a column we make ourselves",
        "every fault at once",
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_every_fault(wrong, problem):
    with pytest.raises(SourceMappingError) as refused:
        select_list(TILLS, wrong, FOUND, "table tills")

    assert str(refused.value).startswith("table tills: ")
    assert problem in str(refused.value)


@pytest.mark.parametrize("name", ['id"; drop table till; --', "two words", "", "naïve", "id\n"])
def test_only_a_plain_name_becomes_sql(name):
    with pytest.raises(SourceMappingError, match="is not a plain SQL name"):
        quoted(name)
