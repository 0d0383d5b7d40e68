from datetime import date, timedelta

import pytest
from plain_sql import plain_totals
from small_star import FIRST_DAY, LAST_DAY

from warehouse.planner import Question
from warehouse.ranking import BOOK_DIMENSIONS, BOOK_LABELS, plan_ranking
from warehouse.semantic import SemanticError, load_model

MODEL = load_model()


def ranked(generation, limit, dimensions=BOOK_DIMENSIONS, order_by="net_revenue", days=(FIRST_DAY, LAST_DAY)):
    question = Question(
        ("net_revenue", "net_units"), days[0], days[1] + timedelta(days=1), dimensions, order_by=order_by, limit=limit
    )
    planned = plan_ranking(question, MODEL)
    return generation.rows(planned.sql, planned.parameters)


def test_the_first_books_come_in_order_of_the_metric(generation):
    rows = ranked(generation, 5, order_by="net_units")

    by_book = plain_totals(generation, FIRST_DAY, LAST_DAY, by="book_id")
    expected = sorted((totals["net_units"] for totals in by_book.values()), reverse=True)[:5]
    assert [row["net_units"] for row in rows] == expected
    assert [row["place"] for row in rows] == [1, 2, 3, 4, 5]


def test_totals_are_over_all_members_however_few_are_listed(generation):
    (row,) = ranked(generation, 1)

    everything = plain_totals(generation, FIRST_DAY, LAST_DAY)[None]
    assert row["total_net_revenue"] == everything["net_revenue"]
    assert row["total_net_units"] == everything["net_units"]
    assert row["member_count"] == len(plain_totals(generation, FIRST_DAY, LAST_DAY, by="book_id"))


def test_versions_of_a_book_are_one_row_under_its_current_title(generation):
    rows = ranked(generation, 100)

    (renamed,) = [row for row in rows if row["book_id"] == 4]
    assert renamed["title"] == "A Fire in the Archive"
    assert renamed["genre"] == "Fiction"
    assert renamed["net_units"] == plain_totals(generation, FIRST_DAY, LAST_DAY, by="book_id")[4]["net_units"]


def test_sales_of_an_unknown_book_stay_in_the_list_without_labels(generation):
    (unknown,) = [row for row in ranked(generation, 100) if row["book_id"] is None]

    assert unknown["net_units"] == 2
    assert {unknown[name] for name in BOOK_LABELS} == {None}


def test_no_sale_no_row(generation):
    assert ranked(generation, 10, days=(date(1999, 1, 1), date(1999, 1, 2))) == []


def test_a_metric_whose_parts_do_not_add_up_is_refused():
    question = Question(("orders",), FIRST_DAY, LAST_DAY, ("region",), order_by="orders", limit=3)

    with pytest.raises(SemanticError, match="cannot rank by 'orders'"):
        plan_ranking(question, MODEL)
