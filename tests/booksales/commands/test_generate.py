import json
from contextlib import closing

import psycopg2
import pytest

SMALL = ["--sales", "300", "--years", "1", "--until", "2025-06-30"]


def execute(dsn, statement):
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_dry_run_says_how_many_rows_each_table_would_get_and_leaves_no_trace(booksales, home):
    told = booksales("generate", "--sales", "1000", "--dry-run")

    titles, *rows = told.out.splitlines()
    assert told.code == 0
    assert titles.split() == ["table", "rows"]
    assert len(rows) == 15
    assert rows[-2].split() == ["sales_sale", "1,000"]
    assert not home.exists()


def test_a_dry_run_says_the_same_to_programs(booksales):
    told = json.loads(booksales("generate", "--sales", "1000", "--dry-run", "--json").out)

    assert told["sales_sale"] == 1_000
    assert told["sales_region"] == 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sales", "0"], "sales is 0; use a number from 1 to"),
        (["--years", "51"], "years is 51; use a number from 1 to 50"),
        (["--seed", "-1"], "seed is -1; use a number from 0 to"),
        (["--until", "2999-01-01"], "until is 2999-01-01, a day that is not over"),
    ],
    ids=["no sales", "too many years", "a negative seed", "a day to come"],
)
def test_a_shop_that_cannot_be_is_refused_before_anything_starts(booksales, home, arguments, said):
    refused = booksales("generate", *arguments)

    assert refused.code == 2
    assert refused.err.startswith(f"booksales generate: {said}")
    assert not home.exists()


def test_a_database_that_is_not_a_generated_shop_is_refused_and_an_empty_one_is_filled(booksales, embedded_shop):
    execute(embedded_shop, "create table orders as select 1 as id")

    refused = booksales("generate", *SMALL, "--replace")

    assert (refused.code, refused.out) == (3, "")
    assert "booksales generate: the database is not a generated shop: it has no mark" in refused.err
    assert "public.orders" in refused.err
    assert execute(embedded_shop, "select id from orders") == [(1,)]

    execute(embedded_shop, "drop table orders")
    filled = booksales("generate", *SMALL)

    assert filled.code == 0
    assert filled.out.endswith("generated just now\n")
    assert execute(embedded_shop, "select count(*) from sales_sale") == [(300,)]


def test_a_shop_that_is_there_is_kept_and_another_needs_leave_to_replace_it(booksales, embedded_shop):
    booksales("generate", *SMALL)

    again = booksales("generate", *SMALL)
    other = booksales("generate", *SMALL, "--seed", "8")
    replaced = booksales("generate", *SMALL, "--seed", "8", "--replace", "--json")

    assert again.out.endswith("this shop was there already; nothing was changed\n")
    assert (again.code, other.code, replaced.code) == (0, 3, 0)
    assert "booksales generate: the database holds another generated shop" in other.err
    assert json.loads(replaced.out)["sales_sale"] == 300
