"""A reader's session in a real browser: over reloads and tabs, until it ends."""

from collections.abc import Iterator

import pytest
from live_api import live_api
from live_dashboard import CHROMIUM, choose, live_dashboard, sign_in
from playwright.sync_api import BrowserContext
from signed_in import account, authority
from small_star import published_once

from jobs_config.state import StateFolder
from streamlit_app.door import COOKIE

# A profile that is new loads all of Streamlit's scripts; on a busy machine that takes its time.
PATIENCE = 90_000
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


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    """A profile that has signed in nowhere yet."""
    with browser.new_context(viewport={"width": 1440, "height": 1000}) as context:
        context.set_default_timeout(PATIENCE)
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


@pytest.mark.slow
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


PAGES = {
    "viewer": ["Overview", "Customers", "Data health"],
    "analyst": ["Overview", "Explore", "Customers", "Data health"],
    "engineer": ["Overview", "Explore", "Customers", "Data health", "Lab"],
    "admin": ["Overview", "Explore", "Customers", "Data health", "Lab", "Admin"],
}


@pytest.mark.slow
@pytest.mark.parametrize("role", PAGES)
def test_a_role_is_shown_its_own_pages_and_no_other_by_a_link(dashboard, context, people, role):
    account(people, role, username=f"{role}-1", has_password=True)
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{dashboard}/admin")
    sign_in(page, f"{role}-1")
    page.get_by_role("heading", name="Admin").wait_for()

    menu = page.locator(".st-key-menu [data-testid='stPageLink-NavLink']")
    menu.first.wait_for()
    named = [text.split("\n")[-1] for text in menu.all_inner_texts()]

    assert [name for name in named if name in PAGES["admin"]] == PAGES[role]
    assert page.get_by_text("Add a user").count() == (role == "admin")
    assert faults == []


@pytest.mark.slow
def test_a_view_is_saved_and_opened_in_a_fresh_session(dashboard, browser, people):
    account(people, "viewer", username="kim", has_password=True)
    with browser.new_context() as first:
        first.set_default_timeout(PATIENCE)
        page = first.new_page()
        page.goto(f"{dashboard}/?range=90d&genre=Fiction")
        sign_in(page, "kim")
        page.locator(SHOWN).first.wait_for()
        revenue = page.locator(SHOWN).first.inner_text()
        page.get_by_role("button", name="Views").click()
        page.get_by_label("Name").fill("Fiction <i>90 days")
        page.get_by_label("Name").press("Enter")
        page.get_by_role("button", name="Save this page").click()
    with browser.new_context() as second:
        second.set_default_timeout(PATIENCE)
        page = second.new_page()
        page.goto(dashboard)
        sign_in(page, "kim")
        page.locator(SHOWN).first.wait_for()
        page.get_by_role("button", name="Views").click()
        page.get_by_text("Fiction <i>90").click()
        page.get_by_role("button", name="Genre: Fiction").wait_for()
        page.wait_for_function(
            "text => document.querySelector(`[data-testid='stMetricValue']`).innerText === text", arg=revenue
        )
        page.wait_for_url("**genre=Fiction**", timeout=20_000)


@pytest.mark.slow
def test_what_data_says_is_never_run(dashboard, context, people):
    attack = "<img src=x onerror=window.taken=1><script>window.taken=1</script>[x](javascript:window.taken=1)"
    account(people, "admin", username="root", has_password=True)
    page = context.new_page()
    page.goto(f"{dashboard}/explore?metric={attack}&by={attack}&part={attack}&genre={attack}&run={attack}")
    sign_in(page, "root")
    page.get_by_text("The link asks for").first.wait_for()
    page.goto(f"{dashboard}/health?run={attack}")
    page.get_by_text("Data through").first.wait_for()
    page.goto(f"{dashboard}/sign-in?next={attack}")

    page.wait_for_timeout(500)
    assert page.evaluate("window.taken") is None
