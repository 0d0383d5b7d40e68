"""The ways an analyst goes in a real browser: down and back, by a link of another's, out to a file, through a publication."""

import csv
import io
import re
from collections.abc import Iterator

import httpx2
import pytest
from live_api import live_api, token_of
from live_dashboard import CHROMIUM, DRAWN, live_dashboard, sign_in, star_with_ana
from playwright.sync_api import Page
from signed_in import account, authority
from small_star import publish_star, tables

from jobs_config.state import StateFolder, open_state

# A machine that does much else is slow; nothing here waits longer than it must.
PATIENCE = 120_000
# Of a table that is a canvas: the middle of the first row's box to pick it by.
FIRST_ROW = {"x": 16, "y": 52}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="missing: chromium")


@pytest.fixture(scope="module")
def star(tmp_path_factory):
    return star_with_ana(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def api(star) -> Iterator[str]:
    with live_api(star) as url:
        yield url


@pytest.fixture(scope="module")
def dashboard(api) -> Iterator[str]:
    with live_dashboard(api) as url:
        yield url


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """A page of a profile that nobody has used."""
    with browser.new_context(viewport={"width": 1440, "height": 1600}) as context:
        context.set_default_timeout(PATIENCE)
        yield context.new_page()


def opened(page: Page, url: str) -> Page:
    """The page, by somebody who signs in where they have not yet."""
    page.goto(url)
    form = page.get_by_label("User")
    form.or_(page.locator(".st-key-menu")).first.wait_for(timeout=PATIENCE)
    if form.is_visible():
        sign_in(page, "ana")
    return drawn(page)


def drawn(page: Page) -> Page:
    page.wait_for_function(DRAWN, timeout=PATIENCE)
    return page


def click_bar(page: Page, chart: str, number: int) -> None:
    """Click in the middle of a bar; what lies over it catches the click, as a person's."""
    bar = page.locator(f".st-key-{chart} .bars .point path").nth(number)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def pick_first_row(page: Page, table: str) -> None:
    page.locator(f'.st-key-{table} [data-testid="stDataFrame"]').click(position=FIRST_ROW)


def here(page: Page) -> str:
    """Where the breadcrumbs say one is."""
    return page.locator(".st-key-breadcrumbs strong").inner_text()


def test_from_genre_to_subgenre_to_title_and_back(dashboard, page):
    opened(page, f"{dashboard}/genres?range=90d&channel=Web+shop")

    click_bar(page, "bars-genre", 0)
    page.wait_for_url(re.compile(r"/genres\?.*genre=Fiction"))
    page.get_by_text("Subgenres of Fiction", exact=True).wait_for()
    pick_first_row(drawn(page), "table-subgenre")
    page.wait_for_url(re.compile(r"subgenre="))
    page.get_by_text(re.compile(r"^Books of ")).wait_for()
    subgenre = here(page)
    pick_first_row(drawn(page), "ranking")
    page.wait_for_url(re.compile(r"/titles\?.*isbn="))
    page.get_by_role("heading", name="Where it sells").wait_for()
    assert all(part in page.url for part in ("range=90d", "channel=Web+shop", "genre=Fiction", "subgenre="))

    page.go_back()
    page.get_by_text(f"Books of {subgenre}", exact=True).wait_for()
    assert here(drawn(page)) == subgenre
    page.get_by_role("button", name="All genres").click()
    page.get_by_role("heading", name="Genres as a table").wait_for()
    page.wait_for_url(f"{dashboard}/genres?range=90d&channel=Web+shop")


def test_a_link_shows_the_same_to_somebody_else_and_a_file_of_it_what_the_api_answers(
    dashboard, api, star, browser, page
):
    opened(page, f"{dashboard}/titles?range=90d&genre=Fiction&measure=net_units")
    page.get_by_role("button", name="Link").click()
    link = page.locator(".st-key-copy-link ~ * code, [data-testid='stPopoverBody'] code").first.inner_text()
    page.keyboard.press("Escape")
    labels = page.locator(".ytick text").all_text_contents()

    with browser.new_context() as elsewhere:
        other = opened(elsewhere.new_page(), link)
        assert other.locator(".ytick text").all_text_contents() == labels
        assert other.get_by_role("button", name="Genre: Fiction").is_visible()

    page.get_by_text("Export and print").click()
    with page.expect_download() as download:
        page.locator(".st-key-export-csv-0 button").click()
    lines = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    asked = {"days": 90, "genre": "Fiction", "measure": "net_units", "limit": 50}
    headers = {"Authorization": f"Bearer {token_of(star)}"}
    rows = httpx2.get(f"{api}/api/analytics/top-books/", params=asked, headers=headers, trust_env=False).json()["data"][
        "rows"
    ]
    assert [int(line["net_units"]) for line in lines if line["line"] == "row"] == [row["net_units"] for row in rows]
    assert download.value.suggested_filename == "top-books_2024-12-21_2025-03-20.csv"
    assert {line["meta_filters"] for line in lines} == {"genre: Fiction"}


@pytest.mark.slow
def test_a_publication_during_use_is_shown_at_the_next_click(browser, tmp_path):
    warehouse, rows = tmp_path / "booksales" / "warehouse", tables()
    open_state(warehouse.parent)
    publish_star(warehouse, tmp_path / "first", {**rows, "fact_sales": rows["fact_sales"][:-600]})
    of = authority(StateFolder(warehouse.parent))
    account(of, "viewer", username="ana", has_password=True)
    of.engine.dispose()
    with browser.new_context() as context, live_api(warehouse) as api, live_dashboard(api) as dashboard:
        context.set_default_timeout(PATIENCE)
        page = opened(context.new_page(), dashboard)
        page.get_by_text("publication 1").wait_for()

        publish_star(warehouse, tmp_path / "second", rows, run_seq=2)
        page.get_by_role("link", name="Genres", exact=True).click()

        page.get_by_text("publication 2").wait_for()


@pytest.mark.slow
def test_an_api_that_is_down_is_said_and_the_page_goes_on_when_it_is_back(browser, api, star):
    with live_api(star) as other:
        port = int(other.rpartition(":")[2])
    with browser.new_context() as context, live_dashboard(other) as dashboard:
        context.set_default_timeout(PATIENCE)
        with live_api(star, port=port):
            page = opened(context.new_page(), f"{dashboard}/?range=7d")
        page.get_by_role("link", name="Genres", exact=True).click()
        page.get_by_text("The API cannot be reached").wait_for()

        with live_api(star, port=port):
            page.get_by_role("button", name="Try again").click()
            page.get_by_role("heading", name="Genres as a table").wait_for()
            assert page.url.endswith("/genres?range=7d")
