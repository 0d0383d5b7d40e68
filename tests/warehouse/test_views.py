import pytest
from plain_sql import plain_totals
from small_star import FIRST_DAY, LAST_DAY

from warehouse.ddl import views

SUMS = ("gross_units", "return_units", "net_units", "gross_revenue", "discount", "return_value", "net_revenue")


@pytest.mark.parametrize(
    ("view", "member", "column"),
    [
        ("sales_by_day", "sale_date", "day"),
        ("sales_by_region", "region", "region"),
        ("sales_by_region", "country", "country"),
        ("sales_by_genre", "genre", "genre"),
        ("sales_by_genre", "subgenre", "subgenre"),
    ],
)
def test_a_view_equals_plain_sql_over_the_fact(generation, view, member, column):
    sums = ", ".join(f"sum({name}) as {name}" for name in SUMS)
    rows = generation.rows(f"select {member} as member, {sums} from analytics.{view} group by 1")

    expected = plain_totals(generation, FIRST_DAY, LAST_DAY, by=column)
    assert {row["member"]: {name: row[name] for name in SUMS} for row in rows} == {
        member: {name: totals[name] for name in SUMS} for member, totals in expected.items()
    }


def test_the_promised_views_are_there():
    assert set(views()) == {"sales_by_day", "sales_by_region", "sales_by_genre"}


def test_a_view_has_one_row_per_grain(generation):
    for view, grain in {"sales_by_day": "sale_date", "sales_by_region": "sale_date, region, country"}.items():
        (row,) = generation.rows(f"select count(*) as found, count(distinct ({grain})) as grains from analytics.{view}")
        assert row["found"] == row["grains"]
