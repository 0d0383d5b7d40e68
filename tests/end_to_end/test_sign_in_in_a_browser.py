"""A reader's session in a real browser: over reloads and tabs, until it ends."""

from collections.abc import Iterator

import pytest
from live_api import live_api
from live_dashboard import CHROMIUM, choose, chromium, live_dashboard, sign_in
from playwright.sync_api import Browser, BrowserContext
from signed_in import account, authority
from small_star import published_once

from jobs_config.state import StateFolder
from streamlit_app.door import COOKIE

SHOWN = '[data-testid="stMetricValue"]'

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="missing: chromium")


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Who has an account."""
    of = authority(StateFolder(published_once(tmp_path_factory.getbasetemp() / "small_star").parent))
    yield of
    of.engine.dispose()


@pytest.fixture(scope="module")
def dashboard(people, tmp_path_factory) -> Iterator[str]:
    with live_api(tmp_path_factory.getbasetemp() / "small_star" / "warehouse") as api, live_dashboard(api) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    """A profile that has signed in nowhere yet."""
    with browser.new_context(viewport={"width": 1440, "height": 1000}) as context:
        yield context


def test_a_session_lasts_over_reloads_and_tabs_until_signing_out_ends_it_in_all(dashboard, context, people):
    account(people, "viewer", username="ana", has_password=True)
    page = context.new_page()
    page.goto(f"{dashboard}/?range=90d")
    assert page.url.startswith(f"{dashboard}/sign-in?next=")
    sign_in(page, "ana")
    page.locator(SHOWN).first.wait_for()
    assert page.url == f"{dashboard}/?range=90d"
    assert COOKIE not in page.evaluate("document.cookie")
    quarter = page.locator(SHOWN).first.inner_text()

    page.reload()
    page.locator(SHOWN).first.wait_for()
    assert page.locator(SHOWN).first.inner_text() == quarter
    other = context.new_page()
    other.goto(f"{dashboard}/?range=7d")
    other.locator(SHOWN).first.wait_for()

    page.get_by_role("button", name="Sign out ana").click()
    page.get_by_text("You are signed out.").wait_for()
    assert page.url.startswith(f"{dashboard}/sign-in?ended=1&next=")
    choose(other, "Days", "90 days")
    other.get_by_text("You are signed out.").wait_for()
    sign_in(other, "ana")
    other.locator(SHOWN).first.wait_for()


def test_who_is_disabled_is_out_at_the_next_click(dashboard, context, people):
    account(people, "viewer", username="leo", has_password=True)
    page = context.new_page()
    page.goto(dashboard)
    sign_in(page, "leo")
    page.locator(SHOWN).first.wait_for()
    people.accounts.change("leo", is_disabled=True)

    choose(page, "Days", "7 days")

    page.get_by_text("You are signed out.").wait_for()
    assert page.locator(SHOWN).count() == 0
