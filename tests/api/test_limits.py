"""What comes in is bounded: bodies, requests at once, requests a minute."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from signed_in import bearer

from api.app import close, create_app
from api.limits import MOST_BODY_BYTES, Rate
from jobs_config.settings import Settings
from jobs_config.state import StateFolder

BASE = "http://127.0.0.1:8600"
ME = "/api/auth/me/"


@pytest.fixture
def limited(own_state):
    """An API with small bounds."""
    app = create_app(own_state, Settings(api_requests_per_minute=5, api_requests_at_once=2))
    yield app
    close(app)


def client(app, username="ana"):
    return TestClient(app, base_url=BASE, headers=bearer(app.state.authority, username=username))


def kind(answer):
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


@pytest.mark.parametrize("size", [MOST_BODY_BYTES + 1, 10_000_000])
@pytest.mark.parametrize("tells", [True, False], ids=["and says so", "and does not say so"])
def test_a_body_that_is_too_large_is_refused(nobody, size, tells):
    content = b"x" * size if tells else iter([b"x" * 1_000] * (size // 1_000 + 1))

    assert kind(nobody.post("/api/auth/token/", content=content)) == (413, "body-too-large")


def test_a_body_that_fits_arrives_whole_however_it_comes(asked_by):
    question = b'{"metrics": ["net_units"]' + b" " * 60_000 + b"}"

    pieces = asked_by("analyst").post(
        "/api/analytics/query/",
        content=(question[start : start + 1_000] for start in range(0, len(question), 1_000)),
        headers={"Content-Type": "application/json"},
    )

    assert pieces.status_code == 200


@pytest.mark.parametrize("length", ["-1", "many", "1e3", "99999999999999999999"])
def test_a_length_that_is_none_is_refused(nobody, length):
    assert nobody.post("/api/auth/token/", content=b"x", headers={"Content-Length": length}).status_code in (400, 413)


def test_after_so_many_requests_an_account_waits_and_another_does_not(limited):
    ana, bob = client(limited, "ana"), client(limited, "bob")
    answers = [ana.get(ME) for _ in range(7)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0", "0"]
    assert kind(answers[-1]) == (429, "too-many-requests")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert bob.get(ME).status_code == 200
    assert TestClient(limited, base_url=BASE).get("/healthz").status_code == 200


def test_each_minute_begins_anew():
    moment = [1_000_020.0]
    rate = Rate(2, lambda: moment[0])

    assert [rate.count("ana")[0] for _ in range(3)] == [1, 0, -1]
    assert rate.count("bob") == (1, 60)
    moment[0] += 60
    assert rate.count("ana")[0] == 1


def test_requests_beyond_those_at_once_are_told_to_come_back_while_health_answers(limited, monkeypatch):
    go, inside = threading.Event(), threading.Semaphore(0)
    real = limited.state.authority.caller

    def slow(authorization):
        inside.release()
        go.wait(10)
        return real(authorization)

    asked = client(limited)
    monkeypatch.setattr(limited.state.authority, "caller", slow)
    with asked, ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(asked.get, ME) for _ in range(2)]
        inside.acquire()
        inside.acquire()
        refused, health = asked.get(ME), asked.get("/healthz")
        go.set()
        answered = [answer.result().status_code for answer in waiting]

    assert kind(refused) == (503, "busy")
    assert refused.headers["Retry-After"] == "1"
    assert health.status_code == 200
    assert answered == [200, 200]


# measures


def test_prometheus_reads_requests_time_and_cache_on_this_machine(asked_by, app):
    near = TestClient(app, base_url=BASE, client=("127.0.0.1", 50_000))
    asked_by("viewer").get("/api/analytics/summary/?days=3")

    text = near.get("/metrics").text

    assert 'booksales_api_requests_total{endpoint="summary",method="GET",status="200"}' in text
    assert 'booksales_api_request_seconds_bucket{endpoint="summary",le="0.1"}' in text
    assert "booksales_api_cache_misses" in text


@pytest.mark.parametrize(
    ("address", "headers"),
    [("10.0.0.5", {}), ("127.0.0.1", {"X-Forwarded-For": "10.0.0.5"}), ("127.0.0.1", {"Forwarded": "for=10.0.0.5"})],
    ids=["another machine", "through a proxy", "through a proxy of another kind"],
)
def test_from_elsewhere_measures_need_an_engineers_token(app, address, headers):
    away = TestClient(app, base_url=BASE, client=(address, 50_000), headers=headers)

    assert away.get("/metrics").status_code == 401
    assert away.get("/metrics", headers={"Authorization": "Bearer x.y.z"}).status_code == 401
    assert away.get("/metrics", headers=bearer(app.state.authority, "viewer")).status_code == 403
    assert away.get("/metrics", headers=bearer(app.state.authority, "engineer")).status_code == 200


def test_only_names_of_ours_are_labels(asked_by, app):
    asked_by("viewer").request("BREW", "/api/no-such-thing-at-all/")

    text = TestClient(app, base_url=BASE, client=("127.0.0.1", 50_000)).get("/metrics").text

    assert "no-such-thing" not in text
    assert "BREW" not in text


def test_a_state_folder_without_a_ledger_has_no_runs(own_state, authority):
    app = create_app(StateFolder(own_state.root))
    engineer = TestClient(app, base_url=BASE, headers=bearer(authority, "engineer"))

    assert engineer.get("/api/runs/").json() == {"runs": [], "next": None}
    assert not (own_state.root / "ledger.db").exists()
    close(app)
