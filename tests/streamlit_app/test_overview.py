import pytest
from drawn import figure, tiles


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

    (sentence,) = (text.value for text in page.markdown if text.value.startswith("Net revenue of"))
    assert "from 19 Feb – 20 Mar 2025" in sentence
    assert "than from 20 Jan – 18 Feb 2025" in sentence


def test_measure_and_interval_change_the_trend(api_url, open_page):
    page = open_page(api_url, range="90d", measure="net_units", interval="month")

    assert page.subheader[0].value == "Net units by month"
    assert figure(page, "Net units by month")["data"][-1]["name"] == "unfinished month"


def test_what_moved_adds_up_to_the_change_in_every_column(api_url, client, open_page):
    page = open_page(api_url, range="90d")

    summary = client.summary(90, comparison="previous_period")["data"]
    change = summary["current"]["net_revenue"] - summary["previous"]["net_revenue"]
    for column in ("Genres by what", "Regions by what", "Books by what"):
        assert sum(figure(page, column)["data"][0]["x"]) == pytest.approx(change)


def test_the_largest_mover_is_a_link_that_keeps_what_is_chosen(api_url, open_page):
    page = open_page(api_url, range="90d")

    opened = {link.label: (link.proto.page, link.proto.query_string) for link in page.page_link}
    assert opened["Open Fiction"] == ("genres", "range=90d&genre=Fiction")
    assert opened["Open The Ember Crown"] == ("titles", "range=90d&isbn=9780000000009")


def test_what_is_not_listed_is_said(api_url, open_page):
    captions = [caption.value for caption in open_page(api_url).caption]

    assert "10 of 18 books, 82 % of net revenue. Pick a row to open the book." in captions


def test_without_a_comparison_nothing_has_moved(api_url, open_page):
    page = open_page(api_url, compare="none")

    assert "What moved" not in [heading.value for heading in page.subheader]
    assert {delta for _, delta in tiles(page).values()} == {""}
    assert "Before" not in page.dataframe[0].value.columns


@pytest.mark.parametrize("choice", ["all", "365d"], ids=["no day before", "fewer days before"])
def test_without_a_whole_period_before_no_change_is_told(api_url, open_page, choice):
    page = open_page(api_url, range=choice)

    assert {delta for _, delta in tiles(page).values()} == {""}
    assert [caption for caption in page.caption if caption.value.startswith("The data begins too late")]
