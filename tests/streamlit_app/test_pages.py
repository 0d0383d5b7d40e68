"""What each page about sales says, and the ways down and up between them."""

import pytest
from drawn import cited, figure, tiles

from streamlit_app import panels
from streamlit_app.selection import Selection
from streamlit_app.views import genres, regions
from streamlit_app.views.calendar import weekday_means

CATS = "Cats & <b>Dogs</b>: *a* $5 [story]_"


def headings(page):
    return [heading.value for heading in page.subheader]


def labels(page, alt):
    return figure(page, alt)["layout"]["yaxis"]["ticktext"]


def links(page):
    return {link.label: (link.proto.page, link.proto.query_string) for link in page.page_link}


def trail(page):
    """The breadcrumbs: links up, and where one is."""
    return [text.value for text in page.markdown if text.value.startswith("**") and text.value.endswith("**")]


def test_titles_are_a_chart_and_a_table_with_titles_as_they_are(api_url, open_page):
    page = open_page(api_url, "titles", range="all", measure="net_units")

    table = page.dataframe[0].value
    assert list(table["Net units"]) == sorted(table["Net units"], reverse=True)
    assert CATS in set(table["Title"])
    shown = labels(page, "Top 10 books")
    assert {"The Salt Cartographer (hardcover)", "The Salt Cartographer (ebook)"} <= set(shown)
    assert "Cats &amp; &lt;b&gt;Dogs&lt;/b&gt;: *a* $5 [story]_" in shown


def test_titles_are_searched_and_the_search_is_in_the_address(api_url, open_page):
    page = open_page(api_url, "titles", range="all", genre="Fiction")

    page.get_by_key("search").set_value("salt").run()

    assert page.query_params == {"range": "all", "genre": "Fiction", "search": "salt"}
    assert set(page.dataframe[0].value["Title"]) == {"The Salt Cartographer"}
    page.get_by_key("search").set_value("").run()
    assert "search" not in page.query_params


def test_a_search_that_finds_nothing_says_so_in_words_that_cannot_be_markup(api_url, open_page):
    page = open_page(api_url, "titles", search="<b>*no*</b>")

    assert page.info[0].proto.title == r"No book has “\<b\>\*no\*\</b\>”"


def test_a_long_ranking_is_read_on_by_links(api_url, open_page, monkeypatch):
    monkeypatch.setattr("streamlit_app.views.titles.PAGE", 7)
    first = open_page(api_url, "titles", range="all")
    second = open_page(api_url, "titles", range="all", after="7")

    assert links(first)["The next 7"] == ("titles", "range=all&after=7")
    assert list(second.dataframe[0].value["#"]) == [8, 9, 10, 11, 12, 13, 14]
    assert links(second)["The 7 before"] == ("titles", "range=all")


def test_a_book_has_its_numbers_its_labels_and_the_way_back(api_url, client, open_page):
    page = open_page(api_url, "titles", isbn="9780000000009", range="90d", channel="Web shop")

    asked = client.summary(90, filters={"book": ["9780000000009"], "channel": ["Web shop"]})["data"]["current"]
    assert page.header[0].value == "The Ember Crown"
    assert tiles(page)["Net units"][0] == f"{asked['net_units']:,}"
    assert [text for text in page.markdown if "published 14 Jan 2025" in text.value]
    assert links(page)["Titles"] == ("titles", "range=90d&channel=Web+shop")
    assert figure(page, "Launch")["data"][-1]["name"] == "this book"


def test_a_launch_before_the_data_is_not_shown_as_nothing_sold(api_url, open_page):
    page = open_page(api_url, "titles", isbn="9780000000001")

    assert "Launch" not in headings(page)
    assert [caption.value for caption in page.caption if "Its launch is not shown" in caption.value]


@pytest.mark.parametrize("isbn", ["9780000009999", "<script>alert(1)</script>", "../../users", "0"])
def test_a_book_that_is_not_there_is_said(api_url, open_page, isbn):
    page = open_page(api_url, "titles", isbn=isbn)

    assert not page.exception
    assert [*page.info, *page.error][0].proto.title.startswith(("There is no book", "The API could not answer"))


def test_a_title_with_markup_is_shown_as_it_is(api_url, open_page):
    page = open_page(api_url, "titles", isbn="9780000000005")

    assert page.header[0].value == r"Cats & \<b\>Dogs\</b\>\: \*a\* \$5 \[story\]\_".replace("& ", r"\& ")
    assert trail(page)[-1].replace("\\", "") == f"**{CATS}**"


def test_genres_lead_to_subgenres_and_those_to_their_books(api_url, open_page):
    top = open_page(api_url, "genres", range="90d")
    middle = open_page(api_url, "genres", range="90d", genre="Fiction")
    bottom = open_page(api_url, "genres", range="90d", genre="Fiction", subgenre="Crime")

    assert headings(top) == ["Genres", "The largest genres over time", "Genres as a table"]
    assert headings(middle)[0] == "Subgenres of Fiction"
    assert set(labels(middle, "Net revenue by subgenre")) == {"Crime, Fiction", "Literary, Fiction", "Fantasy, Fiction"}
    assert headings(bottom)[0] == "Books of Crime"
    assert set(bottom.dataframe[0].value["Genre"]) == {"Fiction"}
    assert links(bottom)["All genres"] == ("genres", "range=90d")
    assert links(bottom)["Fiction"] == ("genres", "range=90d&genre=Fiction")
    assert trail(bottom)[-1] == "**Crime**"


def test_countries_lead_to_regions_and_those_to_their_stores(api_url, open_page):
    middle = open_page(api_url, "regions", country="United Kingdom", genre="Fiction")
    bottom = open_page(api_url, "regions", country="United Kingdom", region="London", genre="Fiction")

    assert headings(middle)[0] == "Regions of United Kingdom"
    assert headings(bottom)[0] == "Stores of London"
    assert links(bottom)["United Kingdom"] == ("regions", "country=United+Kingdom&genre=Fiction")
    assert "Channels" in headings(bottom)


def test_the_way_up_keeps_every_other_filter():
    chosen = Selection(range="90d").narrowed(genre="Fiction", subgenre="Crime", country="Germany", region="Bavaria")

    assert [place.filters for _, place in genres.way(chosen)] == [
        {"country": ("Germany",), "region": ("Bavaria",)},
        {"country": ("Germany",), "region": ("Bavaria",), "genre": ("Fiction",)},
        {"country": ("Germany",), "region": ("Bavaria",), "genre": ("Fiction",), "subgenre": ("Crime",)},
    ]
    assert [label for label, _ in regions.way(chosen)] == ["All countries", "Germany", "Bavaria"]
    assert {place.range for _, place in regions.way(chosen)} == {"90d"}


def test_a_step_down_is_a_filter_in_place_of_its_like():
    step = panels.narrowed(genre="Fiction", subgenre="Crime")

    assert step(Selection().narrowed(genre=("Children", "Fiction"), format="ebook")).filters == {
        "genre": ("Fiction",),
        "subgenre": ("Crime",),
        "format": ("ebook",),
    }


def test_a_calendar_says_its_best_day_and_lists_days_with_an_event(api_url, open_page):
    page = open_page(api_url, "calendar", range="365d")

    listed = page.dataframe[0].value
    assert {"Black Friday", "Christmas Day", "Valentine's Day"} <= set(listed["Event"])
    best = figure(page, "Net revenue by day as a calendar")["data"][0]["z"]
    assert max(value for row in best for value in row if value is not None) == listed["Net revenue"].max()


def test_means_of_weekdays_are_over_the_days_there_are():
    sold = {"2025-03-03": 2, "2025-03-10": 4, "2025-03-11": 9}
    days = [{"start": day, "metrics": {"net_units": units}} for day, units in sold.items()]

    assert weekday_means(days, "net_units") == [3.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_returns_are_by_format_by_time_and_by_book(api_url, client, open_page):
    page = open_page(api_url, "returns", range="365d")

    assert tiles(page)["Units returned"][0] == f"{client.summary(365)['data']['current']['return_units']:,}"
    weeks = figure(page, "Copies returned by weeks since the sale")["data"][0]
    assert sum(weeks["y"]) == client.summary(365)["data"]["current"]["return_units"]
    returned = list(page.dataframe[-1].value["Units returned"])
    assert returned == sorted(returned, reverse=True)


@pytest.mark.parametrize("slug", ["overview", "titles", "genres", "regions", "calendar", "returns"])
def test_a_page_has_few_questions_and_a_name_for_every_chart_and_table(api_url, open_page, slug):
    page = open_page(api_url, slug)

    assert len(cited(page)) <= 9
    assert all(chart.proto.alt for chart in page.get("plotly_chart"))
    assert all(table.proto.alt for table in page.dataframe)


@pytest.mark.parametrize("slug", ["overview", "titles", "genres", "regions", "calendar", "returns"])
def test_a_page_that_filters_leave_empty_says_which(api_url, open_page, slug):
    page = open_page(api_url, slug, range="7d", genre="Education", subgenre="Crime", country="Germany")

    assert not page.exception
    assert page.info[0].proto.title == "No sales from 14 Mar 2025 to 20 Mar 2025 match"
    assert not page.metric
