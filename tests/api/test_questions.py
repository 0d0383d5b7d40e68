"""Questions of one's own, and the dictionary of what can be asked."""

from datetime import date

import pytest
from plain_sql import plain_totals
from pydantic import TypeAdapter
from small_star import FIRST_DAY, LAST_DAY

from api.shapes.bodies import Body, Table
from api.shapes.dictionary import Dictionary

ALL = {"from": FIRST_DAY.isoformat(), "until": LAST_DAY.isoformat()}
QUERY = "/api/analytics/query/"


@pytest.fixture(scope="module")
def analyst(asked_by):
    return asked_by("analyst")


def ask(analyst, **question):
    answer = analyst.post(QUERY, json={**ALL, **question})
    assert answer.status_code == 200, answer.text
    TypeAdapter(Body[Table]).validate_python(answer.json(), strict=True, extra="forbid")
    return answer.json()


def test_metrics_by_two_dimensions_with_filters_equal_plain_sql(analyst, generation):
    body = ask(
        analyst,
        metrics=["margin", "orders"],
        dimensions=["country", "format"],
        filters={"genre": ["Fiction", "Children"]},
        order_by="margin",
    )

    where = "in_default_totals and genre in ('Fiction', 'Children')"
    expected = plain_totals(generation, FIRST_DAY, LAST_DAY, "(country, format)", where)
    found = {(row["country"], row["format"]): (row["margin"], row["orders"]) for row in body["data"]["rows"]}
    assert found == {key: (float(totals["margin"]), totals["orders"]) for key, totals in expected.items()}
    margins = [row["margin"] for row in body["data"]["rows"]]
    assert margins == sorted(margins, reverse=True)
    assert body["meta"]["filters"] == {"genre": ["Fiction", "Children"]}


def test_pages_follow_each_other_and_say_how_much_there_is(analyst):
    question = {"metrics": ["net_units"], "dimensions": ["month", "region"], "order_by": "net_units"}
    whole = ask(analyst, **question)["data"]
    found, after = [], 0
    while after is not None:
        page = ask(analyst, **question, limit=11, after=after)
        assert page["data"]["row_count"] == whole["row_count"]
        assert page["data"]["is_truncated"] == (page["meta"]["next"] is not None)
        found += page["data"]["rows"]
        after = page["meta"]["next"]

    assert found == whole["rows"]
    assert len(found) == whole["row_count"]


def test_without_a_dimension_there_is_one_row(analyst, generation):
    (row,) = ask(analyst, metrics=["customers", "net_revenue"])["data"]["rows"]

    expected = plain_totals(generation, FIRST_DAY, LAST_DAY)[None]
    assert row == {"customers": expected["customers"], "net_revenue": float(expected["net_revenue"])}


def test_few_customers_are_left_out(analyst):
    day = LAST_DAY.isoformat()

    (row,) = analyst.post(QUERY, json={"from": day, "until": day, "metrics": ["customers"]}).json()["data"]["rows"]

    assert row == {"customers": None}


def test_a_window_without_sales_has_no_row(analyst):
    question = {"from": "1999-01-01", "until": "1999-01-31", "metrics": ["net_units"], "dimensions": ["genre"]}

    assert analyst.post(QUERY, json=question).json()["data"] == {"rows": [], "row_count": 0, "is_truncated": False}


def test_a_book_is_found_by_its_number_and_its_source(analyst):
    rows = ask(
        analyst, metrics=["net_units"], dimensions=["book_id"], filters={"book_id": [1, 3], "source": ["bookstore"]}
    )

    assert {row["book_id"] for row in rows["data"]["rows"]} == {1, 3}


@pytest.mark.parametrize(
    ("question", "parameter", "said"),
    [
        ({"metrics": []}, "metrics", "at least 1"),
        ({}, "metrics", "required"),
        ({"metrics": ["profit"]}, "metrics", "no profit; there are gross_units"),
        ({"metrics": ["net_units"], "dimensions": ["author"]}, "dimensions", "no author; there are day"),
        ({"metrics": ["net_units"], "filters": {"customer_key": [1]}}, "filters", "no customer_key"),
        ({"metrics": ["net_units"], "filters": {"genre": []}}, "filters.genre", "at least 1"),
        ({"metrics": ["net_units"], "order_by": "genre"}, "parameters", "order_by is one of"),
        ({"metrics": ["customers"], "dimensions": ["day"]}, "parameters", "by no dimension"),
        ({"metrics": ["net_units"], "limit": 5001}, "limit", "less than or equal to 5000"),
        ({"metrics": ["net_units"], "dimensions": ["day"] * 5}, "dimensions", "at most 4"),
        ({"metrics": ["net_units"], "sql": "select 1"}, "sql", "not permitted"),
        ({"metrics": ["net_units"], "filters": {"genre": [{"a": 1}]}}, "filters.genre.0", ""),
        ({"metrics": ["net_units"], "days": 0}, "days", "greater than or equal to 1"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_name(analyst, question, parameter, said):
    answer = analyst.post(QUERY, json=question)

    assert answer.status_code == 422
    fault = answer.json()["errors"][0]
    assert fault["parameter"].startswith(parameter)
    assert said in fault["message"]


@pytest.mark.parametrize(
    "filters", [{"book_id": ["x"]}, {"genre": [1]}, {"day": ["soon"]}, {"day": ["2024-02-30"]}, {"book": [1]}]
)
def test_a_filter_value_of_another_type_is_refused(analyst, filters):
    answer = analyst.post(QUERY, json={**ALL, "metrics": ["net_units"], "filters": filters})

    assert answer.status_code == 422
    assert " is a " in answer.json()["detail"]


def test_days_can_be_picked(analyst, generation):
    (row,) = ask(analyst, metrics=["net_units"], filters={"day": ["2024-05-01", "2024-06-01"]})["data"]["rows"]

    days = ("2024-05-01", "2024-06-01")
    expected = [plain_totals(generation, day, day)[None]["net_units"] for day in map(date.fromisoformat, days)]
    assert row == {"net_units": sum(expected)}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b'{"metrics": ["net_units"]', b"\xff\xfe", b"\x16\xed"]
)
def test_a_body_that_is_no_question_is_refused(analyst, body):
    answer = analyst.post(QUERY, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_dictionary_has_the_meaning_of_every_metric(analyst):
    dictionary = analyst.get("/api/analytics/metrics/").json()

    TypeAdapter(Dictionary).validate_python(dictionary, strict=True, extra="forbid")
    margin = next(metric for metric in dictionary["metrics"] if metric["name"] == "margin")
    assert margin == {
        "name": "margin",
        "label": "Margin",
        "unit": "money",
        "meaning": "Net revenue less cost.",
        "adds_up": True,
    }
    assert {"name": "author", "label": "Author", "can_group": False} in dictionary["dimensions"]
