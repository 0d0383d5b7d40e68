"""The page in one sentence says no more than its data."""

import pytest

from streamlit_app.headline import because, comparable, headline

DAYS = {"from": "2025-01-01", "until": "2025-01-31", "currency": "USD"}
BEFORE = {"kind": "year", "from": "2024-01-01", "until": "2024-01-31", "is_complete": True}


def summary(now, before, comparison=BEFORE):
    metrics = [{"net_revenue": value, "net_units": value} for value in (now, before)]
    return {"data": {"current": metrics[0], "previous": metrics[1]}, "meta": {**DAYS, "comparison": comparison}}


def movement(*changes):
    rows = [{"members": {"genre": name}, "change": change} for name, change in changes]
    return {
        "gains": [row for row in rows if row["change"] > 0],
        "losses": [row for row in rows if row["change"] < 0],
        "total": {"change": sum(row["change"] for row in rows)},
    }


def test_it_says_how_much_against_what_and_what_made_the_most_of_it():
    moved = {"data": movement(("Fiction", 60), ("Child*ren", 20), ("Education", 10))}

    assert headline(summary(1090, 1000), "net_revenue", moved) == (
        "Net revenue of **USD 1,090** from 1 Jan – 31 Jan 2025, **9.0 % more** than from 1 Jan – 31 Jan 2024; "
        "67 % of the rise is Fiction."
    )


def test_copies_are_no_money():
    assert headline(summary(5, 5, None), "net_units", None) == "Net units of **5 copies** from 1 Jan – 31 Jan 2025."


def test_what_did_not_change_has_no_reason():
    assert headline(summary(1000, 1000), "net_revenue", {"data": movement()}).endswith(
        "**unchanged** from 1 Jan – 31 Jan 2024."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([("A", -80), ("B", -20)], "; 80 % of the fall is A"),
        ([("A", 80), ("B", -30)], "; A alone rose by more than that"),
        ([("B", -80), ("A", 30)], "; B alone fell by more than that"),
        ([("<b>A</b>", 10)], r"; 100 % of the rise is \<b\>A\</b\>"),
        ([], ""),
    ],
    ids=["a fall", "more than the rise", "more than the fall", "a name with markup", "nothing"],
)
def test_the_reason_is_the_largest_part_in_the_direction_of_the_whole(changes, said):
    assert because(movement(*changes)) == said


def test_days_that_the_data_begins_within_are_not_compared_with():
    assert comparable(summary(1, 1, {**BEFORE, "is_complete": False})) is None
    assert comparable(summary(1, 1, None)) is None
    assert comparable(summary(1, 2))["net_revenue"] == 2
