"""Only tokens of ours, while they are good, are anybody's."""

import socket
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from forged_tokens import forged_headers
from signed_in import tokens

from api.app import routes
from api.auth.authority import Authority, Tokens, UnauthenticatedError
from api.auth.sessions import SessionError
from warehouse.permissions import load_permissions

# Whoever is on the machine may read its measures without a token; from elsewhere they are closed too.
CLOSED = [route for route in routes() if route.name not in {*load_permissions().public, "prometheus"}]
BODY = "sign in at /api/auth/token/ and send the access token"


@pytest.fixture(scope="module")
def canary() -> Iterator[socket.socket]:
    """A server that must never be asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(scope="module")
def forged(app, canary) -> dict[str, str]:
    authority: Authority = app.state.authority
    good = tokens(authority, "admin")
    url = f"http://127.0.0.1:{canary.getsockname()[1]}/keys.json"
    return forged_headers(good.access, authority.keys.signing(), good.refresh, url)


def test_there_are_many_ways_to_forge_a_token(forged):
    assert len(forged) >= 60


def test_a_good_token_lets_in_and_each_forgery_is_made_from_one(app, authority):
    caller = app.state.authority.caller(f"Bearer {tokens(app.state.authority, 'admin').access}")

    assert caller.role == "admin"


@pytest.mark.parametrize("route", CLOSED, ids=[f"{route.name} {route.path}" for route in CLOSED])
def test_no_forged_token_opens_a_route_that_is_not_public(nobody: TestClient, forged, canary, route):
    (method,) = set(route.methods) - {"HEAD"}
    path = route.path.replace("{username}", "admin").replace("{job_id}", "0" * 16)
    answers = {}
    for name, value in forged.items():
        header = value.encode("latin-1", "replace")
        answers[name] = nobody.request(method, path, headers={"Authorization": header})

    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401} == {}
    assert {answer.json()["detail"] for answer in answers.values()} == {BODY}
    assert {answer.headers["WWW-Authenticate"] for answer in answers.values()} == {"Bearer"}
    with pytest.raises(BlockingIOError):
        canary.accept()


def test_no_token_and_two_tokens_are_nobodys(nobody, app):
    good = tokens(app.state.authority, "admin").access
    twice = [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {good}")]

    assert nobody.get("/api/auth/me/").status_code == 401
    assert nobody.get("/api/auth/me/", headers=twice).status_code == 401
    assert nobody.get("/api/auth/me/", headers=twice[:1]).status_code == 200


def test_a_path_that_is_not_there_tells_nobody_so(nobody):
    assert nobody.get("/api/analytics/profits/").status_code == 401


def stale(authority: Authority, what: str) -> Tokens:
    """Tokens of ana that were good a moment ago."""
    good = tokens(authority, "analyst", username="ana")
    assert authority.caller(f"Bearer {good.access}").username == "ana"
    caller = authority.caller(f"Bearer {good.access}")
    {
        "signed out": lambda: authority.sessions.end(caller.session_id, "signed out"),
        "disabled": lambda: authority.accounts.change("ana", is_disabled=True),
        "disabled and enabled": lambda: [
            authority.accounts.change("ana", is_disabled=is_disabled) for is_disabled in (True, False)
        ],
        "another password": lambda: authority.accounts.set_password("ana", "a whole new password", "reset"),
        "refresh token used twice": lambda: [
            authority.sessions.refresh(good.refresh),
            _replay(authority, good.refresh),
        ],
        "its key removed": lambda: _remove_keys(authority),
    }[what]()
    return good


def _replay(authority: Authority, refresh_token: str) -> None:
    with pytest.raises(SessionError, match="reused"):
        authority.sessions.refresh(refresh_token)


def _remove_keys(authority: Authority) -> None:
    old = list(authority.keys._folder.glob("*.pem"))
    authority.keys.rotate()
    for path in old:
        path.unlink()


@pytest.mark.parametrize(
    "what",
    [
        "signed out",
        "disabled",
        "disabled and enabled",
        "another password",
        "refresh token used twice",
        "its key removed",
    ],
)
def test_a_stale_token_is_refused_on_the_very_next_request(authority, what):
    good = stale(authority, what)

    with pytest.raises(UnauthenticatedError):
        authority.caller(f"Bearer {good.access}")
