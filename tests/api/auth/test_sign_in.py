"""Set-up, sign-in, refresh and sign-out over HTTP."""

import pytest
from fastapi.testclient import TestClient
from signed_in import PASSWORD, account, bearer

from api.auth.authority import SETUP_CODE, RefusedSignInError, TooManyTriesError
from api.auth.backoff import Backoff
from api.auth.keys import KeyRing

TOKEN, SETUP, ME = "/api/auth/token/", "/api/auth/setup/", "/api/auth/me/"


@pytest.fixture
def ana(authority):
    return account(authority, "admin", username="ana", has_password=True)


def signed_in(client: TestClient, username: str = "ana", password: str = PASSWORD):
    return client.post(TOKEN, data={"grant_type": "password", "username": username, "password": password})


def refreshed(client: TestClient, refresh_token: str):
    return client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": refresh_token})


def kind(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


# set-up


@pytest.mark.parametrize(
    "path", [ME, TOKEN, "/api/analytics/summary/", "/openapi.json", "/nothing", "/.well-known/jwks.json"]
)
def test_until_there_is_an_administrator_nothing_is_answered_and_the_answer_says_so(empty_api, path):
    answer = empty_api.get(path)

    assert kind(answer) == (503, "not-set-up")
    assert "booksales users add NAME --role admin" in answer.json()["detail"]


def test_health_is_answered_before_set_up(empty_api):
    assert empty_api.get("/healthz").status_code == 200


def test_whoever_has_the_code_is_the_first_administrator_and_nobody_is_the_second(empty_api, own_state):
    code = own_state.secret(SETUP_CODE)
    first = empty_api.post(SETUP, json={"code": code, "username": "ana", "password": PASSWORD})
    second = empty_api.post(SETUP, json={"code": code, "username": "bob", "password": PASSWORD})

    assert first.status_code == 201
    assert (first.json()["username"], first.json()["role"]) == ("ana", "admin")
    assert kind(second) == (409, "not-possible")
    assert signed_in(empty_api).status_code == 200


def test_without_the_code_nobody_is(empty_api, authority):
    answer = empty_api.post(SETUP, json={"code": "0" * 64, "username": "ana", "password": PASSWORD})

    assert kind(answer) == (401, "sign-in-refused")
    assert not authority.is_set_up()


def test_a_weak_first_password_is_refused(empty_api, own_state):
    code = own_state.secret(SETUP_CODE)

    answer = empty_api.post(SETUP, json={"code": code, "username": "ana", "password": "short"})

    assert kind(answer) == (422, "invalid-parameters")


# sign-in


def test_a_session_is_signed_in_refreshed_and_signed_out(empty_api, ana):
    given = signed_in(empty_api).json()
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 900)
    following = refreshed(empty_api, given["refresh_token"]).json()
    header = {"Authorization": f"Bearer {following['access_token']}"}

    assert empty_api.get(ME, headers=header).json()["username"] == "ana"
    assert empty_api.post("/api/auth/sign-out/", headers=header).json() == {"status": "done"}
    assert empty_api.get(ME, headers=header).status_code == 401
    assert kind(refreshed(empty_api, following["refresh_token"])) == (401, "sign-in-refused")


def test_a_refresh_token_that_is_used_twice_ends_the_session_for_both(empty_api, ana):
    stolen = signed_in(empty_api).json()["refresh_token"]
    owners = refreshed(empty_api, stolen).json()

    assert refreshed(empty_api, stolen).status_code == 401
    assert refreshed(empty_api, owners["refresh_token"]).status_code == 401
    assert empty_api.get(ME, headers={"Authorization": f"Bearer {owners['access_token']}"}).status_code == 401


@pytest.mark.parametrize(
    ("username", "password"),
    [("ana", "wrong horse battery"), ("bob", PASSWORD), ("off", PASSWORD)],
    ids=["wrong password", "nobody", "disabled"],
)
def test_every_refused_sign_in_is_answered_alike(empty_api, authority, ana, username, password):
    account(authority, "viewer", username="off", has_password=True)
    authority.accounts.change("off", is_disabled=True)

    answer = signed_in(empty_api, username, password)

    assert kind(answer) == (401, "sign-in-refused")
    assert answer.json()["detail"] == "the credentials are not good, or no longer"


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password"},
        {"grant_type": "password", "username": "ana", "password": ""},
        {"grant_type": "client_credentials", "username": "ana", "password": PASSWORD},
        {"grant_type": "refresh_token", "username": "ana", "password": PASSWORD},
        {"grant_type": "password", "username": "ana", "password": PASSWORD, "scope": "admin"},
        {"grant_type": "password", "username": "ana", "password": PASSWORD * 60},
    ],
    ids=["nothing else", "no password", "another grant", "mixed", "an unknown field", "too long"],
)
def test_a_form_that_is_not_as_it_should_be_is_refused_without_a_try(empty_api, ana, form):
    answer = empty_api.post(TOKEN, data=form)

    assert kind(answer) == (422, "invalid-parameters")
    assert PASSWORD not in answer.text


def test_a_json_body_is_no_form(empty_api, ana):
    answer = empty_api.post(TOKEN, json={"grant_type": "password", "username": "ana", "password": PASSWORD})

    assert answer.status_code == 422
    assert PASSWORD not in answer.text


def test_another_password_ends_every_session(empty_api, ana):
    header = {"Authorization": f"Bearer {signed_in(empty_api).json()['access_token']}"}
    wrong = empty_api.post("/api/auth/password/", json={"current": "x", "new": "whole new words"}, headers=header)
    right = empty_api.post("/api/auth/password/", json={"current": PASSWORD, "new": "whole new words"}, headers=header)

    assert (kind(wrong), right.status_code) == ((401, "sign-in-refused"), 200)
    assert empty_api.get(ME, headers=header).status_code == 401
    assert signed_in(empty_api).status_code == 401
    assert signed_in(empty_api, password="whole new words").status_code == 200


# back-off


def test_after_a_few_failures_tries_are_refused_without_a_look_and_the_wait_grows(empty_api, own_app, ana):
    own_app.state.authority._backoff = Backoff(own_app.state.authority.engine, lambda: 1_000_000.0)
    answers = [signed_in(empty_api, password="wrong horse battery") for _ in range(8)]
    right_but_early = signed_in(empty_api)

    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 3
    assert kind(right_but_early) == (429, "too-many-tries")
    assert 1 <= int(right_but_early.headers["Retry-After"]) <= 2


def backoff(authority, moment):
    return Backoff(authority.engine, lambda: moment[0])


def test_ten_thousand_tries_against_one_user_reach_the_hash_a_few_times(authority):
    moment = [1_000_000.0]
    guard, reached = backoff(authority, moment), 0
    for _ in range(1_000):
        moment[0] += 0.1
        subjects = guard.subjects("ana", "10.0.0.1", is_known_address=False)
        reached += guard.claim(subjects) == 0

    assert reached <= 5 + 7  # 100 s: waits of 1, 2, 4, 8, 16, 32 and 64 s


def test_the_wait_survives_a_restart_and_ends_at_a_quarter_of_an_hour(authority):
    moment = [1_000_000.0]
    waits = []
    for _ in range(20):
        guard = backoff(authority, moment)
        subjects = guard.subjects("ana", "10.0.0.1", is_known_address=True)
        guard.claim(subjects)
        waits.append(wait := backoff(authority, moment).claim(subjects))
        moment[0] += wait

    assert max(waits) == 900
    assert waits[-1] == 900


def test_nobody_locks_out_a_user_who_comes_from_elsewhere(authority):
    moment = [1_000_000.0]
    guard = backoff(authority, moment)
    for number in range(300):
        guard.claim(guard.subjects("ana", f"10.0.{number // 200}.{number % 200}", is_known_address=False))

    assert guard.claim(guard.subjects("ana", "192.0.2.7", is_known_address=False)) > 0
    assert guard.claim(guard.subjects("ana", "192.0.2.7", is_known_address=True)) == 0


def test_a_success_forgives_the_user_and_not_the_address(authority):
    moment = [1_000_000.0]
    guard = backoff(authority, moment)
    for number in range(19):
        guard.claim(guard.subjects(f"user{number}", "10.0.0.1", is_known_address=True))
        guard.forgive(guard.subjects("ana", "10.0.0.9", is_known_address=True))

    assert guard.claim(guard.subjects("ana", "10.0.0.1", is_known_address=True)) == 0
    guard.claim(guard.subjects("eve", "10.0.0.1", is_known_address=True))
    assert guard.claim(guard.subjects("eva", "10.0.0.1", is_known_address=True)) > 0


def test_the_right_password_after_the_wait_signs_in(authority, ana):
    authority._backoff = Backoff(authority.engine, lambda: moment[0])
    moment = [1_000_000.0]
    for _ in range(5):
        with pytest.raises(RefusedSignInError):
            authority.sign_in("ana", "wrong horse battery", "10.0.0.1")
    with pytest.raises(TooManyTriesError) as refused:
        authority.sign_in("ana", PASSWORD, "10.0.0.1")

    moment[0] += refused.value.seconds
    assert authority.sign_in("ana", PASSWORD, "10.0.0.1").access


# keys


def test_tokens_outlive_a_rotation_and_not_the_life_of_a_token(authority, monkeypatch):
    header = bearer(authority)["Authorization"]
    before = authority.keys.signing().kid
    authority.keys.rotate()

    assert authority.caller(header).role == "viewer"
    assert authority.keys.signing().kid != before
    assert [key["kid"] for key in authority.keys.jwks()["keys"]] == [before, authority.keys.signing().kid]
    later = KeyRing(authority.keys._folder, token_seconds=-10)
    assert later.verifying(before) is None


def test_keys_are_published_without_their_private_half(empty_api, authority):
    account(authority, "admin")

    (key,) = empty_api.get("/.well-known/jwks.json").json()["keys"]

    assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}


def test_another_process_signs_with_a_new_key_at_once(authority):
    account(authority, "viewer")
    other = KeyRing(authority.keys._folder, token_seconds=900)
    kid = authority.keys.rotate()

    assert other.signing().kid == kid
    assert {path.stat().st_mode & 0o777 for path in authority.keys._folder.iterdir()} == {0o600}
