"""Whose page it is, as a tab finds it out: by the browser's cookie, until the API says that it is over."""

import pytest
from signed_in import PASSWORD, account, authority

from api.client import Client
from jobs_config.state import StateFolder
from streamlit_app.door import COOKIE
from streamlit_app.sign_ins import SIGN_INS


@pytest.fixture
def people(tmp_path_factory, api_url):
    """Who has an account at the API."""
    of = authority(StateFolder(tmp_path_factory.getbasetemp() / "small_star"))
    account(of, "viewer", username="ana", has_password=True)
    yield of
    of.engine.dispose()


@pytest.fixture
def sign_in(api_url, people, cookies):
    """Signs somebody in, as the form does, with the browser that opens pages."""

    def with_password(username):
        account(people, "viewer", username=username, has_password=True)
        client = Client(api_url)
        client.sign_in(username, PASSWORD)
        cookies[COOKIE] = SIGN_INS.open(client)
        return client

    return with_password


def leads_to_sign_in(page):
    return not page.metric and "/sign-in" in page.get("html")[0].proto.body


@pytest.mark.parametrize("cookie", ["", "made-up", "\udcff"], ids=["none", "made up", "no text"])
def test_without_a_sign_in_the_page_has_no_number_and_leads_to_the_form(api_url, open_page, cookies, cookie):
    cookies[COOKIE] = cookie

    assert leads_to_sign_in(open_page(api_url, token=""))


def test_a_tab_and_its_reload_are_of_whoever_has_the_cookie(api_url, open_page, sign_in):
    sign_in("ana")

    tabs = [open_page(api_url, token=""), open_page(api_url, token="")]

    for tab in tabs:
        assert tab.metric
        assert any(button.label == "Sign out ana" for button in tab.button)


def test_signing_out_ends_the_session_at_the_api_and_in_every_tab(api_url, open_page, sign_in):
    client = sign_in("ana")
    tab, other = open_page(api_url, token=""), open_page(api_url, token="")

    next(button for button in tab.button if button.label.startswith("Sign out")).click().run()

    assert leads_to_sign_in(tab)
    assert client._token == ""
    assert leads_to_sign_in(other.get_by_key("bar-range").set_value("7d").run())
    assert leads_to_sign_in(open_page(api_url, token=""))


def test_a_token_that_has_run_out_is_replaced_in_the_middle_of_a_click(api_url, open_page, sign_in):
    client = sign_in("ana")
    page = open_page(api_url, token="")
    client._token = ran_out = "a-token-that-has-run-out"

    page.get_by_key("bar-range").set_value("7d").run()

    assert page.metric
    assert client._token not in ("", ran_out)


def test_tabs_that_renew_at_the_same_time_use_the_refresh_token_once(api_url, open_page, sign_in):
    client = sign_in("ana")
    tabs = [open_page(api_url, token="") for _ in range(3)]
    for choice in ("7d", "90d"):
        client._token = "a-token-that-has-run-out"
        for tab in tabs:
            tab.get_by_key("bar-range").set_value(choice).run()

    assert all(tab.metric for tab in tabs)


def test_a_user_who_is_disabled_is_signed_out_at_the_next_click(api_url, open_page, people, sign_in):
    sign_in("leo")
    page = open_page(api_url, token="")
    assert page.metric
    people.accounts.change("leo", is_disabled=True)

    page.get_by_key("bar-range").set_value("7d").run()

    assert leads_to_sign_in(page)
