"""Every request is in the audit once, with what came of it, whatever came of it."""

import sqlite3

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import TypeAdapter
from signed_in import account, bearer

from api.app import close, create_app
from api.audit.installation import verify_audit
from api.audit.log import AuditLog
from api.shapes.audit import Activity, AuditPage, SlowRequests
from jobs_config.settings import Settings
from jobs_config.state import open_state

BASE = "http://127.0.0.1:8600"
SUMMARY = "/api/analytics/summary/"


@pytest.fixture
def audited(star, tmp_path):
    """An API over the small star with a state folder of its own."""
    state = open_state(tmp_path / "booksales")
    state.warehouse.rmdir()
    state.warehouse.symlink_to(star)
    app = create_app(state)
    yield app, state
    close(app)


def client(app, role="viewer", username=""):
    return TestClient(app, base_url=BASE, headers=bearer(app.state.authority, role, username=username))


def rows(app):
    app.state.audit.close()
    with app.state.audit.engine.connect() as connection:
        return connection.execute(sa.text("select * from audit_entry order by seq")).mappings().all()


def entries(app):
    """Every intent with its outcome."""
    found = rows(app)
    outcomes = {row["intent_seq"]: row for row in found if row["kind"] == "outcome"}
    return [(row, outcomes.pop(row["seq"], None)) for row in found if row["kind"] == "intent"], outcomes


def test_an_answer_is_in_the_audit_with_who_what_columns_rows_and_publication(audited):
    app, _ = audited
    client(app, username="ana").get(
        "/api/analytics/sales-by-region/?days=30&channel=App", headers={"X-Request-ID": "page-7"}
    )

    [(intent, outcome)], _ = entries(app)
    assert {
        name: intent[name] for name in ("request_id", "username", "role", "method", "endpoint", "path", "decision")
    } == {
        "request_id": "page-7",
        "username": "ana",
        "role": "viewer",
        "method": "GET",
        "endpoint": "sales-by-region",
        "path": "/api/analytics/sales-by-region/",
        "decision": "allowed",
    }
    assert (outcome["status"], outcome["publication"], outcome["request_id"]) == (200, 1, "page-7")
    assert {"net_revenue", "region", "channel"} <= set(outcome["columns"].split())
    assert outcome["row_count"] > 0
    assert outcome["duration"] > 0
    assert "App" not in str(dict(intent)) + str(dict(outcome))


REQUESTS = {
    "an answer": ("viewer", "GET", SUMMARY, {}, 200, "allowed"),
    "bad parameters": ("viewer", "GET", f"{SUMMARY}?days=x", {}, 422, "allowed"),
    "a hidden column": ("viewer", "GET", "/api/analytics/top-books/?measure=cost", {}, 403, "allowed"),
    "another role's endpoint": ("viewer", "GET", "/api/users/", {}, 403, "not-permitted"),
    "no such path": ("viewer", "GET", "/nothing", {}, 404, "not-found"),
    "another method": ("viewer", "DELETE", SUMMARY, {}, 405, "allowed"),
    "no token": ("", "GET", SUMMARY, {}, 401, "not-signed-in"),
    "a forged token": ("", "GET", SUMMARY, {"Authorization": "Bearer x.y.z"}, 401, "not-signed-in"),
    "a foreign host": ("viewer", "GET", SUMMARY, {"Host": "evil.example"}, 421, "refused"),
    "a foreign page": ("viewer", "GET", SUMMARY, {"Origin": "https://evil.example"}, 403, "refused"),
    "a publication that is gone": ("viewer", "GET", SUMMARY, {"X-Data-Version": "9"}, 410, "allowed"),
    "no such type": ("viewer", "GET", SUMMARY, {"Accept": "image/png"}, 406, "allowed"),
    "the keys": ("", "GET", "/.well-known/jwks.json", {}, 200, "allowed"),
}


def test_each_request_has_one_intent_and_one_outcome_whatever_came_of_it(audited):
    app, state = audited
    account(app.state.authority, "admin")
    for number, (role, method, path, headers, status, _) in enumerate(REQUESTS.values()):
        asked = client(app, role) if role else TestClient(app, base_url=BASE)
        answer = asked.request(method, path, headers={**headers, "X-Request-ID": f"r{number}"})
        assert answer.status_code == status, answer.text

    found, unclaimed = entries(app)
    assert unclaimed == {}
    told = {intent["request_id"]: (outcome["status"], intent["decision"]) for intent, outcome in found}
    assert len(found) == len(REQUESTS)
    assert told == {f"r{number}": wanted[4:] for number, wanted in enumerate(REQUESTS.values())}
    assert verify_audit(state, Settings()).is_sound


def test_a_failure_inside_is_an_outcome_too(audited):
    app, _ = audited
    asked = client(app)
    warehouse, app.state.warehouse = app.state.warehouse, "no warehouse"

    assert asked.get(SUMMARY).status_code == 500

    app.state.warehouse = warehouse

    [(_, outcome)], _ = entries(app)
    assert outcome["status"] == 500


def test_a_sign_in_is_the_users_and_a_refused_one_nobodys_and_no_secret_is_kept(audited):
    app, state = audited
    account(app.state.authority, "admin", username="ana", has_password=True)
    anybody = TestClient(app, base_url=BASE)
    for password in ("correct horse battery", "wrong horse battery"):
        anybody.post("/api/auth/token/", data={"grant_type": "password", "username": "ana", "password": password})

    found, _ = entries(app)
    assert [(outcome["status"], outcome["username"]) for _, outcome in found] == [(200, "ana"), (401, None)]
    assert b"horse" not in b"".join(path.read_bytes() for path in state.root.glob("audit.db*"))


def test_probes_are_not_in_the_audit(audited):
    app, _ = audited
    anybody = TestClient(app, base_url=BASE)
    anybody.get("/healthz")
    anybody.get("/readyz")

    assert rows(app) == []


def test_a_killed_request_leaves_its_intent(audited):
    app, state = audited
    log: AuditLog = app.state.audit
    log.submit({"kind": "intent", "request_id": "killed", "decision": "allowed", "endpoint": "summary"}).result(10)

    page = client(app, "admin").get("/api/audit/").json()

    assert [(entry["request_id"], entry["status"]) for entry in page["entries"]][-1] == ("killed", None)
    assert verify_audit(state, Settings()).is_sound


def test_where_the_audit_cannot_be_written_nothing_is_done(audited, monkeypatch):
    app, state = audited
    asked = client(app)
    assert asked.get(SUMMARY).status_code == 200
    app.state.audit.close()
    with sqlite3.connect(state.root / "audit.db") as connection:
        connection.execute("alter table audit_entry rename to elsewhere")
    connection.close()

    answer = asked.get(SUMMARY)

    assert (answer.status_code, answer.json()["type"]) == (503, "urn:booksales:problem:busy")
    assert answer.headers["Retry-After"]


def test_a_text_that_is_too_long_or_odd_is_kept_in_part_and_breaks_nothing(audited):
    app, state = audited
    client(app).get("/" + "x" * 900 + "%0a%00%1b[31m")

    [(intent, _)], _ = entries(app)
    assert len(intent["path"]) == 500
    assert verify_audit(state, Settings()).is_sound


# views


def test_administrators_read_the_audit_page_by_page(audited):
    app, _ = audited
    for number in range(7):
        client(app, username="ana").get(SUMMARY, headers={"X-Request-ID": f"r{number}"})
    admin = client(app, "admin")

    found, before = [], None
    while True:
        page = admin.get(
            "/api/audit/", params={"limit": 3, "username": "ana", **({"before": before} if before else {})}
        ).json()
        TypeAdapter(AuditPage).validate_python(page, strict=True, extra="forbid")
        found += [entry["request_id"] for entry in page["entries"]]
        before = page["next"]
        if before is None:
            break

    assert found == [f"r{number}" for number in reversed(range(7))]


def test_activity_and_slow_requests_are_told(audited):
    app, _ = audited
    ana = client(app, username="ana")
    ana.get(SUMMARY)
    ana.get("/api/users/")
    admin = client(app, "admin")

    activity = admin.get("/api/activity/").json()
    slow = admin.get("/api/slow-requests/?limit=1").json()

    TypeAdapter(Activity).validate_python(activity, strict=True, extra="forbid")
    TypeAdapter(SlowRequests).validate_python(slow, strict=True, extra="forbid")
    (mine,) = [user for user in activity["users"] if user["username"] == "ana"]
    assert (mine["requests"], mine["refused"]) == (2, 1)
    assert len(slow["entries"]) == 1


@pytest.mark.parametrize(
    "path", ["/api/audit/?limit=0", "/api/audit/?before=x", "/api/activity/?days=0", "/api/audit/?who=ana"]
)
def test_a_wrong_parameter_is_refused(audited, path):
    app, _ = audited

    assert client(app, "admin").get(path).status_code == 422
