import json
from contextlib import closing
from datetime import date

import psycopg2
import pytest

from datagen.plan import ShopPlan
from datagen.shop import generate_shop
from jobs_config.progress import Progress


def rows(dsn, statement):
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def old_shop(embedded_shop):
    """The embedded shop, with sales until 30 June 2025."""
    generate_shop(embedded_shop, ShopPlan(sales=300, years=1, until=date(2025, 6, 30)), Progress(terminal=False))
    return embedded_shop


def test_the_next_days_are_added_and_each_kind_of_change_is_told(booksales, old_shop):
    told = booksales("simulate-day", "--days", "2", "--sales", "100", "--hard-deletes", "3")

    titles, *table, sentence = told.out.splitlines()
    assert told.code == 0
    assert titles.split() == ["change", "rows"]
    assert ["returns", "12"] in [line.split() for line in table]
    assert sentence == "2025-07-01 to 2025-07-02 simulated"
    assert rows(old_shop, "select max(sold_at)::date from sales_sale") == [(date(2025, 7, 2),)]


def test_programs_are_told_day_by_day(booksales, old_shop):
    told = json.loads(booksales("simulate-day", "--days", "2", "--sales", "100", "--json").out)

    assert [day["day"] for day in told] == ["2025-07-01", "2025-07-02"]
    assert [day["row_counts"]["returns"] for day in told] == [6, 6]


def test_every_option_reaches_the_shop(booksales, old_shop):
    said = booksales(
        "simulate-day", "--seed", "3", "--sales", "50", "--corrections", "6", "--soft-deletes", "4", "--hard-deletes", "0",
        "--book-changes", "10", "--even", "--json",
    )  # fmt: skip

    (day,) = json.loads(said.out)
    counts = day["row_counts"]
    assert counts["corrected quantity"] + counts["corrected discount"] + counts["corrected sold_at"] == 6
    assert (counts["soft deletes"], counts["hard deletes"], counts["changed title"]) == (4, 0, 2)
    assert rows(old_shop, "select seed from datagen_simulated_day") == [(3,)]


def test_a_dry_run_changes_nothing(booksales, old_shop):
    told = booksales("simulate-day", "--dry-run")

    assert told.code == 0
    assert told.out.endswith("2025-07-01 would be simulated; nothing was changed\n")
    assert rows(old_shop, "select count(*) from sales_sale") == [(300,)]
    assert rows(old_shop, "select count(*) from datagen_simulated_day") == [(0,)]


def test_a_database_that_is_not_a_generated_shop_is_refused(booksales, embedded_shop):
    rows(embedded_shop, "create table orders as select 1 as id")

    refused = booksales("simulate-day")

    assert (refused.code, refused.out) == (3, "")
    assert "booksales simulate-day: the database is not a generated shop: it has no mark" in refused.err


def test_without_a_shop_nothing_is_started(booksales, home):
    refused = booksales("simulate-day")

    assert (refused.code, refused.out) == (3, "")
    assert (
        refused.err == "booksales simulate-day: there is no shop to simulate days of; `booksales generate` makes one\n"
    )
    assert not (home / "source").exists()


def test_numbers_that_cannot_be_are_a_matter_of_usage_before_anything_starts(booksales, home):
    refused = booksales("simulate-day", "--days", "0")

    assert refused.code == 2
    assert refused.err == "booksales simulate-day: days is 0; use a number from 1 to 366\n"
    assert not home.exists()
