import io
from contextlib import closing
from dataclasses import replace
from datetime import date

import psycopg2
import pytest

from datagen.database import hold_generation_lock, shop_transaction
from datagen.load import move_sequences
from datagen.plan import ShopPlan
from datagen.shop import generate_shop, preview, read_mark
from jobs_config.errors import ConfigError, RefusedError
from jobs_config.progress import Progress

PLAN = ShopPlan(sales=500, years=1, until=date(2025, 6, 30))
TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1"
ID_COLUMNS_WITHOUT_FOREIGN_KEY = """
select columns.table_name || '.' || columns.column_name
from information_schema.columns
where
    columns.table_schema = 'public'
    and columns.column_name like '%\\_id'
    and not exists (
        select from pg_constraint
        inner join pg_attribute on pg_constraint.conrelid = pg_attribute.attrelid
        where
            pg_constraint.contype = 'f'
            and pg_constraint.convalidated
            and pg_constraint.conrelid = columns.table_name::regclass
            and pg_constraint.conkey = array[pg_attribute.attnum]
            and pg_attribute.attname = columns.column_name
    )
"""
TABLES_WITHOUT_INDEX_ON_UPDATED_AT = """
select columns.table_name
from information_schema.columns
where
    columns.table_schema = 'public'
    and columns.column_name = 'updated_at'
    and not exists (
        select from pg_indexes
        where pg_indexes.tablename = columns.table_name and pg_indexes.indexdef like '%(updated_at)'
    )
"""


def rows(dsn, statement):
    """What one statement gives; its changes are kept."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


class Interrupted(Progress):
    """A person presses Ctrl-C when the named phase begins."""

    def __init__(self, at):
        super().__init__(io.StringIO(), terminal=False)
        self._at = at

    def phase(self, name):
        if name == self._at:
            raise KeyboardInterrupt
        return super().phase(name)


def test_a_generated_shop_holds_what_its_preview_said(shop_database, quiet):
    generated = generate_shop(shop_database, PLAN, quiet)

    assert generated.is_new
    assert generated.row_counts == preview(PLAN)
    for table, count in generated.row_counts.items():
        assert rows(shop_database, f"select count(*) from {table}") == [(count,)]


def test_a_generated_shop_carries_the_mark_of_its_plan(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)

    mark = read_mark(shop_database)

    assert (mark.sales, mark.years, mark.seed, mark.until) == (500, 1, 7, date(2025, 6, 30))
    assert mark.is_of(PLAN)


def test_instants_are_loaded_as_utc(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)

    published = "select distinct to_char(created_at at time zone 'UTC', 'HH24:MI') from sales_exchange_rate"
    assert rows(shop_database, published) == [("16:00",)]


def test_an_empty_database_has_no_mark(shop_database):
    assert read_mark(shop_database) is None


def test_the_same_plan_again_is_left_as_it_is(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)
    before = read_mark(shop_database)

    again = generate_shop(shop_database, PLAN, quiet)

    assert not again.is_new
    assert again.row_counts == before.row_counts
    assert read_mark(shop_database) == before


def test_another_plan_wipes_a_shop_only_when_it_may_replace_it(shop_database, quiet):
    smaller = replace(PLAN, sales=300)
    generate_shop(shop_database, PLAN, quiet)

    with pytest.raises(RefusedError, match="another generated shop"):
        generate_shop(shop_database, smaller, quiet)
    assert rows(shop_database, "select count(*) from sales_sale") == [(500,)]

    generate_shop(shop_database, smaller, quiet, replace=True)
    assert rows(shop_database, "select count(*) from sales_sale") == [(300,)]
    assert read_mark(shop_database).is_of(smaller)


@pytest.mark.parametrize("made", ["create table orders (id int)", "create schema own create view report as select 1"])
def test_a_database_that_is_not_a_generated_shop_is_refused(shop_database, quiet, made):
    rows(shop_database, made)

    with pytest.raises(RefusedError, match="not a generated shop"):
        generate_shop(shop_database, PLAN, quiet, replace=True)

    assert [name for (name,) in rows(shop_database, TABLES) if name != "orders"] == []


def test_a_view_that_somebody_built_on_a_shop_saves_it_from_being_wiped(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)
    rows(shop_database, "create view report as select count(*) from sales_sale")

    with pytest.raises(RefusedError, match="view report"):
        generate_shop(shop_database, PLAN, quiet, replace=True)

    assert rows(shop_database, "select * from report") == [(500,)]


@pytest.mark.parametrize("phase", ["load sales", "index the shop", "check foreign keys"])
def test_an_interrupted_generation_leaves_nothing(shop_database, phase):
    with pytest.raises(KeyboardInterrupt):
        generate_shop(shop_database, PLAN, Interrupted(at=phase))

    assert rows(shop_database, TABLES) == []
    assert read_mark(shop_database) is None


def test_an_interrupted_replacement_leaves_the_shop_there_was(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)

    with pytest.raises(KeyboardInterrupt):
        generate_shop(shop_database, replace(PLAN, sales=300), Interrupted(at="check foreign keys"), replace=True)

    assert rows(shop_database, "select count(*) from sales_sale") == [(500,)]
    assert read_mark(shop_database).is_of(PLAN)


def test_two_generations_do_not_fill_one_database(shop_database, quiet):
    with shop_transaction(shop_database) as cursor:
        hold_generation_lock(cursor)

        with pytest.raises(RefusedError, match="another generation"):
            generate_shop(shop_database, PLAN, quiet)


def test_every_reference_has_a_foreign_key(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)

    assert rows(shop_database, ID_COLUMNS_WITHOUT_FOREIGN_KEY) == [("sales_sale.order_id",)]


def test_every_table_can_be_read_by_its_watermark(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)

    assert rows(shop_database, TABLES_WITHOUT_INDEX_ON_UPDATED_AT) == []


def test_an_update_moves_updated_at_of_its_row(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)

    for table in [table for table in preview(PLAN) if table != "etl_tombstone"]:
        rows(shop_database, f"update {table} set updated_at = '2000-01-01' where id = 1")
        rows(shop_database, f"update {table} set deleted_at = '2025-07-01' where id = 2")
        touched = f"select id from {table} where updated_at > '2025-07-02' order by id"
        assert set(rows(shop_database, touched)) <= {(1,), (2,)}
        assert rows(shop_database, touched) != []


def test_a_deleted_row_leaves_a_tombstone(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)
    deleted = rows(shop_database, "delete from sales_sale where original_sale_id is not null returning id")
    rows(shop_database, "delete from books_book_authors where id = 5")

    tombstones = rows(shop_database, "select table_name, row_key from etl_tombstone where deleted_at > '2025-07-02'")

    assert sorted(tombstones) == [("books_book_authors", 5), *sorted(("sales_sale", key) for (key,) in deleted)]


def test_a_new_row_gets_the_id_behind_the_last_one(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)

    assert rows(shop_database, "select nextval(pg_get_serial_sequence('books_genre', 'id'))") == [(61,)]


def test_a_new_row_never_gets_the_id_of_a_deleted_one(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)
    rows(shop_database, "insert into etl_tombstone (table_name, row_key) values ('books_genre', 70)")

    with shop_transaction(shop_database) as cursor:
        move_sequences(cursor, ["books_genre"])

    assert rows(shop_database, "select nextval(pg_get_serial_sequence('books_genre', 'id'))") == [(71,)]


def test_the_shop_takes_no_impossible_line(shop_database, quiet):
    generate_shop(shop_database, PLAN, quiet)

    for wrong in (
        "quantity = -1",
        "unit_price = 0",
        "kind = 'gift'",
        "currency = 'EURO'",
        "discount_amount = 1e6",
        "book_id = -1",
        "original_sale_id = id",
    ):
        with pytest.raises((psycopg2.IntegrityError, psycopg2.DataError)):
            rows(shop_database, f"update sales_sale set {wrong} where kind = 'sale'")


def test_a_connection_string_that_cannot_be_read_is_not_repeated(quiet):
    with pytest.raises(ConfigError) as refused:
        generate_shop("host=127.0.0.1 password = top secret", PLAN, quiet)

    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_database_that_cannot_be_reached_is_a_matter_of_configuration(quiet):
    with pytest.raises(ConfigError, match="cannot reach the shop's database"):
        generate_shop("postgresql://nobody:hidden@127.0.0.1:1/shop", PLAN, quiet)
