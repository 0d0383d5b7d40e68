"""Accounts over HTTP, by administrators."""

import pytest
from fastapi.testclient import TestClient
from signed_in import account, bearer

BASE = "http://127.0.0.1:8600"
USERS = "/api/users/"


@pytest.fixture
def admin(own_app, authority) -> TestClient:
    return TestClient(own_app, base_url=BASE, headers=bearer(authority, "admin"))


def kind(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_an_administrator_makes_changes_and_disables_an_account(admin, authority):
    added = admin.post(USERS, json={"username": "ana", "role": "viewer", "regions": ["Germany"]})
    changed = admin.patch(f"{USERS}ana/", json={"role": "analyst", "publishers": ["Meridian Books"]})
    disabled = admin.patch(f"{USERS}ana/", json={"is_disabled": True})

    assert added.status_code == 201
    assert len(added.json()["password"]) == 20
    assert {name: changed.json()[name] for name in ("role", "regions", "publishers")} == {
        "role": "analyst",
        "regions": ["Germany"],
        "publishers": ["Meridian Books"],
    }
    assert disabled.json()["is_disabled"] is True
    assert authority.accounts.find("ana").is_disabled


def test_a_password_that_was_made_signs_in_and_a_reset_makes_another(admin):
    first = admin.post(USERS, json={"username": "ana", "role": "viewer"}).json()["password"]
    second = admin.post(f"{USERS}ana/reset/").json()["password"]

    form = {"grant_type": "password", "username": "ana"}
    assert admin.post("/api/auth/token/", data={**form, "password": first}).status_code == 401
    assert admin.post("/api/auth/token/", data={**form, "password": second}).status_code == 200


def test_a_given_password_is_not_repeated(admin):
    answer = admin.post(USERS, json={"username": "ana", "role": "viewer", "password": "correct horse battery"})

    assert answer.json()["password"] is None
    assert "horse" not in answer.text


def test_accounts_come_in_pages_and_none_is_left_out(admin, authority):
    for number in range(7):
        account(authority, "viewer", username=f"user{number}")

    names, after = [], ""
    while after is not None:
        page = admin.get(USERS, params={"limit": 3, **({"after": after} if after else {})}).json()
        names += [user["username"] for user in page["users"]]
        after = page["next"]

    assert names == ["admin", *(f"user{number}" for number in range(7))]


@pytest.mark.parametrize(
    ("method", "path", "body", "refused"),
    [
        ("PATCH", "bob/", {"role": "viewer"}, (404, "no-such-user")),
        ("POST", "bob/reset/", None, (404, "no-such-user")),
        ("PATCH", "admin/", {"role": "viewer"}, (409, "not-possible")),
        ("POST", "", {"username": "admin", "role": "viewer"}, (409, "not-possible")),
        ("POST", "", {"username": "Ana", "role": "viewer"}, (422, "invalid-parameters")),
        ("POST", "", {"username": "ana", "role": "root"}, (422, "invalid-parameters")),
        ("POST", "", {"username": "ana", "role": "viewer", "password": "short"}, (422, "invalid-parameters")),
        ("POST", "", {"username": "ana", "role": "viewer", "is_admin": True}, (422, "invalid-parameters")),
        ("POST", "", {"username": "ana", "role": "viewer", "regions": [""]}, (422, "invalid-parameters")),
        ("PATCH", "Bob!/", {"role": "viewer"}, (422, "invalid-parameters")),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(admin, authority, method, path, body, refused):
    answer = admin.request(method, f"{USERS}{path}", json=body)

    assert kind(answer) == refused
    assert [one.username for one in authority.accounts.page()] == ["admin"]


@pytest.mark.parametrize("role", ["viewer", "analyst", "engineer"])
def test_nobody_else_may(own_app, authority, role):
    somebody = TestClient(own_app, base_url=BASE, headers=bearer(authority, role))

    assert kind(somebody.get(USERS)) == (403, "not-permitted")
    assert kind(somebody.post(USERS, json={"username": "ana", "role": "admin"})) == (403, "not-permitted")
