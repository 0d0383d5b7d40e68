"""What axe finds on every page about sales: nothing serious in what we draw; what is Streamlit's own is listed here."""

from collections.abc import Iterator

import pytest
import streamlit
from axe_playwright_python.sync_playwright import Axe
from live_api import live_api
from live_dashboard import CHROMIUM, DRAWN, chromium, live_dashboard, sign_in, star_with_ana
from playwright.sync_api import Page

from streamlit_app.pages import PAGES

PATIENCE = 120_000
GRAVE = ("serious", "critical")
# Rules that Streamlit's own widgets break, by its version, each with the part it is broken in. Another version is looked at anew.
STREAMLIT = "1.67.0"
ITS_OWN = {
    # The marks of a tile's sparkline; the tile says its value in words.
    "svg-img-alt": "metric_chart_",
}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="missing: chromium")]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Iterator[Page]:
    """A page of somebody who has signed in."""
    warehouse = star_with_ana(tmp_path_factory.getbasetemp())
    with live_api(warehouse) as api, live_dashboard(api) as dashboard, chromium() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 1000}, base_url=dashboard)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto("/?range=90d")
        sign_in(page, "ana")
        page.wait_for_function(DRAWN)
        yield page
        context.close()


def grave_faults(page: Page) -> list[tuple[str, str]]:
    """Rule and element of what is serious or critical and not listed as Streamlit's own."""
    found = Axe().run(page).response["violations"]
    return [
        (fault["id"], node["html"][:200])
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
        if not (fault["id"] in ITS_OWN and ITS_OWN[fault["id"]] in node["html"])
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("slug", [page.slug for page in PAGES if page.is_about_sales and page.needs != "query"])
def test_a_page_has_no_grave_fault_of_ours(page, slug, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"/{slug}?range=90d&genre=Fiction")
    page.wait_for_function(DRAWN)

    assert streamlit.__version__ == STREAMLIT, "look at what its widgets break anew"
    assert grave_faults(page) == []


def test_a_grave_fault_is_found(page):
    page.goto("/?range=90d")
    page.wait_for_function(DRAWN)
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<button></button>')")

    assert "button-name" in {rule for rule, _ in grave_faults(page)}
