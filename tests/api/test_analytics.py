import re
from datetime import date, timedelta

import orjson
import pytest
from plain_sql import plain_totals
from pydantic import TypeAdapter
from small_star import BOOKS, FIRST_DAY, LAST_DAY

from api.shapes.analytics import BookRow, GenreRow, Ranking, RegionRow, Summary, Timeseries
from api.shapes.bodies import Body
from api.shapes.books import BookDetail

MONTH = (LAST_DAY - timedelta(days=29), LAST_DAY)
AUTUMN = (date(2024, 8, 20), date(2024, 12, 10))
AUTUMN_PARAMETERS = {"from": "2024-08-20", "until": "2024-12-10"}
SUMS = ("gross_units", "return_units", "net_units", "gross_revenue", "net_revenue")
FORBIDDEN = ("cost", "margin", "margin_ratio", "customer_key", "order_id", "unit_cost")


def ask(api, path, **parameters):
    answer = api.get(f"/api/analytics/{path}/", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def close(value):
    """Money exactly, ratios as far as the API rounds them."""
    return pytest.approx(float(value), abs=5e-5) if isinstance(value, float) else value


@pytest.mark.parametrize(
    ("parameters", "days"),
    [({}, MONTH), ({"days": 7}, (date(2025, 3, 14), LAST_DAY)), (AUTUMN_PARAMETERS, AUTUMN)],
    ids=["30 days to data-through by default", "a number of days", "from and until, both included"],
)
def test_the_summary_equals_plain_sql(api, generation, parameters, days):
    body = ask(api, "summary", **parameters)

    expected = plain_totals(generation, *days)[None]
    current = body["data"]["current"]
    metrics = {name: close(expected[name]) for name in current if name != "suppressed"}
    for name, value in metrics.items():
        assert current[name] == (value if not hasattr(value, "as_tuple") else float(value)), name
    assert (body["meta"]["from"], body["meta"]["until"]) == (days[0].isoformat(), days[1].isoformat())
    assert body["meta"]["days"] == (days[1] - days[0]).days + 1


def test_the_previous_period_is_the_equally_long_window_before(api):
    body = ask(api, "summary", days=30, comparison="previous_period")

    before = ask(api, "summary", **{"from": "2025-01-20", "until": "2025-02-18"})
    assert body["data"]["previous"] == before["data"]["current"]
    compared = {"kind": "previous_period", "from": "2025-01-20", "until": "2025-02-18"}
    compared |= {"is_like_for_like": False, "is_complete": True}
    assert body["meta"]["comparison"] == compared


@pytest.mark.parametrize(
    ("kind", "first", "until"),
    [("52_weeks", "2024-02-21", "2024-03-21"), ("year", "2024-02-19", "2024-03-20")],
)
def test_a_window_is_compared_with_the_same_weekdays_or_the_same_days_a_year_ago(api, kind, first, until):
    body = ask(api, "summary", days=30, comparison=kind)

    before = ask(api, "summary", **{"from": first, "until": until})
    assert body["data"]["previous"] == before["data"]["current"]
    assert (body["meta"]["comparison"]["from"], body["meta"]["comparison"]["until"]) == (first, until)


def test_an_unfinished_window_is_compared_like_for_like(api):
    march = ask(api, "summary", comparison="year", **{"from": "2025-03-01", "until": "2025-03-31"})

    same_days = ask(api, "summary", **{"from": "2024-03-01", "until": "2024-03-20"})
    assert march["data"]["previous"] == same_days["data"]["current"]
    assert march["meta"]["comparison"]["is_like_for_like"] is True
    assert march["meta"]["is_complete"] is False


def test_a_series_is_compared_bucket_by_bucket(api):
    data = ask(api, "timeseries", interval="month", comparison="year", **{"from": "2025-01-01", "until": "2025-02-28"})[
        "data"
    ]

    before = ask(api, "timeseries", interval="month", **{"from": "2024-01-01", "until": "2024-02-28"})["data"][
        "buckets"
    ]
    assert data["previous"] == before
    assert [bucket["start"] for bucket in data["buckets"]] == ["2025-01-01", "2025-02-01"]


@pytest.mark.parametrize("path", ["top-books", "sales-by-region", "sales-by-genre"])
def test_every_row_of_a_ranking_says_what_it_was(api, path):
    rows = ask(api, path, days=30, limit=3, comparison="previous_period")["data"]["rows"]
    before = ask(api, path, limit=1000, **{"from": "2025-01-20", "until": "2025-02-18"})["data"]["rows"]

    key = "isbn13" if path == "top-books" else "region" if path == "sales-by-region" else "genre"
    known = {row[key]: {name: row[name] for name in SUMS} for row in before}
    assert [row["previous"] for row in rows] == [known.get(row[key], dict.fromkeys(SUMS, 0)) for row in rows]


def test_a_ranking_is_read_page_by_page_and_nothing_is_lost(api):
    whole = ask(api, "top-books", days=445, limit=1000)["data"]["rows"]
    found, after = [], 0
    while after is not None:
        page = ask(api, "top-books", days=445, limit=4, after=after)
        found += page["data"]["rows"]
        after = page["meta"]["next"]

    assert found == whole
    assert [row["rank"] for row in found] == list(range(1, len(whole) + 1))


def test_a_page_beyond_the_last_row_is_empty_and_keeps_the_totals(api):
    data = ask(api, "sales-by-genre", after=500)["data"]

    assert data["rows"] == []
    assert data["total"] == ask(api, "sales-by-genre")["data"]["total"]


def test_filters_of_one_kind_are_alternatives_and_of_several_kinds_narrow_each_other(api, generation):
    body = ask(api, "summary", country=["Germany", "United Kingdom"], format="hardcover", **AUTUMN_PARAMETERS)

    where = "in_default_totals and country in ('Germany', 'United Kingdom') and format = 'hardcover'"
    expected = plain_totals(generation, *AUTUMN, where=where)[None]
    assert body["data"]["current"]["net_revenue"] == float(expected["net_revenue"])
    assert body["data"]["current"]["active_titles"] == expected["active_titles"]
    assert body["meta"]["filters"] == {"country": ["Germany", "United Kingdom"], "format": ["hardcover"]}


def test_the_way_down_goes_from_country_to_store_and_from_genre_to_book(api):
    britain = ask(api, "regions/United Kingdom", days=445)["data"]
    london = ask(api, "regions/United Kingdom/London", days=445)["data"]
    crime = ask(api, "genres/Fiction/Crime", days=445, limit=100)["data"]

    assert {row["region"] for row in britain["rows"]} == {"London", "Scotland"}
    assert [row["store"] for row in london["rows"]] == ["London, Charing Cross"]
    assert {row["isbn13"] for row in crime["rows"]} == {"9780000000003", "9780000000004"}
    assert london["total"]["net_revenue"] == next(r["net_revenue"] for r in britain["rows"] if r["region"] == "London")


def test_a_filter_stays_on_the_way_down(api):
    everything = ask(api, "regions/United Kingdom", days=445)["data"]["total"]["net_revenue"]
    ebooks = ask(api, "regions/United Kingdom", days=445, format="ebook")["data"]["total"]["net_revenue"]
    elsewhere = ask(api, "regions/United Kingdom", country="Germany")["data"]["total"]["net_revenue"]

    assert 0 < ebooks < everything
    assert elsewhere == 0


# one book


def test_a_book_has_its_editions_its_metrics_and_its_launch(api, generation):
    data = ask(api, "books/9780000000006", days=445)["data"]

    assert data["book"]["title"] == "The Moon Who Was Late"
    assert [edition["isbn13"] for edition in data["editions"]] == ["9780000000006"]
    expected = plain_totals(generation, FIRST_DAY, LAST_DAY, where="in_default_totals and book_id = 6")[None]
    assert data["metrics"]["net_revenue"] == float(expected["net_revenue"])
    weeks = data["launch"]
    assert (weeks[0]["week"], weeks[0]["start"]) == (1, "2024-10-01")
    assert [week["week"] for week in weeks] == list(range(1, 26))
    assert sum(week["net_units"] for week in weeks) == expected["net_units"]
    assert [week["is_complete"] for week in weeks[-2:]] == [True, False]


def test_a_book_that_was_renamed_has_the_sales_of_all_its_versions(api, generation):
    data = ask(api, "books/9780000000004", days=445)["data"]

    expected = plain_totals(generation, FIRST_DAY, LAST_DAY, where="in_default_totals and book_id = 4")[None]
    assert data["metrics"]["net_units"] == expected["net_units"]


def test_a_book_that_is_not_out_yet_has_no_launch(api):
    assert ask(api, "books/9780000000018")["data"]["launch"] == []


def test_a_previous_period_that_begins_before_the_data_is_marked(api):
    body = ask(api, "summary", days=365, comparison="previous_period")

    assert body["meta"]["comparison"]["is_complete"] is False


@pytest.mark.parametrize("interval", ["day", "week", "month", "quarter", "year"])
def test_every_bucket_equals_plain_sql_and_none_is_missing(api, generation, interval):
    metrics = [*SUMS, "orders", "active_titles", "return_rate"]
    body = ask(api, "timeseries", interval=interval, metrics=metrics, **AUTUMN_PARAMETERS)

    expected = plain_totals(generation, *AUTUMN, by=interval)
    buckets = body["data"]["buckets"]
    assert {date.fromisoformat(bucket["start"]) for bucket in buckets} >= set(expected)
    for bucket in buckets:
        wanted = expected.get(date.fromisoformat(bucket["start"]), {})
        for name, value in bucket["metrics"].items():
            assert value == pytest.approx(float(wanted.get(name) or 0), abs=1e-6), (bucket["start"], name)
    ends = [date.fromisoformat(bucket["end"]) for bucket in buckets]
    starts = [date.fromisoformat(bucket["start"]) for bucket in buckets]
    assert [end + timedelta(days=1) for end in ends[:-1]] == starts[1:]
    assert starts[0] <= AUTUMN[0] <= ends[0]
    assert starts[-1] <= AUTUMN[1] <= ends[-1]


def test_buckets_add_up_to_the_summary(api):
    summary = ask(api, "summary", days=400)["data"]["current"]
    weeks = ask(api, "timeseries", days=400, interval="week", metrics=list(SUMS))["data"]["buckets"]

    for name in SUMS:
        assert sum(week["metrics"][name] for week in weeks) == pytest.approx(summary[name])


def test_buckets_cut_by_the_window_or_by_the_data_are_marked_incomplete(api):
    weeks = ask(api, "timeseries", interval="week", **{"from": "2025-03-05", "until": "2025-03-31"})["data"]["buckets"]

    marks = [(week["start"], week["is_complete"]) for week in weeks]
    assert marks == [
        ("2025-03-02", False),  # begins before the window
        ("2025-03-09", True),
        ("2025-03-16", False),  # data ends on the 20th
        ("2025-03-23", False),
        ("2025-03-30", False),
    ]


def test_days_without_a_sale_are_there_with_zeros_and_no_ratio(api):
    metrics = ["net_revenue", "orders", "return_rate"]
    days = ask(api, "timeseries", metrics=metrics, **{"from": "2023-12-30", "until": "2024-01-01"})["data"]["buckets"]

    nothing = {"net_revenue": 0, "orders": 0, "return_rate": None}
    assert [day["start"] for day in days] == ["2023-12-30", "2023-12-31", "2024-01-01"]
    assert days[0]["metrics"] == days[1]["metrics"] == nothing
    assert days[2]["metrics"]["orders"] > 0


@pytest.mark.parametrize("measure", ["net_revenue", "net_units"])
def test_top_books_come_in_order_with_the_rest_and_the_total(api, generation, measure):
    data = ask(api, "top-books", measure=measure, limit=5, **AUTUMN_PARAMETERS)["data"]

    by_book = plain_totals(generation, *AUTUMN, by="book_id")
    expected = sorted(by_book.items(), key=lambda item: (-item[1][measure], item[0]))
    titles = {book[0]: book[1] for book in BOOKS}
    assert [row["title"] for row in data["rows"]] == [titles[book_id] for book_id, _ in expected[:5]]
    assert [row[measure] for row in data["rows"]] == [float(totals[measure]) for _, totals in expected[:5]]
    assert [row["rank"] for row in data["rows"]] == [1, 2, 3, 4, 5]
    assert data["total"]["count"] == len(by_book)
    assert data["other"]["count"] == len(by_book) - 5
    assert_nothing_is_lost(data, plain_totals(generation, *AUTUMN)[None])


def assert_nothing_is_lost(data, total):
    for name in SUMS:
        assert sum(row[name] for row in data["rows"]) + data["other"][name] == pytest.approx(float(total[name])), name
        assert data["total"][name] == float(total[name]), name
    shares = sum(row["net_revenue_share"] for row in data["rows"]) + data["other"]["net_revenue_share"]
    assert shares == pytest.approx(1, abs=1e-4)


def test_a_renamed_book_is_one_row_under_its_current_labels(api):
    rows = ask(api, "top-books", limit=100, days=445)["data"]["rows"]

    (renamed,) = [row for row in rows if row["isbn13"] == "9780000000004"]
    assert renamed["title"] == "A Fire in the Archive"
    assert renamed["genre"] == "Fiction"
    assert renamed["author_names"] == ["Tom Brannigan"]


def test_sales_of_no_known_book_are_listed_as_such(api):
    rows = ask(api, "top-books", limit=100)["data"]["rows"]

    (unknown,) = [row for row in rows if row["isbn13"] is None]
    assert unknown["title"] == "Unknown book"
    assert unknown["author_names"] == []


@pytest.mark.parametrize("limit", [2, 100])
def test_sales_by_region_equal_plain_sql(api, generation, limit):
    data = ask(api, "sales-by-region", limit=limit, **AUTUMN_PARAMETERS)["data"]

    expected = plain_totals(generation, *AUTUMN, by="region")
    ranked = sorted(expected, key=lambda region: -expected[region]["net_revenue"])
    assert [row["region"] for row in data["rows"]] == ranked[:limit]
    for row in data["rows"]:
        assert {name: row[name] for name in SUMS} == {name: float(expected[row["region"]][name]) for name in SUMS}
    assert_nothing_is_lost(data, plain_totals(generation, *AUTUMN)[None])


@pytest.mark.parametrize("level", ["genre", "subgenre"])
def test_sales_by_genre_equal_plain_sql(api, generation, level):
    data = ask(api, "sales-by-genre", level=level, **AUTUMN_PARAMETERS)["data"]

    expected = plain_totals(generation, *AUTUMN, by=level)
    assert {row[level]: row["net_revenue"] for row in data["rows"]} == {
        member: float(totals["net_revenue"]) for member, totals in expected.items()
    }
    assert all((row["subgenre"] is None) == (level == "genre") for row in data["rows"])
    assert_nothing_is_lost(data, plain_totals(generation, *AUTUMN)[None])


@pytest.mark.parametrize("path", ["summary", "timeseries", "top-books", "sales-by-region", "sales-by-genre"])
def test_a_window_without_data_is_answered_with_nothing_not_an_error(api, path):
    data = ask(api, path, **{"from": "1999-01-01", "until": "1999-01-02"})["data"]

    if path == "summary":
        assert data["current"]["net_revenue"] == data["current"]["orders"] == data["current"]["customers"] == 0
        assert data["current"]["average_selling_price"] is None
    elif path == "timeseries":
        assert [bucket["metrics"]["net_revenue"] for bucket in data["buckets"]] == [0, 0]
    else:
        assert data["rows"] == []
        assert data["total"] == {**dict.fromkeys(SUMS, 0), "net_revenue_share": None, "count": 0}


def test_counts_of_few_customers_are_left_out_and_named(api, generation):
    few = ask(api, "summary", days=1)["data"]["current"]
    many = ask(api, "summary", days=30)["data"]["current"]

    assert 0 < plain_totals(generation, LAST_DAY, LAST_DAY)[None]["customers"] < 10
    assert (few["customers"], few["suppressed"]) == (None, ["customers"])
    assert many["customers"] >= 10
    assert many["suppressed"] == []


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("summary/?comparison=previous_period", Body[Summary]),
        ("timeseries/?interval=month&days=365", Body[Timeseries]),
        ("top-books/", Body[Ranking[BookRow]]),
        ("sales-by-region/", Body[Ranking[RegionRow]]),
        ("sales-by-genre/?level=subgenre", Body[Ranking[GenreRow]]),
        ("sales-by-region/?level=store&comparison=year", Body[Ranking[RegionRow]]),
        ("timeseries/?comparison=52_weeks&interval=quarter", Body[Timeseries]),
        ("regions/Germany/", Body[Ranking[RegionRow]]),
        ("books/9780000000001/", Body[BookDetail]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_has_exactly_the_promised_shape_and_no_viewer_sees_cost(api, path, shape):
    body = api.get(f"/api/analytics/{path}").json()

    TypeAdapter(shape).validate_python(body, strict=True, extra="forbid")
    assert not [name for name in FORBIDDEN if f'"{name}"' in orjson.dumps(body).decode()]


def test_meta_says_what_the_answer_is_about(api):
    meta = ask(api, "timeseries", interval="month", days=60)["meta"]

    assert meta == {
        "from": "2025-01-20",
        "until": "2025-03-20",
        "days": 60,
        "interval": "month",
        "is_complete": True,
        "filters": {},
        "scope": {"regions": [], "publishers": []},
        "comparison": None,
        "next": None,
        "data_from": FIRST_DAY.isoformat(),
        "data_through": LAST_DAY.isoformat(),
        "loaded_at": "2025-03-21T06:30:00+00:00",
        "publication": 1,
        "currency": "USD",
        "time_zone": "UTC",
        "answered_by": ["rollup_region_daily", "rollup_orders_daily"],
    }


def test_money_is_a_number_with_two_decimals_to_the_last_cent(api):
    text = api.get("/api/analytics/summary/", params=AUTUMN_PARAMETERS).text

    amounts = re.findall(r'"(?:gross_revenue|discount|return_value|net_revenue)":(-?[0-9.]+)', text)
    assert len(amounts) == 4
    assert all(re.fullmatch(r"\d+\.\d\d", amount) for amount in amounts)


def test_the_form_without_a_slash_answers_the_same(api):
    assert api.get("/api/analytics/summary?days=5").json() == api.get("/api/analytics/summary/?days=5").json()


def test_members_of_filters_are_in_order_and_cut_aloud(api):
    data = api.get("/api/analytics/members/", params={"of": ["country", "genre"], "limit": 2}).json()["data"]

    assert data == {
        "country": {"members": ["Germany", "United Kingdom"], "is_truncated": True},
        "genre": {"members": ["Children", "Education"], "is_truncated": True},
    }


@pytest.mark.parametrize(
    ("search", "found"), [("LON", ["London"]), ("100%", []), ("", ["Bavaria", "London"])], ids=["case", "signs", "none"]
)
def test_members_are_searched_by_what_they_contain(api, search, found):
    answer = api.get("/api/analytics/members/", params={"of": "region", "search": search, "limit": 2}).json()

    assert answer["data"]["region"]["members"] == found


def test_members_of_what_is_no_filter_are_refused(api):
    assert api.get("/api/analytics/members/", params={"of": "customer_key"}).status_code == 422
    assert api.get("/api/analytics/members/").status_code == 422


def test_members_can_be_had_as_a_table_and_pinned(api):
    rows = api.get("/api/analytics/members/", params={"of": "channel"}, headers={"Accept": "text/csv"}).text
    gone = api.get("/api/analytics/members/", params={"of": "channel"}, headers={"X-Data-Version": "99"})

    assert rows.splitlines()[1].startswith("channel,App,")
    assert gone.status_code == 410


def test_a_name_with_a_slash_is_one_part_of_a_path(api):
    # As generated shops name subgenres.
    missing = api.get("/api/analytics/genres/Fiction/Fiction%20%2F%20Crime%2fNoir/")

    assert missing.status_code == 422
    assert "no subgenre Fiction / Crime/Noir" in missing.json()["detail"]
