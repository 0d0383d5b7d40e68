"""Signing in at the company's own issuer: the dashboard, the API and an issuer, all of them real, and a browser between them."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from at_the_door import BASE, PAGE, browser_at_the_door
from code_issuer import CLIENT_ID, SECRET, code_issuer
from live_api import served
from signed_in import account

from api.app import close, create_app
from api.client import ApiError
from jobs_config.settings import Settings
from jobs_config.state import open_state
from streamlit_app import company, door
from streamlit_app.__main__ import main
from streamlit_app.address import URL_VARIABLE
from streamlit_app.company import BACK, MOST_BEGUN, PATIENCE_SECONDS, CompanySignIn, IssuerError
from streamlit_app.sign_ins import SIGN_INS

ANA = {"sub": "ana@example.com", "roles": ["bi-readers"]}


@pytest.fixture
def issuer(monkeypatch):
    """An issuer that Ana has signed in to already; it knows a dashboard on this machine, which has no secret."""
    with code_issuer(monkeypatch) as (url, kept):
        kept.person, kept.client.redirect_uri = ANA, f"{BASE}{BACK}"
        kept.url = url
        yield kept


@pytest.fixture
def settings(issuer):
    """Settings of API and dashboard for that issuer."""
    return Settings(
        oidc_issuer=issuer.url,
        oidc_audience="booksales",
        oidc_jwks_url=f"{issuer.url}/keys",
        oidc_roles="bi-readers=viewer",
        oidc_client_id=CLIENT_ID,
    )


@pytest.fixture
def browser(star, settings, monkeypatch):
    """A browser before a dashboard that has the settings, over an API that has them too."""
    app = create_app(open_state(star.parent), settings)
    account(app.state.authority, "admin")
    monkeypatch.setattr(company, "load_settings", lambda: settings)
    company.company_sign_in.cache_clear()
    with served(app) as url:
        monkeypatch.setenv(URL_VARIABLE, url)
        yield browser_at_the_door()
    close(app)
    company.company_sign_in.cache_clear()


def at_the_issuer(answer):
    """Where the issuer sends the browser, whom the dashboard sent to it."""
    with httpx2.Client(trust_env=False) as web:
        sent = web.get(answer.headers["location"])
    return sent.headers["location"].removeprefix(BASE)


def client_of(browser):
    return SIGN_INS.find(browser.cookies[door.COOKIE])


def test_the_way_through_the_issuer_ends_on_the_page_that_was_wanted_as_the_reader_that_the_api_knows(browser, issuer):
    form = browser.get(browser.get("/overview?range=90d", headers=PAGE).headers["location"])
    assert 'href="/sign-in/company?next=%2Foverview%3Frange%3D90d" >' in form.text

    sent = browser.get("/sign-in/company?next=%2Foverview%3Frange%3D90d", headers=PAGE)
    back = browser.get(at_the_issuer(sent), headers=PAGE)

    assert (back.status_code, back.headers["location"]) == (303, "/overview?range=90d")
    assert browser.get("/overview?range=90d", headers=PAGE).text == "the page"
    assert client_of(browser).me()["username"] == "oidc:ana@example.com"
    assert client_of(browser).summary(30)["data"]["current"]["net_revenue"] is not None
    asked = issuer.asked[0]
    assert (asked["code_challenge_method"], asked["scope"], asked["audience"]) == ("S256", "openid", "booksales")
    assert not any("verifier" in name for name in asked)


def test_where_there_is_no_issuer_the_form_offers_none(api_url, monkeypatch):
    monkeypatch.setenv(URL_VARIABLE, api_url)
    company.company_sign_in.cache_clear()
    browser = browser_at_the_door()

    assert '" hidden>Sign in with the company' in browser.get(door.PATH).text
    assert browser.get(door.TO_COMPANY).status_code == 404
    assert browser.get(f"{BACK}?state=&code=a").status_code == 403


@pytest.mark.parametrize("dropped", ["the cookie", "the state"])
def test_another_browser_or_another_state_signs_nobody_in(browser, dropped):
    """Somebody may begin in a browser of their own, and lay the way back before another: that one would be them."""
    way_back = at_the_issuer(browser.get(door.TO_COMPANY))
    if dropped == "the cookie":
        browser.cookies.clear()
    else:
        way_back = way_back.replace("state=", "state=x")

    answer = browser.get(way_back)

    assert answer.status_code == 403
    assert "not begun here" in answer.text
    assert door.COOKIE not in browser.cookies


def test_a_way_back_is_good_for_once_and_for_a_while(browser, issuer, settings):
    way_back = at_the_issuer(browser.get(door.TO_COMPANY))
    state = browser.cookies[door.BEGUN_COOKIE]
    assert browser.get(way_back).status_code == 303
    browser.cookies.set(door.BEGUN_COOKIE, state)
    assert browser.get(way_back).status_code == 502

    now = [0.0]
    slow = CompanySignIn(settings, clock=lambda: now[0])
    _, state = slow.begin("/", BASE)
    now[0] = PATIENCE_SECONDS + 1
    with pytest.raises(IssuerError, match="took too long"):
        slow.finish(state, "code")


def test_what_is_begun_and_never_ended_is_bounded_and_the_oldest_goes(settings):
    sign_in = CompanySignIn(settings)
    states = [sign_in.begin("/", BASE)[1] for _ in range(MOST_BEGUN + 1)]

    with pytest.raises(IssuerError, match="took too long"):
        sign_in.finish(states[0], "code")
    with pytest.raises(IssuerError, match="gave no token"):
        sign_in.finish(states[1], "code")


def test_a_code_without_its_verifier_is_worth_nothing(browser, issuer, settings):
    """The control for PKCE: the code alone, taken on the way, buys no token."""
    code = parse_qs(urlsplit(at_the_issuer(browser.get(door.TO_COMPANY))).query)["code"][0]
    thief = CompanySignIn(settings)
    _, state = thief.begin("/", BASE)

    with pytest.raises(IssuerError, match="gave no token"):
        thief.finish(state, code)


def test_a_dashboard_with_a_secret_says_it_and_a_wrong_one_is_refused(issuer, settings):
    issuer.client.secret = SECRET
    for secret, ends_well in ((SECRET, True), ("another", False)):
        sign_in = CompanySignIn(settings, secret)
        address, state = sign_in.begin("/", BASE)
        with httpx2.Client(trust_env=False) as web:
            code = parse_qs(urlsplit(web.get(address).headers["location"]).query)["code"][0]
        if ends_well:
            tokens, _ = sign_in.finish(state, code)
            assert tokens.renew() != ""
            tokens.revoke()
            assert issuer.refresh == {}
        else:
            with pytest.raises(IssuerError, match="gave no token"):
                sign_in.finish(state, code)


def test_a_token_that_is_good_no_more_is_renewed_in_the_middle_of_a_question(browser):
    browser.get(at_the_issuer(browser.get(door.TO_COMPANY)))
    client = client_of(browser)
    first = client._token
    client._token = client._token[:-4] + "AAAA"

    assert client.me()["username"] == "oidc:ana@example.com"
    assert client._token not in (first, first[:-4] + "AAAA")


def test_where_the_issuer_renews_nothing_the_reader_is_signed_out(browser, issuer):
    issuer.gives_refresh_tokens = False
    browser.get(at_the_issuer(browser.get(door.TO_COMPANY)))
    client = client_of(browser)
    client._token = "spoilt"

    with pytest.raises(ApiError) as raised:
        client.me()
    assert raised.value.status == 401


def test_signing_out_has_the_issuer_take_its_token_back(browser, issuer):
    browser.get(at_the_issuer(browser.get(door.TO_COMPANY)))
    client = client_of(browser)
    assert len(issuer.refresh) == 1

    SIGN_INS.end(client)

    assert issuer.refresh == {}
    assert client_of(browser) is None


def test_who_has_no_role_here_is_told_so(browser, issuer):
    issuer.person = {**ANA, "roles": ["football"]}

    answer = browser.get(at_the_issuer(browser.get(door.TO_COMPANY)))

    assert answer.status_code == 401
    assert "none of your groups has a role here" in answer.text
    assert door.COOKIE not in browser.cookies


def test_who_refuses_at_the_issuer_comes_back_to_the_form(browser, issuer):
    issuer.person = None

    answer = browser.get(at_the_issuer(browser.get(door.TO_COMPANY)))

    assert answer.status_code == 403
    assert "did not let you in: access_denied" in answer.text


def test_what_the_way_back_says_is_not_run(browser):
    browser.get(door.TO_COMPANY)
    state = browser.cookies[door.BEGUN_COOKIE]

    answer = browser.get(BACK, params={"state": state, "error": "<script>alert(1)</script>"})

    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://another.example.com"},
        {"token_endpoint": "http://example.com/token"},
        {"authorization_endpoint": 7},
        {"token_endpoint": None},
    ],
    ids=["another issuer", "a token by plain HTTP", "no text", "no token endpoint"],
)
def test_an_issuer_that_describes_itself_unsafely_is_not_gone_to(browser, issuer, described):
    issuer.described |= described

    answer = browser.get(door.TO_COMPANY)

    assert answer.status_code == 502
    assert "cannot be asked" in answer.text


def test_an_issuer_that_is_away_is_said_and_accounts_go_on(browser, settings, monkeypatch):
    away = settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    monkeypatch.setattr(company, "load_settings", lambda: away)
    company.company_sign_in.cache_clear()

    answer = browser.get(door.TO_COMPANY)

    assert answer.status_code == 502
    assert 'name="password"' in answer.text


def test_behind_a_proxy_the_issuer_is_told_the_name_that_readers_use(settings):
    sign_in = CompanySignIn(settings.model_copy(update={"dashboard_url": "https://books.example.com"}))

    address, _ = sign_in.begin("/", BASE)

    assert parse_qs(urlsplit(address).query)["redirect_uri"] == [f"https://books.example.com{BACK}"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"BOOKSALES_OIDC_CLIENT_ID": "dashboard"}, "oidc_client_id needs oidc_issuer"),
        (
            {
                "BOOKSALES_OIDC_CLIENT_ID": "dashboard",
                "BOOKSALES_OIDC_ISSUER": "http://login.example.com",
                "BOOKSALES_OIDC_AUDIENCE": "booksales",
                "BOOKSALES_OIDC_JWKS_URL": "https://login.example.com/keys",
                "BOOKSALES_OIDC_ROLES": "a=viewer",
            },
            "oidc_issuer: has to go by https",
        ),
        ({"BOOKSALES_DASHBOARD_URL": "http://books.example.com"}, "dashboard_url"),
    ],
)
def test_settings_that_are_not_safe_stop_the_dashboard_with_exit_code_2(monkeypatch, capsys, variables, said):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    company.company_sign_in.cache_clear()

    assert main([]) == 2
    assert said in capsys.readouterr().err
    company.company_sign_in.cache_clear()
