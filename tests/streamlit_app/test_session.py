"""Who reads the dashboard: the form to sign in, and what becomes of a session that ends."""

import pytest
from live_api import live_api
from signed_in import PASSWORD, account, authority

from jobs_config.state import StateFolder
from streamlit_app import session


@pytest.fixture
def people(tmp_path_factory, api_url):
    """Who has an account at the API."""
    of = authority(StateFolder(tmp_path_factory.getbasetemp() / "small_star"))
    account(of, "viewer", username="ana", has_password=True)
    yield of
    of.engine.dispose()


def sign_in(page, username, password):
    page.text_input[0].set_value(username)
    page.text_input[1].set_value(password)
    return page.button[0].click().run()


def test_without_a_session_the_page_is_a_form_and_no_number(api_url, open_page):
    page = open_page(api_url, token="")

    assert [field.label for field in page.text_input] == ["User", "Password"]
    assert not page.metric


def test_who_signs_in_sees_the_page_and_who_signs_out_the_form(api_url, open_page, people):
    page = sign_in(open_page(api_url, token=""), "ana", PASSWORD)
    assert page.metric
    tokens = page.session_state[session.KEY]

    next(button for button in page.button if button.label.startswith("Sign out")).click().run()

    assert [field.label for field in page.text_input] == ["User", "Password"]
    assert session.KEY not in page.session_state
    assert tokens._token == ""


def test_a_wrong_password_is_said(api_url, open_page, people):
    page = sign_in(open_page(api_url, token=""), "ana", "wrong horse battery")

    assert page.error[0].proto.title == "You are not signed in"
    assert not page.metric


def test_a_user_who_is_disabled_is_shown_the_form_at_the_next_click(api_url, open_page, people):
    account(people, "viewer", username="leo", has_password=True)
    page = sign_in(open_page(api_url, token=""), "leo", PASSWORD)
    assert page.metric
    people.accounts.change("leo", is_disabled=True)

    page.get_by_key("bar-range").set_value("7d").run()

    assert [field.label for field in page.text_input] == ["User", "Password"]
    assert not page.metric


def test_a_dashboard_over_an_api_without_accounts_says_how_to_begin(open_page, tmp_path):
    with live_api(tmp_path / "booksales" / "warehouse", has_admin=False) as url:
        page = sign_in(open_page(url, token=""), "ana", PASSWORD)

    assert page.info[0].proto.title == "Nobody can sign in yet"
