import json

import pytest

from streamlit_app.charts.customers import new_and_repeat
from streamlit_app.views.customers import headline


def test_the_page_shows_what_the_api_answers_and_hides_what_it_hides(api_url, client, open_page):
    page = open_page(api_url, "customers")

    months = client.customers()["data"]["months"]
    assert not page.exception
    shown = page.dataframe[0].value.to_dict("records")
    for row, month in zip(shown, reversed(months), strict=True):
        for label, name in (("Customers", "customers"), ("New", "new"), ("Repeat", "repeat")):
            assert row[label] == ("hidden" if month[name] is None else f"{month[name]:,}")
    assert "hidden" in {row["New"] for row in shown}
    segments = page.dataframe[1].value.to_dict("records")
    for row, month in zip(segments, reversed(months), strict=True):
        assert row["library"] in ("hidden", f"{month['segments'].get('library', 0)}")


def test_cohorts_are_a_chart_and_a_table_of_the_same_cells(api_url, client, open_page):
    page = open_page(api_url, "customers")

    cohorts = client.customer_cohorts()["data"]["cohorts"]
    (heat,) = [
        json.loads(c.proto.spec) for c in page.get("plotly_chart") if c.proto.alt.startswith("Share of customers")
    ]
    told = [cohort["ratio"] for cohort in cohorts if set(cohort["ratio"]) != {None}]
    assert [row[: len(ratio)] for row, ratio in zip(heat["data"][0]["z"], told, strict=True)] == told
    first = page.dataframe[2].value.to_dict("records")[0]
    assert first["First bought"] == "Jan 2024"
    assert first["+1"] == f"{cohorts[0]['active'][1]}"


MONTH = {"month": "2025-02-01", "customers": 94, "new": 12, "repeat": 82, "segments": {}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "In Feb 2025 **94 customers** bought, **12** of them for the first time."),
        (
            {"new": None, "repeat": None},
            "In Feb 2025 **94 customers** bought; too few are of one kind to tell new from repeat.",
        ),
        ({"customers": None, "new": None}, "In Feb 2025 **fewer than 10** customers bought."),
    ],
    ids=["all is told", "the split is hidden", "everything is hidden"],
)
def test_the_headline_tells_no_more_than_the_api(changes, said):
    assert headline([{**MONTH, **changes}]) == said


def test_a_month_whose_split_is_hidden_is_one_column():
    figure = new_and_repeat([MONTH, {**MONTH, "month": "2025-03-01", "new": None, "repeat": None}])

    assert {trace["name"]: trace["y"] for trace in figure["data"]} == {
        "Repeat": [82, None],
        "New": [12, None],
        "Not told apart": [None, 94],
    }
