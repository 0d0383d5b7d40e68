"""The way in: who is sent to the form, what the form does, and what a browser is given."""

from http.cookies import SimpleCookie

import pytest
from at_the_door import BASE, PAGE, browser_at_the_door
from live_api import live_api
from signed_in import PASSWORD, account, authority

from jobs_config.state import StateFolder
from streamlit_app import door
from streamlit_app.address import URL_VARIABLE

FORM = {"Origin": BASE}


@pytest.fixture
def browser(api_url, tmp_path_factory, monkeypatch):
    """A browser before the dashboard's door; behind it is some page. Ana and Leo have an account."""
    of = authority(StateFolder(tmp_path_factory.getbasetemp() / "small_star"))
    for name in ("ana", "leo"):
        account(of, "viewer", username=name, has_password=True)
    of.engine.dispose()
    monkeypatch.setenv(URL_VARIABLE, api_url)
    return browser_at_the_door()


def sign_in(browser, username="ana", password=PASSWORD, target="/", headers=FORM):
    fields = {"username": username, "password": password, "next": target}
    return browser.post(door.PATH, data=fields, headers=headers)


def cookie_of(answer):
    found = SimpleCookie(answer.headers["set-cookie"])
    return next(found[name] for name in door.COOKIES if name in found)


def test_who_has_not_signed_in_is_sent_to_the_form_and_back_to_what_they_wanted(browser):
    sent = browser.get("/overview?range=90+days&genre=Fiction", headers=PAGE)
    assert sent.status_code == 303
    form = browser.get(sent.headers["location"])
    assert '<input type="hidden" name="next" value="/overview?range=90+days&amp;genre=Fiction">' in form.text

    answer = sign_in(browser, target="/overview?range=90+days&genre=Fiction")

    assert (answer.status_code, answer.headers["location"]) == (303, "/overview?range=90+days&genre=Fiction")
    assert browser.get(answer.headers["location"], headers=PAGE).text == "the page"


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites_and_holds_no_token(browser):
    cookie = cookie_of(sign_in(browser))

    assert cookie["httponly"] and cookie["samesite"] == "lax" and int(cookie["max-age"]) == 12 * 3600
    assert not cookie["secure"] and not cookie["domain"]
    assert len(cookie.value) == 43 and "." not in cookie.value


def test_behind_tls_the_cookie_goes_by_tls_only(browser):
    browser.base_url = "https://127.0.0.1:8601"

    cookie = cookie_of(sign_in(browser, headers={"Origin": "https://127.0.0.1:8601"}))

    assert cookie["secure"] and cookie["path"] == "/" and not cookie["domain"]
    assert cookie.key == f"__Host-{door.COOKIE}"


def test_a_page_renews_the_cookie_and_an_asset_does_not(browser):
    cookie = cookie_of(sign_in(browser))

    assert cookie_of(browser.get("/", headers=PAGE)).value == cookie.value
    assert "set-cookie" not in browser.get("/static/index.js", headers=PAGE).headers


def test_each_sign_in_has_an_id_of_its_own_and_one_that_was_planted_is_never_good(browser):
    browser.cookies.set(door.COOKIE, "planted")
    first = cookie_of(sign_in(browser)).value
    second = cookie_of(sign_in(browser)).value

    assert len({"planted", first, second}) == 3
    planted = browser_at_the_door()
    planted.cookies.set(door.COOKIE, "planted")
    assert planted.get("/", headers=PAGE).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:9999"}, {"Origin": "https://evil.example"}],
    ids=["nobody says from where", "hidden", "another port of this machine", "another site"],
)
def test_a_form_of_another_page_signs_nobody_in(browser, headers):
    answer = sign_in(browser, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "evil", "/a\r\nSet-Cookie: a=b", "/" + 9_000 * "a"],
    ids=["another site", "a site by two slashes", "by a slash and a backslash", "no path", "a header", "endless"],
)
def test_signing_in_leads_nowhere_else(browser, target):
    assert sign_in(browser, target=target).headers["location"] == "/"


def test_a_wrong_password_is_said_without_losing_the_name_or_the_way(browser):
    answer = sign_in(browser, username='leo"><script>', password="wrong horse battery", target="/overview?a=<b>")

    assert answer.status_code == 401
    assert "You are not signed in: " in answer.text
    assert 'value="leo&quot;&gt;&lt;script&gt;"' in answer.text and 'value="/overview?a=&lt;b&gt;"' in answer.text
    assert "set-cookie" not in answer.headers


def test_who_has_signed_in_does_not_see_the_form(browser):
    sign_in(browser)

    assert browser.get(f"{door.PATH}?next=%2Foverview").headers["location"] == "/overview"


def test_a_form_that_is_endless_is_refused(browser):
    assert sign_in(browser, username="a" * door.LONGEST_FORM).status_code == 413


def test_before_there_is_an_account_the_form_says_how_to_begin(tmp_path, monkeypatch):
    with live_api(tmp_path / "booksales" / "warehouse", has_admin=False) as url:
        monkeypatch.setenv(URL_VARIABLE, url)
        assert "booksales users add NAME" in sign_in(browser_at_the_door()).text


def test_an_api_that_is_away_is_said(monkeypatch):
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:9")

    assert "The API cannot be reached" in sign_in(browser_at_the_door()).text
