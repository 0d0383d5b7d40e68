import json
from datetime import date

import pytest
from live_api import live_api, token_of
from small_star import LAST_DAY, publish_star, tables

from api.client import ApiError, Window
from jobs_config.state import open_state
from streamlit_app import data

ROWS = tables()


def tiles(page):
    return {tile.label: (tile.value, tile.delta) for tile in page.metric}


def figure(page, alt):
    """The page's chart whose accessible name begins so."""
    return next(json.loads(chart.proto.spec) for chart in page.get("plotly_chart") if chart.proto.alt.startswith(alt))


def test_the_tiles_say_what_the_api_says(api_url, client, open_page):
    page = open_page(api_url)

    current = client.summary(30)["data"]["current"]
    shown = tiles(page)
    assert not page.exception
    assert shown["Net revenue (USD)"][0] == f"{current['net_revenue']:,.0f}"
    assert shown["Average price (USD)"][0] == f"{current['average_selling_price']:,.2f}"
    assert shown["Return rate"][0] == f"{100 * current['return_rate']:.1f} %"
    assert shown["Orders"] == ("159", "9.7 % more")
    assert shown["Active titles"][1] == "unchanged"


def test_the_page_says_how_fresh_it_is_and_what_it_compares_with(api_url, open_page):
    page = open_page(api_url)

    assert page.caption[0].value == "Data through **20 Mar 2025** · loaded 21 Mar 2025, 06:30 UTC · publication 1"
    assert "from 19 Feb – 20 Mar 2025" in page.markdown[0].value
    assert "than in the 30 days before (20 Jan – 18 Feb 2025)" in page.markdown[0].value


def test_a_link_sets_the_filters(api_url, open_page):
    page = open_page(api_url, range="90 days", measure="Net units", interval="Month")

    assert "from 21 Dec 2024 – 20 Mar 2025" in page.markdown[0].value
    assert page.subheader[0].value == "Net units by month"
    assert figure(page, "Net units by month")["data"][1]["name"] == "unfinished month"


def test_a_link_with_dates_shows_exactly_those_days(api_url, client, open_page):
    page = open_page(api_url, range="Custom", **{"from": "2024-11-01", "until": "2024-11-30"})

    november = client.summary(Window(date(2024, 11, 1), date(2024, 11, 30)))
    assert tiles(page)["Net revenue (USD)"][0] == f"{november['data']['current']['net_revenue']:,.0f}"


def test_a_link_with_an_unknown_range_is_answered_in_words(api_url, open_page):
    page = open_page(api_url, range="Fortnight")

    assert page.warning[0].value.startswith("The link asks for range “Fortnight”; there are 7 days")
    assert "19 Feb – 20 Mar 2025" in page.markdown[0].value


def test_a_change_of_the_range_changes_the_numbers(api_url, open_page):
    page = open_page(api_url)
    before = tiles(page)["Net revenue (USD)"][0]

    page.get_by_key("range").set_value("7 days").run()

    assert tiles(page)["Net revenue (USD)"][0] != before
    assert "from 14 Mar – 20 Mar 2025" in page.markdown[0].value


def test_custom_dates_begin_as_the_days_on_show(api_url, open_page):
    page = open_page(api_url, range="7 days")

    page.get_by_key("range").set_value("Custom").run()

    assert [picked.value.isoformat() for picked in page.date_input] == ["2025-03-14", LAST_DAY.isoformat()]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2025-03-02", "2025-03-01", "The last day, 01 Mar 2025, is before the first, 02 Mar 2025."),
        ("2025-03-02", "", ""),
    ],
    ids=["the wrong way round", "one day missing"],
)
def test_dates_that_are_no_range_are_said_so(api_url, open_page, first, last, said):
    page = open_page(api_url, range="Custom", **{"from": first, "until": last})

    assert [warning.value for warning in page.warning] == ([said] if said else [])
    assert [info.value for info in page.info] == ([] if said else ["Choose the first and the last day."])
    assert not page.metric


def test_books_are_a_chart_and_a_table_with_titles_as_they_are(api_url, open_page):
    page = open_page(api_url)

    table = page.dataframe[0].value
    assert list(table["Net revenue"]) == sorted(table["Net revenue"], reverse=True)
    assert "Cats & <b>Dogs</b>: *a* $5 [story]_" in set(table["Title"])
    labels = figure(page, "Top")["layout"]["yaxis"]["ticktext"]
    assert "Cats &amp; &lt;b&gt;Dogs&lt;/b&gt;: *a* $5 [story]_" in labels


def test_books_of_one_title_are_told_apart_by_their_format(api_url, open_page):
    page = open_page(api_url, range="All", measure="Net units")

    labels = figure(page, "Top 10 books")["layout"]["yaxis"]["ticktext"]

    assert {"The Salt Cartographer (hardcover)", "The Salt Cartographer (ebook)"} <= set(labels)


def test_what_is_not_listed_is_said(api_url, open_page):
    captions = [caption.value for caption in open_page(api_url).caption]

    assert captions[2:] == ["10 of 18 books, 82 % of net revenue", "all 6 regions", "all 5 genres"]


def test_every_chart_and_table_has_a_name_for_those_who_cannot_see_it(api_url, open_page):
    page = open_page(api_url)

    assert all(chart.proto.alt for chart in page.get("plotly_chart"))
    assert page.dataframe[0].proto.alt


def test_a_window_without_sales_says_where_the_data_is(api_url, open_page):
    page = open_page(api_url, range="Custom", **{"from": "1999-01-01", "until": "1999-01-31"})

    assert page.info[0].proto.title == "No sales from 1 Jan 1999 to 31 Jan 1999"
    assert "The data runs from 1 Jan 2024 to 20 Mar 2025." in page.info[0].value
    page.button[0].click().run()
    assert tiles(page)["Orders"][0] == "159"


@pytest.mark.parametrize("choice", ["All", "365 days"], ids=["no day before", "fewer days before"])
def test_without_a_whole_period_before_no_change_is_told(api_url, open_page, choice):
    page = open_page(api_url, range=choice)

    assert {delta for _, delta in tiles(page).values()} == {""}
    assert "The data begins too late" in page.markdown[0].value


def test_an_api_that_is_down_is_named_with_what_to_do(open_page):
    page = open_page("http://127.0.0.1:9")

    assert page.error[0].proto.title == "The API cannot be reached"
    assert (
        page.error[0].value
        == "Nothing answers at `http://127.0.0.1:9`. Start it with `booksales serve`, then try again."
    )
    assert not page.exception


def test_before_the_first_publication_the_page_says_so_and_then_shows_it(open_page, tmp_path):
    with live_api(tmp_path / "booksales" / "warehouse") as url:
        page = open_page(url, token_of(tmp_path / "booksales" / "warehouse"))
        assert page.info[0].proto.title == "Nothing is published yet"

        publish_star(
            tmp_path / "booksales" / "warehouse", tmp_path / "lake", {**ROWS, "fact_sales": ROWS["fact_sales"][-400:]}
        )
        page.button[0].click().run()

        assert tiles(page)["Net units"][0] != "0"


def test_a_publication_without_a_sale_says_so(open_page, tmp_path):
    open_state(tmp_path / "booksales")
    publish_star(tmp_path / "booksales" / "warehouse", tmp_path / "lake", {**ROWS, "fact_sales": []})

    with live_api(tmp_path / "booksales" / "warehouse") as url:
        assert open_page(url, token_of(tmp_path / "booksales" / "warehouse")).info[0].proto.title == "No sales yet"


def test_a_page_is_of_one_publication_and_starts_over_where_that_has_gone(api_url, client, open_page, monkeypatch):
    real, seen = data.publication, []

    def first_an_old_one(client):
        seen.append(real(client))
        return {**seen[-1], "publication": 99} if len(seen) == 1 else seen[-1]

    monkeypatch.setattr(data, "publication", first_an_old_one)
    page = open_page(api_url)

    assert len(seen) == 2
    assert "publication 1" in page.caption[0].value
    monkeypatch.setenv("BOOKSALES_API_URL", api_url)
    with pytest.raises(ApiError, match="publication 99 no longer serves"):
        data.overview(client, 99, Window(LAST_DAY, LAST_DAY), "day", "net_revenue")
