"""Explore: what analysts ask, against what the API answers to the same."""

import json
from datetime import date

import pytest
from live_api import token_of

from api.client import Client, Window
from streamlit_app.own_answer import is_whole, pivot, request
from streamlit_app.own_question import OwnQuestion


@pytest.fixture(scope="module")
def analyst_token(star, api_url):
    return token_of(star, "analyst")


@pytest.fixture
def analyst(api_url, analyst_token):
    with Client(api_url, analyst_token) as client:
        yield client


@pytest.fixture
def explore(api_url, analyst_token, open_page):
    return lambda **parameters: open_page(api_url, "explore", analyst_token, **parameters)


def rows_of(page):
    return page.dataframe[-1].value.to_dict("records")


def test_at_first_it_shows_revenue_and_units_by_genre(explore, analyst):
    page = explore()

    assert not page.exception
    assert (
        rows_of(page)
        == analyst.query(30, ["net_revenue", "net_units"], ["genre"], order_by="net_revenue")["data"]["rows"]
    )
    assert "all 5 rows" in {caption.value for caption in page.caption}


def test_a_link_says_metrics_dimensions_and_filters(explore, analyst):
    page = explore(metric=["margin", "return_rate"], by=["month", "format"], genre=["Fiction"], range="365d")

    wanted = analyst.query(365, ["margin", "return_rate"], ["month", "format"], {"genre": ["Fiction"]})["data"]["rows"]
    found = rows_of(page)
    assert [{name: row[name] for name in ("month", "format", "margin")} for row in found] == [
        {name: row[name] for name in ("month", "format", "margin")} for row in wanted
    ]
    page.toggle(key="pivot").set_value(True).run()
    pivoted = page.dataframe[0].value.set_index("Month")
    for row in wanted:
        assert pivoted.loc[row["month"], row["format"]] == row["margin"]


def test_a_choice_is_said_in_the_address(explore):
    page = explore()

    page.multiselect(key="by").set_value(["channel"]).run()
    assert page.query_params["by"] in ("channel", ["channel"])
    page.multiselect(key="metric").set_value([]).run()
    assert page.info[0].value == "Choose at least one metric."


def test_what_the_link_asks_wrongly_is_said_and_the_rest_is_shown(explore):
    page = explore(metric=["net_units", "<script>"], by=["customer_hash", "channel"])

    said = [warning.value.replace("\\", "") for warning in page.warning]
    assert any("“<script>”" in sentence for sentence in said) and any(
        "“customer_hash”" in sentence for sentence in said
    )
    assert list(page.dataframe[0].value.columns) == ["channel", "net_units"]


def test_what_cannot_be_asked_is_said_in_the_apis_words(explore):
    page = explore(metric=["customers"], by=["genre"])

    assert page.warning[0].proto.title == "This cannot be asked"
    assert "customers are counted over a whole window" in page.warning[0].value.replace("\\", "")


def test_sql_is_run_and_a_refusal_is_said(explore, analyst):
    page = explore(part="sql")
    run = lambda: next(button for button in page.button if button.label == "Run").click().run()  # noqa: E731

    run()
    wanted = analyst.sql(page.text_area(key="sql-text").value)["data"]["rows"]
    assert [row["region"] for row in rows_of(page)] == [row["region"] for row in wanted]
    page.text_area(key="sql-text").set_value("select customer_hash from dim_customer")
    run()
    assert page.warning[0].proto.title == "This was not run"
    assert not page.dataframe and not page.exception


def test_a_viewer_is_told_that_the_page_is_not_for_them(api_url, open_page):
    page = open_page(api_url, "explore")

    assert not page.dataframe and not page.multiselect
    assert not page.exception


QUESTION = OwnQuestion(
    ("net_units",), ("genre", "format"), {"genre": "Genre", "format": "Format"}, {"net_units": "copies"}
)


def test_a_pivot_has_a_row_and_a_column_per_member_and_says_what_it_leaves_out():
    rows = [{"genre": "Fiction", "format": f"f{number:02d}", "net_units": number} for number in range(42)]

    table, left_out = pivot(QUESTION, [*rows, {"genre": None, "format": "f01", "net_units": 7}])

    assert left_out == 2
    assert table[0]["Genre"] == "Fiction" and table[0]["f39"] == 39 and "f40" not in table[0]
    assert table[1] == {"Genre": "unknown", **{f"f{number:02d}": 7 if number == 1 else None for number in range(40)}}


def test_the_question_to_the_api_is_the_one_that_was_asked():
    asked = json.loads(request(QUESTION, {"from": "2025-03-01", "until": "2025-03-20"}, {"genre": ("Fiction",)}))

    assert asked == {
        "metrics": ["net_units"],
        "dimensions": ["genre", "format"],
        "filters": {"genre": ["Fiction"]},
        "order_by": "net_units",
        "from": "2025-03-01",
        "until": "2025-03-20",
    }


@pytest.mark.parametrize(
    ("start", "time", "whole"),
    [
        ("2024-02-01", "month", True),
        ("2025-02-01", "month", True),
        ("2025-03-01", "month", False),
        ("2024-01-01", "month", False),
        ("2024-10-01", "quarter", True),
        ("2025-01-01", "quarter", False),
        ("2024-01-01", "year", False),
        ("2025-03-14", "week", True),
        ("2025-03-16", "week", False),
        ("2025-03-20", "day", True),
    ],
)
def test_a_period_that_the_window_cuts_is_not_whole(start, time, whole):
    assert is_whole(start, time, Window(date(2024, 1, 15), date(2025, 3, 20))) is whole
