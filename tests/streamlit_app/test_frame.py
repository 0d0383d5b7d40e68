"""The frame around every page about sales: filters and the address, freshness, what is said where there is nothing to show."""

from datetime import date, timedelta

import pytest
from live_api import live_api, token_of
from small_star import LAST_DAY, publish_star, tables

from api.client import Window
from jobs_config.state import open_state
from streamlit_app import frame
from streamlit_app.pages import PAGES

ROWS = tables()


def revenue(page):
    return page.metric[0].value


def asked(page):
    """The questions that the page cites."""
    return page.code[-1].value.splitlines()


def about(page):
    """What the page says its numbers are of."""
    return next(caption.value for caption in page.caption if "without tax, business days" in caption.value)


def test_a_page_says_how_fresh_it_is_and_what_its_numbers_are_of(api_url, open_page):
    page = open_page(api_url, genre="Fiction", compare="52_weeks")

    assert page.caption[0].value == "Data through **20 Mar 2025** · loaded 21 Mar 2025, 06:30 UTC · publication 1"
    assert about(page) == (
        "**19 Feb – 20 Mar 2025** · compared with the same weekdays 52 weeks before · Genre: Fiction · "
        "USD without tax, business days in UTC"
    )


@pytest.mark.parametrize(("age", "is_said"), [(1, False), (2, False), (3, True)])
def test_data_that_is_late_is_said_in_words_and_colour(api_url, open_page, monkeypatch, age, is_said):
    monkeypatch.setattr(frame, "today", lambda: LAST_DAY + timedelta(days=age))

    badges = [text.value for text in open_page(api_url, "titles").markdown if "days old" in text.value]

    assert badges == ([":orange-badge[:material/schedule: 3 days old]"] if is_said else [])


def test_filters_of_the_bar_are_said_by_the_address_and_defaults_are_left_out(api_url, open_page):
    page = open_page(api_url)
    assert page.query_params == {}

    page.get_by_key("bar-range").set_value("90d").run()
    page.get_by_key("bar-genre").set_value(["Children", "Fiction"]).run()
    page.get_by_key("bar-compare").set_value("none").run()
    assert page.query_params == {"range": "90d", "compare": "none", "genre": ["Children", "Fiction"]}

    page.get_by_key("bar-range").set_value("30d").run()
    assert page.query_params == {"compare": "none", "genre": ["Children", "Fiction"]}


def test_a_link_with_filters_asks_for_just_those_sales(api_url, client, open_page):
    page = open_page(api_url, **{"from": "2024-11-01", "until": "2024-11-30"}, country="United Kingdom", format="ebook")

    november = Window(date(2024, 11, 1), date(2024, 11, 30))
    narrow = client.summary(november, filters={"country": ["United Kingdom"], "format": ["ebook"]})
    assert revenue(page) == f"{narrow['data']['current']['net_revenue']:,.0f}"
    assert page.get_by_key("bar-format").value == ["ebook"]


def test_a_link_to_copy_says_what_is_shown_and_not_what_was_refused(api_url, open_page):
    page = open_page(api_url, genre=["Fiction", "Alchemy"], range="90d")

    assert page.code[0].value.endswith("?range=90d&genre=Fiction")


def test_a_chip_takes_its_filter_away_and_one_button_all_of_them(api_url, open_page):
    page = open_page(api_url, genre=["Fiction", "Children"], format="ebook")

    page.get_by_key("chip-genre-Fiction").click().run()
    assert page.query_params == {"genre": "Children", "format": "ebook"}

    page.get_by_key("clear-filters").click().run()
    assert page.query_params == {}


def test_own_days_begin_as_the_days_on_show(api_url, open_page):
    page = open_page(api_url, range="7d")

    page.get_by_key("bar-range").set_value("custom").run()

    assert [picked.value.isoformat() for picked in page.date_input] == ["2025-03-14", LAST_DAY.isoformat()]
    page.get_by_key("bar-from").set_value(date(2025, 3, 1)).run()
    assert page.query_params == {"range": "custom", "from": "2025-03-01", "until": "2025-03-20"}


@pytest.mark.parametrize(
    ("last", "said"),
    [("2025-03-01", "The last day, 1 Mar 2025, is before the first, 2 Mar 2025."), ("", "")],
    ids=["the wrong way round", "one day missing"],
)
def test_days_that_are_no_range_are_said_so(api_url, open_page, last, said):
    page = open_page(api_url, **{"from": "2025-03-02", "until": last})

    assert [warning.value for warning in page.warning] == ([said] if said else [])
    assert [info.value for info in page.info] == ([] if said else ["Choose the first and the last day."])
    assert not page.metric


def test_what_a_link_says_wrongly_is_said_and_can_be_taken_out(api_url, open_page):
    page = open_page(api_url, range="Fortnight", genre=["Fiction", "<b>Alchemy</b>"], colour="blue")

    assert [warning.value.split("”")[0] for warning in page.warning] == [
        "The link asks for range “Fortnight",
        "The link says “colour",
        r"There is no genre “\<b\>Alchemy\</b\>",
    ]
    assert revenue(page) == revenue(open_page(api_url, genre="Fiction"))
    page.get_by_key("mend").click().run()
    assert not page.warning
    assert page.query_params == {"genre": "Fiction"}


def test_a_member_out_of_the_readers_scope_is_like_one_that_is_not_there(api_url, open_page, star):
    narrow = token_of(star, "viewer", (("region", "Germany"),))

    page = open_page(api_url, token=narrow, country=["Germany", "United Kingdom"])

    assert page.get_by_key("bar-country").options == ["Germany"]
    assert page.warning[0].value == "There is no country “United Kingdom”, or not for you; it is left out."


def test_the_menu_has_the_pages_that_the_reader_may_open(api_url, open_page):
    page = open_page(api_url, genre="Fiction")

    assert [link.label for link in page.page_link if link.proto.page == "overview" or link.label in titles()]
    assert all(link.proto.query_string == "genre=Fiction" for link in page.page_link[: len(menu())])


def menu():
    return [page for page in PAGES if not page.is_hidden and page.needs == "summary"]


def titles():
    return [page.title for page in menu()]


def test_a_page_cites_its_questions_and_explains_its_metrics(api_url, client, open_page):
    page = open_page(api_url, genre="Fiction")

    assert asked(page)[0] == (
        "GET /api/analytics/summary/?from=2025-02-19&until=2025-03-20&comparison=previous_period&genre=Fiction"
    )
    explained = [text.value for text in page.markdown if text.value.startswith("**Net units** —")]
    assert explained == ["**Net units** — Copies sold less copies returned\\."]
    assert len({button.label for button in page.get("download_button")}) == 2
    assert len(page.get("download_button")) == 2 * len(asked(page))


def test_a_page_to_print_has_its_numbers_and_filters_and_nothing_to_press(api_url, open_page):
    page = open_page(api_url, genre="Fiction", print="1")

    assert "Genre: Fiction" in about(page)
    assert page.metric
    assert not [*page.selectbox, *page.multiselect, *page.button, *page.page_link, *page.get("download_button")]


def test_days_outside_the_data_are_told_where_it_is(api_url, open_page):
    page = open_page(api_url, **{"from": "1999-01-01", "until": "1999-01-31"})

    assert page.info[0].proto.title == "No sales from 1 Jan 1999 to 31 Jan 1999"
    assert "The data runs from 1 Jan 2024 to 20 Mar 2025." in page.info[0].value
    next(button for button in page.button if button.label == "Show the last 30 days").click().run()
    assert page.query_params == {}
    assert page.metric


def test_filters_that_leave_nothing_are_named_with_a_way_out(api_url, open_page):
    page = open_page(api_url, range="7d", genre="Education", subgenre="Crime", channel="Web shop")

    assert page.info[0].proto.title == "No sales from 14 Mar 2025 to 20 Mar 2025 match"
    assert page.info[0].value == "Without the genre or the subgenre there would be some."
    page.get_by_key("clear-genre").click().run()
    assert page.query_params == {"range": "7d", "subgenre": "Crime", "channel": "Web shop"}
    assert page.metric


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
        page = open_page(url, token=token_of(tmp_path / "booksales" / "warehouse"))
        assert page.info[0].proto.title == "Nothing is published yet"

        publish_star(
            tmp_path / "booksales" / "warehouse", tmp_path / "lake", {**ROWS, "fact_sales": ROWS["fact_sales"][-400:]}
        )
        next(button for button in page.button if button.label == "Try again").click().run()

        assert revenue(page) != "0"


def test_a_publication_without_a_sale_says_so(open_page, tmp_path):
    open_state(tmp_path / "booksales")
    publish_star(tmp_path / "booksales" / "warehouse", tmp_path / "lake", {**ROWS, "fact_sales": []})

    with live_api(tmp_path / "booksales" / "warehouse") as url:
        assert (
            open_page(url, token=token_of(tmp_path / "booksales" / "warehouse")).info[0].proto.title == "No sales yet"
        )


def test_a_page_is_of_one_publication_and_starts_over_where_that_has_gone(api_url, open_page, monkeypatch):
    real, seen = frame._begin, []

    def first_an_old_one(client):
        me, published = real(client)
        seen.append(published)
        return me, {**published, "publication": 99} if len(seen) == 1 else published

    monkeypatch.setattr(frame, "_begin", first_an_old_one)
    page = open_page(api_url)

    assert len(seen) == 2
    assert "publication 1" in page.caption[0].value
    assert page.metric
