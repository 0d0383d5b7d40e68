from datetime import date, timedelta
from random import Random

import pytest
from plain_sql import plain_totals
from small_star import FIRST_DAY, LAST_DAY, LEGACY, RESELLER

from warehouse.planner import FACT, Question, plan
from warehouse.scope import Scope
from warehouse.semantic import SemanticError, load_model

MODEL = load_model()
WITHOUT_ROLLUPS = MODEL.model_copy(update={"rollups": {}, "recurrences": {}})
METRICS = tuple(MODEL.metrics)
SPRING = (date(2024, 9, 20), date(2025, 2, 10))
DIMENSIONS = ["day", "week", "month", "quarter", "year", "region", "country", "genre", "subgenre", "channel", "format"]
BOOK_DIMENSIONS = ["publisher", "imprint", "book_id", "store"]


def answer(generation, question, model=MODEL):
    planned = plan(question, model)
    return generation.rows(planned.sql, planned.parameters), planned.tables


def over(days, *metrics, **more):
    return Question(metrics or METRICS, days[0], days[1] + timedelta(days=1), **more)


def same(found, expected):
    for name in METRICS:
        assert found[name] == (
            pytest.approx(expected[name]) if isinstance(expected[name], float) else expected[name]
        ), name


@pytest.mark.parametrize(
    "days", [(FIRST_DAY, LAST_DAY), SPRING, (LAST_DAY, LAST_DAY)], ids=["all", "some months", "one day"]
)
def test_totals_equal_plain_sql_over_the_fact(generation, days):
    rows, _ = answer(generation, over(days))

    assert len(rows) == 1
    same(rows[0], plain_totals(generation, *days)[None])


@pytest.mark.parametrize("dimension", DIMENSIONS + BOOK_DIMENSIONS)
def test_every_metric_by_a_dimension_equals_plain_sql_over_the_fact(generation, dimension):
    rows, _ = answer(generation, over(SPRING, dimensions=(dimension,)))

    expected = plain_totals(generation, *SPRING, by=dimension)
    assert {row[dimension] for row in rows} == set(expected)
    for row in rows:
        same(row, expected[row[dimension]])


@pytest.mark.parametrize("dimension", DIMENSIONS + BOOK_DIMENSIONS)
@pytest.mark.parametrize(
    "filters",
    [
        {"country": ["Germany", "United States"]},
        {"format": ["ebook", "hardcover"], "genre": ["Fiction"]},
        {"source": [LEGACY, RESELLER]},
    ],
    ids=["by country", "by format and genre", "by source"],
)
def test_a_rollup_answers_exactly_as_the_fact_does(generation, dimension, filters):
    question = over((FIRST_DAY, LAST_DAY), dimensions=(dimension,), filters=filters)

    assert answer(generation, question)[0] == answer(generation, question, WITHOUT_ROLLUPS)[0]


def test_a_book_sold_through_two_sources_is_one_active_title(generation):
    by_source = [("bookstore", 1), (LEGACY, 1)]
    day = (date(2025, 3, 15), date(2025, 3, 15))
    for source, expected in by_source:
        rows, _ = answer(generation, over(day, "active_titles", filters={"source": [source], "book_id": [1]}))
        assert rows == [{"active_titles": expected}]

    both, _ = answer(generation, over(day, "active_titles", filters={"source": ["bookstore", LEGACY], "book_id": [1]}))

    assert both == [{"active_titles": 1}]


def test_the_unknown_book_keeps_its_orders_and_is_no_active_title(generation):
    rows, _ = answer(generation, over((date(2025, 3, 15),) * 2, "orders", "active_titles", dimensions=("book_id",)))

    assert [row for row in rows if row["book_id"] is None] == [{"book_id": None, "orders": 1, "active_titles": 0}]


def test_lines_outside_default_totals_count_only_where_their_source_is_asked_for(generation):
    days = (date(2025, 3, 15), date(2025, 3, 15))
    everything, _ = answer(generation, over(days, "gross_units", "orders"))
    reseller, _ = answer(generation, over(days, "gross_units", "orders", filters={"source": [RESELLER]}))

    assert reseller == [{"gross_units": 500, "orders": 1}]
    assert everything[0]["gross_units"] < 500


def test_a_window_without_sales_has_zeros_and_no_ratios(generation):
    rows, _ = answer(generation, over((date(1999, 1, 1), date(1999, 12, 31))))

    ratios = {"margin_ratio", "average_selling_price", "return_rate", "frontlist_share"}
    assert rows == [{name: None if name in ratios else 0 for name in METRICS}]


@pytest.mark.parametrize(
    ("metrics", "dimensions", "tables"),
    [
        (("net_revenue",), ("region", "day"), ("rollup_region_daily",)),
        (("net_revenue",), ("publisher", "month"), ("rollup_publisher_daily",)),
        (("net_revenue",), ("subgenre", "format"), ("rollup_genre_daily",)),
        (("net_revenue",), ("region", "genre", "month"), ("rollup_sales_monthly", "rollup_sales_daily")),
        (("net_revenue",), ("region", "genre", "week"), ("rollup_sales_daily",)),
        (("net_revenue",), ("book_id",), ("rollup_book_monthly", "rollup_book_daily")),
        (("net_revenue",), ("book_id", "day"), ("rollup_book_daily",)),
        (("net_revenue",), ("store",), (FACT,)),
        (("net_revenue", "orders"), ("genre",), ("rollup_genre_daily", FACT)),
        (("customers", "orders"), (), ("rollup_region_daily", "rollup_customers_daily", "rollup_orders_daily")),
        (("orders",), ("week", "year"), ("rollup_region_daily", "rollup_orders_daily")),
        (("orders",), ("country",), ("rollup_region_daily", FACT)),
        (("active_titles",), ("country",), ("rollup_region_daily", FACT)),
        (("active_titles",), ("month",), ("rollup_region_daily", "rollup_book_monthly", "rollup_book_daily")),
    ],
    ids=lambda names: " ".join(names) if isinstance(names, tuple) else None,
)
def test_the_smallest_table_that_can_answer_is_read(metrics, dimensions, tables):
    assert plan(Question(metrics, FIRST_DAY, LAST_DAY, dimensions=dimensions), MODEL).tables == tables


@pytest.mark.parametrize(
    ("first", "until", "is_split"),
    [
        (date(2024, 9, 1), date(2024, 12, 1), True),
        (date(2024, 8, 31), date(2024, 12, 2), True),
        (date(2024, 9, 2), date(2024, 11, 30), False),
        (date(2024, 9, 5), date(2024, 9, 25), False),
        (date(2024, 2, 1), date(2024, 3, 1), True),
        (date(2024, 12, 1), date(2025, 1, 1), True),
    ],
)
def test_whole_months_are_taken_where_they_are_most_of_the_window(generation, first, until, is_split):
    question = Question(METRICS, first, until, dimensions=("book_source", "book_id"), filters={"format": ["ebook"]})

    rows, tables = answer(generation, question)

    assert ("rollup_book_monthly" in tables) == is_split
    assert rows == answer(generation, question, WITHOUT_ROLLUPS)[0]


def test_distinct_counts_that_are_narrowed_read_the_fact():
    narrowed = [
        {"filters": {"country": ["Germany"]}},
        {"filters": {"source": [LEGACY]}},
        {"scope": Scope(("Germany",))},
    ]

    assert [FACT in plan(over(SPRING, "orders", "customers", **how), MODEL).tables for how in narrowed] == [True] * 3


@pytest.mark.parametrize(
    "dimensions",
    [("genre", "country"), ("book_id",), ("quarter", "channel", "format"), (), ("day",), ("week",), ("month", "year"), ("quarter",)],
)  # fmt: skip
def test_windows_of_any_length_are_answered_as_by_the_fact(generation, dimensions):
    random = Random(20_261_127)
    for _ in range(25):
        first = FIRST_DAY + timedelta(random.randrange((LAST_DAY - FIRST_DAY).days))
        until = first + timedelta(random.choice((1, 7, 28, 29, 31, 45, 61, 100, 180)))
        question = Question(METRICS, first, until, dimensions=dimensions)
        assert answer(generation, question)[0] == answer(generation, question, WITHOUT_ROLLUPS)[0], question


def test_a_user_value_is_a_bound_parameter_never_sql(generation):
    hostile = "x') or 1=1 --"
    question = over((FIRST_DAY, LAST_DAY), "net_units", filters={"genre": [hostile]})

    planned = plan(question, MODEL)

    assert hostile not in planned.sql
    assert generation.rows(planned.sql, planned.parameters) == [{"net_units": 0}]


def test_no_value_allowed_means_no_row(generation):
    rows, _ = answer(generation, over((FIRST_DAY, LAST_DAY), "net_units", filters={"genre": []}))

    assert rows == [{"net_units": 0}]


def test_rows_come_by_the_metric_asked_for_largest_first_and_no_more_than_asked_for(generation):
    rows, _ = answer(generation, over(SPRING, "net_revenue", dimensions=("subgenre",), order_by="net_revenue", limit=3))

    expected = sorted(
        (totals["net_revenue"] for totals in plain_totals(generation, *SPRING, by="subgenre").values()), reverse=True
    )
    assert [row["net_revenue"] for row in rows] == expected[:3]


def test_a_metric_that_is_not_in_the_model_is_refused():
    with pytest.raises(SemanticError, match="no metric 'profit'"):
        plan(Question(("profit",), FIRST_DAY, LAST_DAY), MODEL)
