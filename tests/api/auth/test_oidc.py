"""Tokens of the company's own issuer, against a real one on loopback."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient
from forged_tokens import part, with_hmac
from own_issuer import AUDIENCE, ISSUER, own_issuer
from signed_in import account, bearer
from small_star import publish_star

from api.app import close, create_app
from api.auth.accounts import AccountError
from api.auth.authority import UnauthenticatedError
from api.auth.jwks import KEPT_SECONDS, MOST_BYTES, PAUSE_SECONDS, STALE_SECONDS, RemoteKeys
from api.auth.oidc import open_issuer
from jobs_config.errors import ConfigError
from jobs_config.settings import Settings
from warehouse.scope import EVERYTHING, Scope

BASE = "http://127.0.0.1:8600"
ROLES = "bi-readers=viewer,bi-analysts=analyst,data-team=engineer,bi-admins=admin"


@pytest.fixture
def issuer():
    with own_issuer() as issuer:
        yield issuer


def settings(issuer, **more):
    given = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE, "oidc_jwks_url": issuer.url, "oidc_roles": ROLES}
    return Settings(**given | more)


@pytest.fixture
def app_of(own_state, issuer):
    """The API that takes the issuer's tokens, with settings of the test's own."""
    made = []

    def make(**more):
        app = create_app(own_state, settings(issuer, **more))
        account(app.state.authority, "admin")
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)


@pytest.fixture
def of(app_of):
    """The authority of that API."""
    return app_of(oidc_region_claim="regions", oidc_publisher_claim="publishers").state.authority


EVERYWHERE = {"regions": "*", "publishers": ["*"]}


def caller(of, token):
    return of.caller(f"Bearer {token}")


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["bi-readers"], "viewer"),
        ("bi-analysts", "analyst"),
        (["bi-readers", "data-team", "bi-analysts", "football"], "engineer"),
        (["bi-admins"], "admin"),
    ],
    ids=["one group", "a text", "the highest of several", "an administrator"],
)
def test_groups_are_mapped_to_a_role(of, issuer, groups, role):
    found = caller(of, issuer.token(roles=groups, **EVERYWHERE))

    assert (found.username, found.role, found.scope) == ("oidc:ana@example.com", role, EVERYTHING)


def test_subjects_that_differ_by_case_are_two_people_and_an_address_is_one(app_of, issuer):
    of, by_mail = (app_of(**more).state.authority for more in ({}, {"oidc_name_claim": "email"}))

    subjects = [caller(of, issuer.token(sub=subject)).username for subject in ("aB|3", "Ab|3")]
    addresses = [
        caller(by_mail, issuer.token(email=address)).username for address in ("Ana@example.com", "ana@example.com")
    ]

    assert subjects == ["oidc:aB|3", "oidc:Ab|3"]
    assert addresses == ["oidc:ana@example.com"] * 2
    with pytest.raises(UnauthenticatedError):
        # The Kelvin sign, whose small letter is a k.
        caller(by_mail, issuer.token(email="\u212aate@example.com"))


def test_claims_are_mapped_to_a_scope_and_to_a_view(of, issuer):
    narrowed = caller(of, issuer.token(regions=["Germany", "United Kingdom / London"], publishers="Harbour House"))
    everywhere = caller(of, issuer.token(**EVERYWHERE))

    assert narrowed.scope == Scope(("Germany", "United Kingdom / London"), ("Harbour House",))
    assert narrowed.view != everywhere.view


def test_claims_may_lie_inside_others_and_be_called_like_an_address(app_of, issuer):
    of = app_of(oidc_role_claim="realm_access.roles", oidc_name_claim="https://example.com/name").state.authority

    found = caller(
        of,
        issuer.token(roles=None, realm_access={"roles": ["bi-analysts"]}, **{"https://example.com/name": "Ana.Lund"}),
    )

    assert (found.username, found.role) == ("oidc:ana.lund", "analyst")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_keys_of_every_usual_kind_verify(of, issuer, algorithm):
    issuer.add("another", algorithm)

    assert caller(of, issuer.token("another", algorithm, **EVERYWHERE)).role == "viewer"


def test_our_own_tokens_are_good_beside_them(app_of):
    app = app_of()

    assert app.state.authority.caller(bearer(app.state.authority, "analyst")["Authorization"]).role == "analyst"


def forged(issuer):
    """Name to token of everything that must not let in."""
    now = int(time.time())
    good = issuer.token(**EVERYWHERE)
    head, body, signature = good.split(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(text + "==")) for text in (head, body))
    pem = issuer.private["rsa"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    stranger = rsa.generate_private_key(65_537, 2_048)
    twice = json.dumps(claims)[:-1] + ', "roles": ["bi-admins"]}'
    with_claims = {
        "another audience": {"aud": "another-app"},
        "no audience": {"aud": None},
        "another issuer": {"iss": "https://evil.example/"},
        "no issuer": {"iss": None},
        "a list of issuers": {"iss": [ISSUER]},
        "expired": {"iat": now - 900, "exp": now - 300},
        "not yet": {"nbf": now + 600},
        "from the future": {"iat": now + 600, "exp": now + 900},
        "alive for a day": {"exp": now + 86_400},
        "no expiry": {"exp": None},
        "no beginning": {"iat": None},
        "no subject": {"sub": None},
        "a subject that is a number": {"sub": 7},
        "a fraction of a second": {"exp": now + 300.5},
        "no group": {"roles": None},
        "an unmapped group": {"roles": ["football"]},
        "a role's own name": {"roles": ["admin"]},
        "no list of groups": {"roles": {"bi-admins": True}},
        "groups of another kind": {"roles": [["bi-admins"]]},
        "a group in another case": {"roles": ["BI-ADMINS"]},
        "two groups in one": {"roles": "bi-admins bi-readers"},
        "an empty list": {"roles": []},
        "a name of another kind": {"sub": "ana\nadmin"},
        "an account's name with a space": {"sub": "admin "},
        "a long name": {"sub": "a" * 60},
        "no regions": {"regions": None},
        "no region in it": {"regions": []},
        "regions of another kind": {"regions": [1]},
        "regions by name": {"regions": {"Germany": 1}},
        "an empty region": {"regions": [""]},
        "a region that is not text": {"regions": ["Ger\0many"]},
        "too many regions": {"regions": ["a"] * 201},
        "no publishers": {"publishers": None},
        "false for all": {"publishers": False},
    }
    headers = {
        "a key of its own": {"jwk": issuer.published["rsa"]},
        "an address of its own": {"jku": issuer.url},
        "a certificate": {"x5c": ["AAAA"]},
        "a certificate's address": {"x5u": issuer.url},
        "a rule of its own": {"crit": ["exp"]},
        "an unknown name": {"foo": 1},
        "an ID token's type": {"typ": "id+jwt"},
        "a refresh token": {"typ": "rt+jwt"},
        "another kid": {"kid": "other"},
        "a path as kid": {"kid": "../../../dev/null"},
        "an empty kid": {"kid": ""},
    }
    made = {name: issuer.token(**EVERYWHERE | claims) for name, claims in with_claims.items()}
    made |= {name: issuer.token(header=more, **EVERYWHERE) for name, more in headers.items()}
    made |= {
        f"alg {alg!r}, no signature": f"{part({**header, 'alg': alg})}.{body}." for alg in ("none", "None", "NONE", "")
    }
    made |= {
        f"alg {alg!r}, ours": f"{part({**header, 'alg': alg})}.{body}.{signature}"
        for alg in ("none", "HS256", "PS256", "ES256", "RS512")
    }
    return made | {
        "HS256 by the public key": with_hmac(pem, header, claims),
        "HS256 by nothing": with_hmac(b"", header, claims),
        "a stranger's key": jwt.encode(claims, stranger, "RS256", {"kid": "rsa"}),
        "no kid": f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{body}.{signature}",
        "other claims under the signature": f"{head}.{part({**claims, 'roles': ['bi-admins']})}.{signature}",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "a name twice": f"{head}.{part(twice.encode())}.{signature}",
        "padded": f"{good}==",
        "9 KB": issuer.token(note="x" * 9_000, **EVERYWHERE),
    }


def test_no_forged_or_unmapped_token_is_anybodys(of, issuer):
    found = forged(issuer)
    let_in = []
    for name, token in found.items():
        try:
            let_in.append((name, caller(of, token)))
        except UnauthenticatedError:
            continue

    assert len(found) >= 60
    assert let_in == []
    # A control: the token that they are made from is good.
    assert caller(of, issuer.token(**EVERYWHERE)).role == "viewer"


def test_without_an_issuer_its_tokens_are_nobodys(authority, issuer):
    account(authority, "admin")

    with pytest.raises(UnauthenticatedError):
        caller(authority, issuer.token(**EVERYWHERE))
    assert issuer.asked == 0


def test_a_stranger_asks_as_somebody_of_the_role_does_and_is_in_the_audit(app_of, own_state, issuer, tmp_path):
    publish_star(own_state.warehouse, tmp_path / "lake")
    app = app_of(oidc_region_claim="regions")
    client = TestClient(app, base_url=BASE)

    def ask(method, path, groups, regions="*", **parts):
        token = issuer.token(roles=[groups], regions=regions)
        return client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **parts)

    everything = ask("GET", "/api/analytics/sales-by-region/?level=country&days=445", "bi-readers").json()["data"]
    narrowed = ask("GET", "/api/analytics/sales-by-region/?level=country&days=445", "bi-readers", ["Germany"]).json()[
        "data"
    ]
    entries = ask("GET", "/api/audit/?limit=10", "bi-admins").json()["entries"]

    assert [row["country"] for row in narrowed["rows"]] == ["Germany"]
    assert len(everything["rows"]) > 2
    assert ask("GET", "/api/auth/me/", "bi-analysts").json()["username"] == "oidc:ana@example.com"
    assert ask("POST", "/api/analytics/query/", "bi-readers", json={"metrics": ["net_units"]}).status_code == 403
    assert ask("POST", "/api/analytics/query/", "bi-analysts", json={"metrics": ["margin"]}).status_code == 200
    assert {entry["username"] for entry in entries if entry["endpoint"] == "sales-by-region"} == {
        "oidc:ana@example.com"
    }
    for path, body in [("sign-out", None), ("password", {"current": "x", "new": "correct horse battery"})]:
        refused = ask("POST", f"/api/auth/{path}/", "bi-admins", json=body)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "not-possible")


def test_strangers_keep_views_of_their_own(app_of, issuer):
    client = TestClient(app_of(), base_url=BASE)

    def ask(method, name, **parts):
        return client.request(
            method, "/api/views/", headers={"Authorization": f"Bearer {issuer.token(sub=name)}"}, **parts
        )

    assert ask("POST", "ana@example.com", json={"name": "Mine", "page": "overview"}).status_code == 201
    assert [view["name"] for view in ask("GET", "ana@example.com").json()["views"]] == ["Mine"]
    assert ask("GET", "leo@example.com").json()["views"] == []


def test_a_stranger_has_neither_session_nor_password_here(of, issuer):
    stranger = caller(of, issuer.token(**EVERYWHERE))

    with pytest.raises(AccountError, match="signs in at the company's issuer"):
        of.sign_out(stranger)
    with pytest.raises(AccountError, match="signs in at the company's issuer"):
        of.change_password(stranger, "old", "new", "127.0.0.1")


# its keys


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keys(issuer, clock):
    return RemoteKeys(issuer.url, clock)


def test_keys_are_fetched_once_and_again_after_a_while(issuer, keys, clock):
    for _ in range(5):
        assert keys.find("rsa") is not None
    assert issuer.asked == 1
    clock.now += KEPT_SECONDS + 1

    assert keys.find("rsa") is not None
    assert issuer.asked == 2


def test_a_new_key_is_known_at_once_and_a_removed_one_gone_after_a_while(issuer, keys, clock):
    assert keys.find("rsa") is not None
    clock.now += PAUSE_SECONDS + 1
    issuer.add("new", "ES256")
    assert keys.find("new") is not None
    del issuer.published["rsa"]
    clock.now += KEPT_SECONDS + 1

    assert keys.find("rsa") is None
    assert keys.find("new") is not None


def test_ten_thousand_unknown_keys_make_it_ask_once_in_a_pause(issuer, keys, clock):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(keys.find, (f"kid-{number}" for number in range(10_000))))

    assert set(found) == {None}
    assert issuer.asked == 1
    clock.now += PAUSE_SECONDS + 1
    assert keys.find("kid-1") is None
    assert issuer.asked == 2


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b""),
        (302, {"Location": "http://127.0.0.1:1/keys"}, b""),
        (200, {}, b"{"),
        (200, {}, b"[]"),
        (200, {}, b'{"keys": 7}'),
        (200, {}, b'{"keys": [7]}'),
        (200, {}, b"x" * (MOST_BYTES + 1)),
    ],
    ids=["a failure", "a redirect", "no JSON", "no object", "no list", "no keys", "too much"],
)
def test_what_is_known_holds_while_the_issuer_gives_no_keys_and_not_for_ever(issuer, keys, clock, answer):
    assert keys.find("rsa") is not None
    issuer.answer = answer
    clock.now += KEPT_SECONDS + 1
    assert keys.find("rsa") is not None

    clock.now += STALE_SECONDS
    assert keys.find("rsa") is None
    issuer.answer = None
    clock.now += PAUSE_SECONDS + 1
    assert keys.find("rsa") is not None


def test_keys_that_may_not_verify_a_token_are_left_out(issuer, keys):
    issuer.add("short", "RS256", bits=1_024)
    issuer.published |= {
        "secret": {"kty": "oct", "kid": "secret", "k": "AAAA", "alg": "HS256", "use": "sig"},
        "for encryption": {**issuer.published["rsa"], "kid": "for encryption", "use": "enc"},
        "by another rule": {**issuer.published["rsa"], "kid": "by another rule", "alg": "HS256"},
        "broken": {**issuer.published["rsa"], "kid": "broken", "n": "!"},
    }

    assert [kid for kid in issuer.published if keys.find(kid) is not None] == ["rsa"]


# its settings


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"oidc_roles": "bi-admins=root"}, "no role 'root'; there are viewer"),
        ({"oidc_roles": "bi-admins"}, "no role 'bi-admins'"),
        ({"oidc_jwks_url": "http://login.example.com/keys"}, "oidc_jwks_url: has to go by https"),
        ({"oidc_jwks_url": "file:///etc/passwd"}, "oidc_jwks_url: has to go by https"),
        ({"oidc_jwks_url": "http://127.0.0.1.example.com/keys"}, "oidc_jwks_url: has to go by https"),
        ({"oidc_jwks_url": "http://127.0.0.1:80@example.com/keys"}, "oidc_jwks_url: has to go by https"),
        ({"oidc_jwks_url": "https://"}, "oidc_jwks_url: has to go by https"),
    ],
)
def test_settings_that_are_not_safe_are_refused_at_the_start(issuer, wrong, said):
    with pytest.raises(ConfigError, match=said):
        open_issuer(settings(issuer, **wrong))


@pytest.mark.parametrize("name", ["oidc_audience", "oidc_jwks_url", "oidc_roles"])
def test_an_issuer_of_which_half_is_known_is_refused(issuer, name):
    with pytest.raises(ValueError, match=f"oidc_issuer needs {name}"):
        settings(issuer, **{name: ""})
