"""Builds the application: middleware, routes, failures, OpenAPI."""

from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.routing import Route

from api import errors
from api.auth.authority import open_authority
from api.cache import AnswerCache
from api.gate import Gate, require_entries
from api.middleware import LoopbackOnly, RequestContext
from api.routes import analytics, auth, books, health, questions, users
from api.shapes import Problem
from jobs_config.settings import Settings
from jobs_config.state import StateFolder
from warehouse.duckdb_warehouse import DuckDBWarehouse
from warehouse.permissions import load_permissions

VERSION = "1"

DESCRIPTION = """Sales of books, from the latest publication of the warehouse. Success of an analytics endpoint is
`{"data": …, "meta": {…}}`, failure of any is `application/problem+json`. Money is in `meta.currency`, without tax; dates
are business dates in `meta.time_zone`. Sign in at `/api/auth/token/` and send the access token as `Authorization: Bearer …`."""

ANY_FAILURE = (errors.FOREIGN_ORIGIN, errors.FOREIGN_HOST, errors.INTERNAL, errors.NOT_PUBLISHED)
SIGNED_IN_FAILURES = (errors.NOT_SIGNED_IN, errors.FORBIDDEN, errors.INVALID, *ANY_FAILURE)
ACCOUNT_FAILURES = (errors.NO_USER, errors.NOT_POSSIBLE, errors.TOO_MANY_TRIES, *SIGNED_IN_FAILURES)

ROUTERS: tuple[tuple[APIRouter, tuple[errors.Kind, ...]], ...] = (
    (analytics.router, (errors.GONE, errors.NOT_ACCEPTABLE, *SIGNED_IN_FAILURES)),
    (books.router, (errors.GONE, errors.NOT_ACCEPTABLE, *SIGNED_IN_FAILURES)),
    (questions.router, (errors.GONE, errors.NOT_ACCEPTABLE, *SIGNED_IN_FAILURES)),
    (auth.router, ACCOUNT_FAILURES),
    (users.router, ACCOUNT_FAILURES),
    (health.router, SIGNED_IN_FAILURES),
)

Responses = dict[int | str, dict[str, Any]]


def create_app(state: StateFolder, settings: Settings | None = None) -> FastAPI:
    """The API of an installation, published to or not yet; new publications are picked up as they come.

    Raises ConfigError for an endpoint that the permission matrix does not name.
    """
    # No /docs page: it would load its scripts from another site. /openapi.json is there, and docs/api.md.
    app = FastAPI(
        title="Book sales analytics",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.warehouse = DuckDBWarehouse(state.warehouse)
    app.state.cache = AnswerCache()
    app.state.authority = open_authority(state, settings or Settings.model_validate({}))
    for router, kinds in ROUTERS:
        app.include_router(router, responses=_failures(*kinds))
    errors.install(app)
    require_entries(routes())
    app.add_middleware(Gate, authority=app.state.authority, routes=routes())
    app.add_middleware(LoopbackOnly)
    app.add_middleware(RequestContext)
    _describe(app)
    return app


def routes() -> list[Route]:
    """Every route that the API serves."""
    return [route for router, _ in ROUTERS for route in router.routes if isinstance(route, Route)]


def _failures(*kinds: errors.Kind) -> Responses:
    titles: dict[int, list[str]] = {}
    for kind in kinds:
        titles.setdefault(kind.status, []).append(kind.title)
    return {status: {"model": Problem, "description": "; ".join(found)} for status, found in titles.items()}


def _describe(app: FastAPI) -> None:
    """What FastAPI would say otherwise: failures are application/problem+json, and requests carry an access token."""
    document = app.openapi()
    document["components"]["securitySchemes"] = {
        "token": {"type": "oauth2", "flows": {"password": {"tokenUrl": "/api/auth/token/", "scopes": {}}}}
    }
    names = {getattr(route, "operation_id", None): route.name for route in routes()}
    for path in document["paths"].values():
        for operation in path.values():
            if names[operation["operationId"]] not in load_permissions().public:
                operation["security"] = [{"token": []}]
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    response["content"] = {errors.MEDIA_TYPE: next(iter(response["content"].values()))}
