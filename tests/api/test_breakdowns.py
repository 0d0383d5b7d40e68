"""Numbers by member, and what moved, by examples; roles and scopes are in the matrix."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from small_star import publish_star, tables

BASE = "/api/analytics"
HALF = {"from": "2024-09-01", "until": "2025-03-20"}


def ask(api, path, **parameters):
    answer = api.get(f"{BASE}/{path}/", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_rows_are_in_order_of_the_first_metric_with_what_they_were(api):
    data = ask(api, "breakdown", by="channel", metrics=["return_rate", "net_units"], comparison="previous_period")

    rates = [row["metrics"]["return_rate"] for row in data["rows"]]
    assert rates == sorted(rates, reverse=True)
    assert [row["members"]["channel"] for row in data["rows"]] == ["Book shops", "Web shop", "App"]
    assert data["rows"][2]["previous"] == {"return_rate": 0.109091, "net_units": 49}
    assert data["total"]["previous"]["net_units"] == 307


def test_a_region_is_named_with_its_country(api):
    data = ask(api, "breakdown", by="region", limit=1)

    assert data["rows"][0]["members"] == {"country": "United States", "region": "West Coast"}
    assert (data["row_count"], data["is_truncated"]) == (6, True)


def test_a_member_of_one_window_alone_has_no_previous(api):
    rows = ask(
        api, "breakdown", by="genre", comparison="previous_period", **{"from": "2024-01-01", "until": "2024-01-07"}
    )["rows"]

    assert {row["previous"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("by", "metric", "members"),
    [
        ("price_band", "net_units", {5, 10, 15, 20, 25, 30, 35, 60}),
        ("discount_band", "net_units", {0, 10}),
        ("return_weeks", "return_units", {None, 0, 1, 2, 3, 4, 6}),
    ],
)
def test_bands_are_computed_from_each_line(api, by, metric, members):
    data = ask(api, "breakdown", by=by, metrics=metric, limit=100, **{"from": "2024-01-01", "until": "2025-03-20"})

    assert {row["members"][by] for row in data["rows"]} == members
    assert sum(row["metrics"][metric] for row in data["rows"]) == data["total"]["metrics"][metric]


def test_gains_and_losses_are_the_largest_and_add_up_with_the_others(api):
    data = ask(api, "movers", by="book", limit=2, **HALF, comparison="previous_period")
    every = ask(api, "movers", by="book", limit=100, **HALF, comparison="previous_period")

    assert data["gains"] == every["gains"][:2]
    assert data["losses"] == every["losses"][:2]
    assert [row["change"] for row in every["gains"]] == sorted((row["change"] for row in every["gains"]), reverse=True)
    assert [row["change"] for row in every["losses"]] == sorted(row["change"] for row in every["losses"])
    parts = [*data["gains"], *data["losses"], data["other"]]
    assert sum(Decimal(str(part["change"])) for part in parts) == Decimal(str(data["total"]["change"]))
    assert data["other"]["count"] == data["total"]["count"] - 4
    assert every["other"] == {"current": 0.0, "previous": 0.0, "change": 0.0, "count": 0}


def test_a_member_that_is_new_moved_by_all_it_has(api):
    data = ask(api, "movers", by="book", limit=100, **{"from": "2025-01-14", "until": "2025-03-20"})

    (ember,) = (row for row in data["gains"] if row["members"]["title"] == "The Ember Crown")
    assert ember["previous"] == 0
    assert ember["change"] == ember["current"] > 0


def test_movers_as_a_table_end_in_the_lines_that_make_them_add_up(api):
    text = api.get(f"{BASE}/movers/", params={"by": "genre", "limit": 1}, headers={"Accept": "text/csv"}).text
    lines = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))

    assert [line["line"] for line in lines] == ["row", "row", "other", "total"]
    assert sum(Decimal(line["change"]) for line in lines[:3]) == Decimal(lines[3]["change"])


@pytest.mark.parametrize(
    "parameters", [{"by": "customer_key"}, {"by": "day"}, {}, {"by": "genre", "comparison": "none"}]
)
def test_movers_by_what_is_nothing_to_move_are_refused(api, parameters):
    assert api.get(f"{BASE}/movers/", params=parameters).status_code == 422


def test_events_are_those_of_the_window(api):
    assert ask(api, "events", **{"from": "2024-11-29", "until": "2024-12-25"}) == [
        {"day": "2024-11-29", "event": "Black Friday"},
        {"day": "2024-12-25", "event": "Christmas Day"},
    ]
    assert ask(api, "events", **{"from": "2024-11-30", "until": "2024-12-24"}) == []


def test_books_are_found_by_words_those_that_begin_with_them_first(api):
    titles = [row["title"] for row in ask(api, "books", search="THE SALT")]
    authors = {row["isbn13"] for row in ask(api, "books", search="ferrante")}

    assert titles == ["The Salt Cartographer", "The Salt Cartographer"]
    assert authors == {"9780000000012", "9780000000013"}
    assert ask(api, "books", search="100% <b>") == []
    assert api.get(f"{BASE}/books/", params={"search": "a"}).status_code == 422


def test_a_book_that_is_not_there_has_no_comparables(api):
    assert api.get(f"{BASE}/books/9780000009999/comparables/").status_code == 422


def test_launches_are_held_against_those_of_books_like_it(own_api, warehouse, tmp_path):
    """Five books of one genre, published a week apart; the n-th sells n copies in each of its first two weeks."""
    rows = tables()
    (book,) = (row for row in rows["dim_book"] if row["book_key"] == 1)
    line = next(row for row in rows["fact_sales"] if row["book_key"] == 1 and not row["is_return"])
    for number in range(1, 6):
        isbn13, published_on = f"97800000002{number:02d}", date(2024, 2, 6) + timedelta(weeks=number)
        like = {"book_key": 200 + number, "book_id": 200 + number, "genre": "Poetry", "subgenre": "Sonnets"}
        rows["dim_book"].append({**book, **like, "isbn13": isbn13, "published_on": published_on})
        for week in range(2):
            sold = {"sale_id": 90_000 + 10 * number + week, "sale_date": published_on + timedelta(weeks=week, days=6)}
            rows["fact_sales"].append({**line, **sold, "book_key": 200 + number, "quantity": number})
    publish_star(warehouse, tmp_path / "lake", rows)

    data = ask(own_api, "books/9780000000201/comparables")

    assert [row["isbn13"] for row in data["books"]] == [f"97800000002{number:02d}" for number in (2, 3, 4, 5)]
    assert data["weeks"][:3] == [
        {"week": 1, "book_count": 4, "lower": 2.75, "median": 3.5, "upper": 4.25},
        {"week": 2, "book_count": 4, "lower": 2.75, "median": 3.5, "upper": 4.25},
        {"week": 3, "book_count": 4, "lower": 0.0, "median": 0.0, "upper": 0.0},
    ]
    assert len(data["weeks"]) == 52
