from contextlib import closing

import psycopg2
import pytest
from frames import assert_rows, frame
from small_shop import PSEUDONYM_KEY, fill, reader_address

from jobs_config.loader import load_source
from jobs_config.model import ColumnMapping
from spark_jobs.errors import SourceMappingError
from spark_jobs.extract import erased as leaving_out
from spark_jobs.extract.buckets import source_buckets
from spark_jobs.extract.erased import (
    NOBODY,
    Erased,
    check_mapping,
    digest_of,
    digest_of_id,
    find_erased,
    without_erased,
)
from spark_jobs.extract.pseudonym import keyed_hash
from spark_jobs.extract.snapshot import open_snapshot

BRONZE = "customer_id bigint, _operation string"


def test_a_digest_is_that_of_the_keyed_hash_and_not_the_hash():
    hashed = keyed_hash("7", "id", PSEUDONYM_KEY)

    assert digest_of_id(7, PSEUDONYM_KEY) == digest_of(hashed)
    assert digest_of(hashed) != hashed
    assert digest_of_id(7, bytes(32)) != digest_of_id(7, PSEUDONYM_KEY)


def test_an_erased_customer_is_dropped_as_is_the_news_that_they_are_gone(spark):
    rows = frame(spark, BRONZE, (1, "upsert"), (2, "upsert"), (3, "delete"), (4, "delete"))

    kept = without_erased(rows, "customers", Erased(frozenset({2}), frozenset({3})))

    assert_rows(kept, BRONZE, (1, "upsert"), (4, "delete"))


def test_a_sale_line_of_theirs_stays_without_its_customer(spark):
    sales = "sale_id bigint, customer_id bigint"
    rows = frame(spark, sales, (10, 1), (11, 2), (12, None), (13, 3))

    kept = without_erased(rows, "sales", Erased(frozenset({2}), frozenset({3})))

    assert kept.columns == rows.columns
    assert_rows(kept, sales, (10, 1), (11, -1), (12, None), (13, -1))


@pytest.mark.parametrize(("table", "who"), [("sales", NOBODY), ("books", Erased(frozenset({1})))])
def test_where_nobody_was_erased_or_a_table_names_nobody_rows_are_not_touched(spark, table, who):
    rows = frame(spark, BRONZE, (1, "upsert"))

    assert without_erased(rows, table, who) is rows


def test_no_plan_shows_whose_rows_are_left_out(spark):
    rows = frame(spark, BRONZE, (1, "upsert"))

    kept = without_erased(rows, "customers", Erased(frozenset({987_654_321})))

    assert "987654321" not in kept._jdf.queryExecution().toString()


def test_people_are_known_only_where_the_hash_is_made_of_the_id_that_sale_lines_bear():
    mapping = load_source("bookstore")
    customers = mapping.tables["customers"]
    columns = {**customers.columns, "customer_hash": ColumnMapping(column="email", pseudonymise="id")}
    other = mapping.model_copy(
        update={"tables": {**mapping.tables, "customers": customers.model_copy(update={"columns": columns})}}
    )

    check_mapping(mapping)
    with pytest.raises(SourceMappingError, match="customer_hash is made of email, customer_id of id"):
        check_mapping(other)


def test_whom_the_source_knows_is_found_in_rows_tombstones_and_sale_lines(postgres, shop_database, monkeypatch):
    monkeypatch.setattr(leaving_out, "IDS_AT_ONCE", 7)
    fill(shop_database, 300)
    with closing(psycopg2.connect(shop_database)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "select id from sales_customer where id not in "
            "(select customer_id from sales_sale where customer_id is not null) limit 1"
        )
        ((buried,),) = cursor.fetchall()
        cursor.execute("select max(id) from sales_customer where id <> %s", (buried,))
        ((there,),) = cursor.fetchall()
        cursor.execute("set constraints all immediate")
        cursor.execute("delete from sales_customer where id = %s", (buried,))
        cursor.execute("alter table sales_sale drop constraint sales_sale_customer_id_fkey")
        cursor.execute("update sales_sale set customer_id = 777777 where id = (select min(id) from sales_sale)")
    people = {digest_of_id(number, PSEUDONYM_KEY) for number in (there, buried, 777_777, 999_999)}

    with open_snapshot(reader_address(postgres, shop_database), load_source("bookstore")) as snapshot:
        found = find_erased(snapshot, people, PSEUDONYM_KEY)
        all_rows, kept = (source_buckets(snapshot, snapshot.tables["customers"], who) for who in (NOBODY, found))
        lines = [source_buckets(snapshot, snapshot.tables["sales"], who) for who in (NOBODY, found)]

    assert found == Erased(frozenset({there}), frozenset({buried, 777_777}))
    assert sum(rows for rows, _ in all_rows.values()) - sum(rows for rows, _ in kept.values()) == 1
    # Their lines are as many, and differ by the customer alone.
    assert {bucket: rows for bucket, (rows, _) in lines[0].items()} == {
        bucket: rows for bucket, (rows, _) in lines[1].items()
    }
    assert lines[0] != lines[1]
