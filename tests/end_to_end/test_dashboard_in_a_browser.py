"""The dashboard as a person meets it: a real browser, a real API, the small star."""

from collections.abc import Iterator

import pytest
from live_api import live_api
from live_dashboard import CHROMIUM, DRAWN, choose, chromium, live_dashboard, sign_in, star_with_ana
from playwright.sync_api import BrowserContext, Page

SKY_BLUE = "rgb(86, 180, 233)"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="missing: chromium")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory) -> Iterator[str]:
    """The address of a dashboard over the small star."""
    warehouse = star_with_ana(tmp_path_factory.getbasetemp())
    with live_api(warehouse) as api, live_dashboard(api) as url:
        yield url


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """One browser profile: what Streamlit's page loads, it loads once."""
    with chromium() as browser:
        yield browser.new_context(viewport={"width": 1440, "height": 1000})


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of 1440 pixels that notes what goes wrong: errors, and requests to other sites."""
    page = context.new_page()
    page.faults = []
    page.on("console", lambda message: page.faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("request", lambda request: page.faults.append(request.url) if is_foreign(request.url) else None)
    yield page
    page.close()


def is_foreign(url: str) -> bool:
    return url.startswith("http") and not url.startswith("http://127.0.0.1:")


def opened(page: Page, url: str) -> Page:
    """The page, by somebody who signs in where they have not yet."""
    page.goto(url)
    if "/sign-in" in page.url:
        sign_in(page, "ana")
    page.wait_for_function(DRAWN, timeout=30_000)
    return page


def net_revenue(page: Page) -> str:
    return page.locator('[data-testid="stMetricValue"]').first.inner_text().strip()


def test_the_range_is_in_the_address_and_the_back_button_undoes_it(dashboard, page):
    opened(page, dashboard)
    month = net_revenue(page)
    assert "range" not in page.url

    choose(page, "Days", "90 days")
    page.get_by_text("from 21 Dec 2024").wait_for()
    page.wait_for_function(DRAWN)
    assert page.url.endswith("/?range=90d")
    quarter = net_revenue(page)
    assert quarter != month

    page.go_back()
    page.get_by_text("from 19 Feb").wait_for()
    page.wait_for_function(DRAWN)
    assert net_revenue(page) == month
    page.go_forward()
    page.get_by_text("from 21 Dec 2024").wait_for()
    assert net_revenue(page) == quarter
    assert page.faults == []


def test_a_dark_telephone_shows_titles_as_they_are_without_scrolling_sideways(dashboard, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    opened(page, f"{dashboard}/?range=all&measure=net_units")
    page.get_by_role("link", name="Titles").click()
    page.get_by_role("heading", name="As a table").wait_for()
    page.wait_for_function(DRAWN)

    assert "Cats & <b>Dogs</b>: *a* $5 [story]_" in page.locator(".ytick text").all_text_contents()
    assert page.evaluate("() => document.querySelector('[data-testid=\"stMain\"]').scrollWidth") <= 390
    # The theme's first chart colour, not the mark that stands for it in the figure.
    assert page.locator(".bars path").first.evaluate("bar => getComputedStyle(bar).fill") == SKY_BLUE
    assert page.faults == []
