"""Recurrences count what a distinct count over the same days counts, and stay as if built anew whatever days are replaced."""

from datetime import date, timedelta
from random import Random

import duckdb
import pytest

from warehouse.embedded import recurrence
from warehouse.recurrence import distinct_of
from warehouse.semantic import load_model

MODEL = load_model()
FIRST = date(2024, 12, 1)
DAYS = [FIRST + timedelta(number) for number in range(40)]
FACTS = (
    "create schema analytics; create table analytics.fact_sales "
    "(source varchar, order_id bigint, customer_key bigint, sale_date date, is_return boolean, in_default_totals boolean)"
)


def lines(random, day, count):
    return [
        (
            random.choice(("shop", "till")),
            random.randrange(60),
            random.randrange(-1, 25),
            day,
            random.random() < 0.1,
            random.random() < 0.9,
        )
        for _ in range(count)
    ]


@pytest.fixture
def star():
    with duckdb.connect() as connection:
        connection.execute(FACTS)
        random = Random(7)
        for day in DAYS:
            put(connection, lines(random, day, random.randrange(12)))
        for table in MODEL.recurrences:
            recurrence.build(connection, table)
        yield connection


def put(connection, rows):
    if rows:
        connection.executemany("insert into analytics.fact_sales values (?, ?, ?, ?, ?, ?)", rows)


def held(connection, table):
    return connection.execute(f"from analytics.{table} order by all").fetchall()


@pytest.mark.parametrize("table", MODEL.recurrences)
def test_any_window_counts_what_a_distinct_count_does(star, table):
    distinct = distinct_of(table, MODEL)
    for first in range(0, len(DAYS), 3):
        for last in range(first, len(DAYS), 4):
            window = {"first": DAYS[first], "last": DAYS[last]}
            counted = star.execute(
                f"select coalesce(sum(counted), 0) from analytics.{table} "
                "where sale_date between $first and $last and previous_date < $first",
                window,
            ).fetchone()
            expected = star.execute(
                f"select count(*) from (select distinct {', '.join(distinct.of)} from analytics.fact_sales "
                f"where in_default_totals and {distinct.lines} and sale_date between $first and $last)",
                window,
            ).fetchone()
            assert counted == expected, window


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("table", MODEL.recurrences)
def test_after_days_are_replaced_they_are_as_if_built_anew(star, table, seed):
    random = Random(seed)
    touched = random.sample(DAYS, random.randrange(1, 6))
    star.execute("create or replace temporary table touched as select unnest($days) as sale_date", {"days": touched})
    recurrence.note_days(star)
    if seed:
        star.execute(
            "delete from analytics.fact_sales where sale_date in (from touched) and order_id % 4 = $part",
            {"part": seed % 4},
        )
        for day in touched:
            put(star, lines(random, day, random.randrange(4, 9)))
    before = held(star, table)

    recurrence.replace_days(star, table)

    replaced = held(star, table)
    assert (replaced == before) == (seed == 0)
    recurrence.build(star, table)
    assert replaced == held(star, table)


def test_parts_are_of_whole_things(star, monkeypatch):
    whole = {table: held(star, table) for table in MODEL.recurrences}
    monkeypatch.setattr(recurrence, "FACTS_AT_ONCE", 17)

    for table in MODEL.recurrences:
        recurrence.build(star, table)

    assert {table: held(star, table) for table in MODEL.recurrences} == whole
