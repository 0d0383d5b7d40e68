"""The OpenAPI document holds: generated requests of every role to every route find no 5xx and no answer it does not describe."""

import sys
import time
from collections import Counter
from itertools import cycle
from types import SimpleNamespace

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from signed_in import bearer

from api.app import close, create_app, routes
from api.child_jobs import ChildProcesses
from api.jobs import Jobs
from jobs_config.settings import Settings
from jobs_config.state import open_state
from warehouse.permissions import load_permissions

BASE = "http://127.0.0.1:8600"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROLES = ("", *load_permissions().roles)
# Of each route that the document describes; a password costs a quarter of a second, a process a whole one, so fewer of those.
EACH, EACH_SLOW = 52, 2_100
COSTLY = {"add-user": 8, "reset-user": 8, "password": 8, "setup": 8, "quarantine-records": 20}
ENDS_ITS_SESSION = {"sign-out", "password"}
# Many requests take longer than an access token lives.
RENEWED_SECONDS = 300
# Told apart from what a server says of itself by mistake.
INSIDE = ("Traceback", 'File "', "sqlalchemy", "duckdb.", "select ", "/booksales/")

DESCRIBED = {
    (route.path_format, method): route
    for route in routes()
    if route.include_in_schema
    for method in route.methods or ()
}
NAMES = sorted({(path, method, route.name) for (path, method), route in DESCRIBED.items() if method != "HEAD"})


@pytest.fixture(scope="module")
def fuzzed(star, tmp_path_factory):
    """An API over the small star with a state folder of its own, whose jobs do nothing."""
    state = open_state(tmp_path_factory.mktemp("fuzzed") / "booksales")
    state.warehouse.rmdir()
    state.warehouse.symlink_to(star)
    app = create_app(state, Settings(api_requests_per_minute=0))
    app.state.jobs = Jobs(app.state.authority.engine, ChildProcesses(state, (sys.executable, "-c", "pass")))
    bearer(app.state.authority, "admin", username="one-more")
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
        document = schemathesis.openapi.from_dict(app.openapi())
        yield SimpleNamespace(app=app, client=client, headers={}, document=document, seen=Counter())
    close(app)


def headers_of(fuzzed, role, name):
    if not role:
        return {}
    if name in ENDS_ITS_SESSION:
        return bearer(fuzzed.app.state.authority, role)
    made_at, headers = fuzzed.headers.get(role, (float("-inf"), {}))
    if time.monotonic() - made_at > RENEWED_SECONDS:
        headers = bearer(fuzzed.app.state.authority, role)
        fuzzed.headers[role] = (time.monotonic(), headers)
    return headers


def ask(fuzzed, case, role, name):
    """Send a generated request as somebody of the role, and hold the answer against the document."""
    parts = case.as_transport_kwargs(base_url=BASE)
    own = {key: value for key, value in (parts.pop("headers", None) or {}).items() if key.lower() != "authorization"}
    known = {
        key: parts[key]
        for key in ("method", "url", "params", "json", "data", "content", "cookies")
        if parts.get(key) is not None
    }
    if isinstance(known.get("data"), bytes | str):
        known["content"] = known.pop("data")
    try:
        request = fuzzed.client.build_request(**known, headers={**own, **headers_of(fuzzed, role, name)})
    except (ValueError, TypeError):
        return None  # no HTTP client could send that
    response = fuzzed.client.send(request)
    case.validate_response(response, checks=CHECKS)
    assert not [word for word in INSIDE if word in response.text], response.text
    return response.status_code


def hold(fuzzed, path, method, name, examples, mode):
    operation = fuzzed.document[path][method]
    # Drawn beside a large request, the first role would come up half of the time.
    roles = cycle(ROLES)

    @seed(20_261_124)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case):
        fuzzed.seen[ask(fuzzed, case, next(roles), name)] += 1

    asked()


@pytest.mark.parametrize(("path", "method", "name"), NAMES, ids=[f"{method} {path}" for path, method, _ in NAMES])
@pytest.mark.parametrize("each", [EACH, pytest.param(EACH_SLOW, marks=pytest.mark.slow)], ids=["some", "many"])
def test_generated_requests_are_answered_as_described(fuzzed, path, method, name, each, record_property):
    before = fuzzed.seen.copy()
    examples = each // COSTLY.get(name, 1)
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        try:
            hold(fuzzed, path, method, name, examples // 2, mode)
        except Unsatisfiable:
            continue  # nothing about this request can be wrong
    for status, count in (fuzzed.seen - before).items():
        record_property(f"{status or 'not sent'}", count)


def test_two_thousand_requests_were_sent_and_of_every_outcome(fuzzed):
    sent = Counter({status: count for status, count in fuzzed.seen.items() if status is not None})

    if sum(sent.values()) < 1_000:
        pytest.skip("missing: the tests above")
    assert sum(sent.values()) >= 2_000
    assert {200, 401, 403, 404, 422} <= set(sent)
