"""The gate: a route without an entry in the matrix keeps the API from starting."""

import pytest
from signed_in import bearer
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.app import routes
from api.audited import Audited
from api.gate import Gate, require_entries
from api.middleware import RequestContext
from api.routing import Endpoints
from jobs_config.errors import ConfigError
from warehouse.permissions import load_permissions


def forgotten(request):
    return PlainTextResponse("everything")


def test_every_route_has_an_entry():
    require_entries(routes())


def test_a_route_without_an_entry_keeps_the_api_from_starting():
    with pytest.raises(ConfigError, match=r"no entry for endpoint forgotten; say who may use it"):
        require_entries([*routes(), Route("/forgotten/", forgotten, name="forgotten")])


def test_a_route_that_the_gate_was_not_told_of_is_shut_whoever_asks(authority, own_app):
    behind = Starlette(routes=[Route("/forgotten/", forgotten)])
    gate = Audited(Gate(behind, own_app.state.authority), own_app.state.audit, Endpoints(routes()))
    asked = TestClient(RequestContext(gate), headers=bearer(authority, "admin"))

    assert TestClient(behind).get("/forgotten/").text == "everything"
    assert asked.get("/forgotten/").status_code == 404


@pytest.mark.parametrize("role", load_permissions().roles)
def test_each_role_gets_into_its_endpoints_and_no_other(asked_by, role):
    client, may = asked_by(role), load_permissions().endpoints_of(role)

    for route in routes():
        (method,) = set(route.methods) - {"HEAD"}
        # One would end the session that asks, the others begin long work.
        if route.name in ("sign-out", "sync", "reload", "rollback", "generate-test-data") and route.name in may:
            continue
        # A user that no name can be: nothing comes of it but the gate's answer, or a refusal behind it.
        answer = client.request(method, route.path_format.replace("{username}", "-"))
        assert (answer.status_code == 403) == (route.name not in may), (route.name, answer.text)
