"""Signing in at the company's own issuer: the dashboard, the API and an issuer, all of them real, and a browser between them."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from at_the_door import BASE, PAGE, browser_at_the_door
from code_issuer import CLIENT_ID, SECRET, code_issuer
from live_api import served
from signed_in import PASSWORD, account

from api.app import close, create_app
from api.client import ApiError
from jobs_config.settings import Settings
from jobs_config.state import open_state
from streamlit_app import company, door
from streamlit_app.__main__ import main
from streamlit_app.address import URL_VARIABLE
from streamlit_app.company import BACK, DESCRIBED_SECONDS, PATIENCE_SECONDS, PAUSE_SECONDS, CompanySignIn, IssuerError
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
    account(app.state.authority, "viewer", username="ana", has_password=True)
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


def signed_in(browser):
    """The client of the reader whom the issuer knows, once they have signed in there."""
    browser.get(at_the_issuer(browser.get(door.TO_COMPANY)))
    return client_of(browser)


def state_of(way_back):
    return parse_qs(urlsplit(way_back).query)["state"][0]


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


def test_another_browser_signs_nobody_in(browser):
    """Somebody may begin in a browser of their own, and lay the way back before another: that one would be them."""
    way_back = at_the_issuer(browser.get(door.TO_COMPANY))
    other = browser_at_the_door()
    other.get(door.TO_COMPANY)

    for path in (way_back, way_back.replace("state=", "state=x"), f"{BACK}?code=a", f"{BACK}?state=&code=a"):
        answer = other.get(path)

        assert answer.status_code == 403
        assert "not begun here" in answer.text
        assert door.COOKIE not in other.cookies


def test_a_cookie_of_another_sign_in_under_the_right_name_signs_nobody_in(browser):
    way_back = at_the_issuer(browser.get(door.TO_COMPANY))
    state = state_of(way_back)
    begun = company.company_sign_in().begin("/", BASE)
    browser.cookies.clear()
    browser.cookies.set(door._begun_cookie(state), begun.sealed)

    answer = browser.get(way_back)

    assert answer.status_code == 502
    assert "not begun here" in answer.text


def test_two_tabs_may_be_on_their_way_at_once(browser):
    ways = [at_the_issuer(browser.get(f"{door.TO_COMPANY}?next=%2F{name}")) for name in ("titles", "genres")]

    assert [browser.get(way).headers["location"] for way in ways] == ["/titles", "/genres"]


def test_who_has_signed_in_is_not_signed_in_anew_by_a_link(browser):
    browser.get(at_the_issuer(browser.get(door.TO_COMPANY)))

    assert browser.get(f"{door.TO_COMPANY}?next=%2Ftitles").headers["location"] == "/titles"


def test_a_way_back_is_good_for_once_and_for_a_while(browser, settings):
    way_back = at_the_issuer(browser.get(door.TO_COMPANY))
    name = door._begun_cookie(state_of(way_back))
    sealed = browser.cookies[name]
    assert browser.get(way_back).status_code == 303
    assert name not in browser.cookies
    browser.cookies.set(name, sealed)
    assert browser.get(way_back).status_code == 502

    now = [0.0]
    slow = CompanySignIn(settings, clock=lambda: now[0])
    begun = slow.begin("/", BASE)
    now[0] = PATIENCE_SECONDS + 1
    with pytest.raises(IssuerError, match="took too long"):
        slow.finish(begun.sealed, begun.state, "code")


def test_a_way_that_no_cookie_can_hold_leads_to_the_first_page(browser):
    way_back = at_the_issuer(browser.get(door.TO_COMPANY, params={"next": "/overview?genre=" + "a" * 7_000}))

    assert browser.get(way_back).headers["location"] == "/"


def test_a_code_without_its_verifier_is_worth_nothing(browser, issuer, settings):
    """The control for PKCE: the code alone, taken on the way, buys no token."""
    code = parse_qs(urlsplit(at_the_issuer(browser.get(door.TO_COMPANY))).query)["code"][0]
    thief = CompanySignIn(settings)
    begun = thief.begin("/", BASE)

    with pytest.raises(IssuerError, match="gave no token"):
        thief.finish(begun.sealed, begun.state, code)


def test_a_dashboard_with_a_secret_says_it_and_a_wrong_one_is_refused(issuer, settings):
    issuer.client.secret = SECRET
    for secret, ends_well in ((SECRET, True), ("another", False)):
        sign_in = CompanySignIn(settings, secret)
        begun = sign_in.begin("/", BASE)
        with httpx2.Client(trust_env=False) as web:
            code = parse_qs(urlsplit(web.get(begun.address).headers["location"]).query)["code"][0]
        if ends_well:
            tokens, _ = sign_in.finish(begun.sealed, begun.state, code)
            assert tokens.renew() != ""
            tokens.revoke()
            assert issuer.refresh == {}
        else:
            with pytest.raises(IssuerError, match="gave no token"):
                sign_in.finish(begun.sealed, begun.state, code)


def test_a_token_that_is_good_no_more_is_renewed_in_the_middle_of_a_question(browser, issuer):
    client = signed_in(browser)
    client._token = spoilt = client._token[:-4] + "AAAA"

    assert client.me()["username"] == "oidc:ana@example.com"
    assert client._token != spoilt and issuer.renewals == 1


def test_where_the_issuer_renews_nothing_the_reader_is_signed_out(browser, issuer):
    issuer.gives_refresh_tokens = False
    client = signed_in(browser)
    client._token = "spoilt"

    with pytest.raises(ApiError) as raised:
        client.me()
    assert raised.value.status == 401


def test_signing_out_has_the_issuer_take_its_token_back(browser, issuer):
    client = signed_in(browser)
    assert len(issuer.refresh) == 1

    SIGN_INS.end(client)

    assert issuer.refresh == {}
    assert client_of(browser) is None
    with pytest.raises(ApiError) as raised:
        client.me()
    assert raised.value.status == 401


def test_where_the_issuer_takes_nothing_back_the_tabs_are_signed_out_all_the_same(browser, issuer):
    client = signed_in(browser)
    issuer.fails = True

    SIGN_INS.end(client)
    issuer.fails = False

    assert len(issuer.refresh) == 1  # the control: a renewal would have gone well
    with pytest.raises(ApiError) as raised:
        client.me()
    assert raised.value.status == 401


def test_an_issuer_that_fails_for_a_while_signs_nobody_out(browser, issuer):
    client = signed_in(browser)
    client._token = client._token[:-4] + "AAAA"
    issuer.fails = True
    with pytest.raises(ApiError) as raised:
        client.me()
    assert (raised.value.kind, raised.value.status) == ("no-issuer", 0)
    issuer.fails = False

    assert client.me()["username"] == "oidc:ana@example.com"


def test_threads_of_one_reader_renew_once(browser, issuer):
    """A refresh token is good for once, so a second renewal by it would sign the reader out."""
    client = signed_in(browser)
    client._token = client._token[:-4] + "AAAA"
    renewals = issuer.renewals

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: client.me()["username"], range(16)))

    assert set(names) == {"oidc:ana@example.com"}
    assert issuer.renewals - renewals == 1


def test_signing_in_anew_signs_out_who_was_signed_in_by_this_browser(browser, issuer):
    first = signed_in(browser)

    browser.post(door.PATH, data={"username": "ana", "password": PASSWORD, "next": "/"}, headers={"Origin": BASE})

    assert client_of(browser) is not first
    assert issuer.refresh == {}


def test_who_has_no_role_here_is_told_so(browser, issuer):
    issuer.person = {**ANA, "roles": ["football"]}

    answer = browser.get(at_the_issuer(browser.get(door.TO_COMPANY)))

    assert answer.status_code == 401
    assert "none of your groups has a role here" in answer.text
    assert door.COOKIE not in browser.cookies
    assert issuer.refresh == {}  # what nobody will use is taken back


def test_who_refuses_at_the_issuer_comes_back_to_the_form(browser, issuer):
    issuer.person = None

    answer = browser.get(at_the_issuer(browser.get(door.TO_COMPANY)))

    assert answer.status_code == 403
    assert "did not let you in: access_denied" in answer.text


def test_what_the_way_back_says_is_not_run(browser):
    state = state_of(at_the_issuer(browser.get(door.TO_COMPANY)))

    answer = browser.get(BACK, params={"state": state, "error": "<script>alert(1)</script>"})

    assert answer.status_code == 403
    assert "&lt;script&gt;alert" in answer.text and "<script>alert" not in answer.text


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


def test_what_the_issuer_said_of_itself_holds_while_it_does_not_answer_and_it_is_not_asked_all_the_time(
    issuer, settings
):
    now = [0.0]
    sign_in = CompanySignIn(settings, clock=lambda: now[0])
    sign_in.begin("/", BASE)
    assert issuer.described_times == 1
    issuer.fails = True
    now[0] = DESCRIBED_SECONDS + 1

    for _ in range(5):
        sign_in.begin("/", BASE)

    assert issuer.described_times == 2
    issuer.fails = False
    now[0] += PAUSE_SECONDS + 1
    sign_in.begin("/", BASE)
    sign_in.begin("/", BASE)
    assert issuer.described_times == 3


def test_behind_tls_the_cookies_are_of_this_host_alone(browser, issuer):
    browser.base_url, secure = "https://127.0.0.1:8601", "https://127.0.0.1:8601"
    issuer.client.redirect_uri = f"{secure}{BACK}"
    sent = browser.get(door.TO_COMPANY)
    with httpx2.Client(trust_env=False) as web:
        way_back = web.get(sent.headers["location"]).headers["location"].removeprefix(secure)
    assert sent.headers["set-cookie"].startswith(f"__Host-{door._begun_cookie(state_of(way_back))}=")

    answer = browser.get(way_back)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert f"__Host-{door.COOKIE}=" in answer.headers["set-cookie"]
    assert all(
        "Secure" in set_cookie and "Path=/" in set_cookie for set_cookie in answer.headers.get_list("set-cookie")
    )
    assert list(browser.cookies) == [f"__Host-{door.COOKIE}"]  # the other one is gone
    assert browser.get("/", headers=PAGE).text == "the page"
    planted = browser_at_the_door()
    planted.base_url = secure
    planted.cookies.set(door.COOKIE, browser.cookies[f"__Host-{door.COOKIE}"])
    assert planted.get("/", headers=PAGE).status_code == 303


def test_behind_a_proxy_the_issuer_is_told_the_name_that_readers_use(settings):
    sign_in = CompanySignIn(settings.model_copy(update={"dashboard_url": "https://books.example.com"}))

    address = sign_in.begin("/", BASE).address

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
