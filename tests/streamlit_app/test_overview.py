import json

import pytest


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


def test_the_headline_says_what_it_compares_with(api_url, open_page):
    page = open_page(api_url)

    assert "from 19 Feb – 20 Mar 2025" in page.markdown[0].value
    assert "than from 20 Jan – 18 Feb 2025" in page.markdown[0].value


def test_measure_and_interval_change_the_trend(api_url, open_page):
    page = open_page(api_url, range="90d", measure="net_units", interval="month")

    assert page.subheader[0].value == "Net units by month"
    assert figure(page, "Net units by month")["data"][1]["name"] == "unfinished month"


def test_books_are_a_chart_and_a_table_with_titles_as_they_are(api_url, open_page):
    page = open_page(api_url)

    table = page.dataframe[0].value
    assert list(table["Net revenue"]) == sorted(table["Net revenue"], reverse=True)
    assert "Cats & <b>Dogs</b>: *a* $5 [story]_" in set(table["Title"])
    labels = figure(page, "Top")["layout"]["yaxis"]["ticktext"]
    assert "Cats &amp; &lt;b&gt;Dogs&lt;/b&gt;: *a* $5 [story]_" in labels


def test_books_of_one_title_are_told_apart_by_their_format(api_url, open_page):
    page = open_page(api_url, range="all", measure="net_units")

    labels = figure(page, "Top 10 books")["layout"]["yaxis"]["ticktext"]

    assert {"The Salt Cartographer (hardcover)", "The Salt Cartographer (ebook)"} <= set(labels)


def test_what_is_not_listed_is_said(api_url, open_page):
    captions = [caption.value for caption in open_page(api_url).caption]

    assert {"10 of 18 books, 82 % of net revenue", "all 6 regions", "all 5 genres"} <= set(captions)


def test_every_chart_and_table_has_a_name_for_those_who_cannot_see_it(api_url, open_page):
    page = open_page(api_url)

    assert all(chart.proto.alt for chart in page.get("plotly_chart"))
    assert page.dataframe[0].proto.alt


@pytest.mark.parametrize("choice", ["all", "365d"], ids=["no day before", "fewer days before"])
def test_without_a_whole_period_before_no_change_is_told(api_url, open_page, choice):
    page = open_page(api_url, range=choice)

    assert {delta for _, delta in tiles(page).values()} == {""}
    assert "The data begins too late" in page.markdown[0].value
