"""Builds the application: middleware, routes, failures, OpenAPI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy.engine import Engine
from starlette.routing import Route

from api import problems
from api.audit.installation import open_audit
from api.audited import Audited
from api.auth.authority import open_authority
from api.cache import AnswerCache
from api.child_jobs import ChildProcesses
from api.errors import install as install_errors
from api.gate import Gate, require_entries
from api.jobs import Jobs
from api.ledger import Ledger
from api.limits import Bounded, BoundedBody, Rate, Rated
from api.machine_jobs import StateMachines
from api.middleware import OwnHostsOnly, RequestContext
from api.prometheus import Measures
from api.reading import Released
from api.routes import (
    analytics,
    audit,
    auth,
    books,
    breakdowns,
    comparables,
    customers,
    events,
    health,
    members,
    operations,
    questions,
    sql,
    trust,
    users,
    views,
)
from api.routing import EncodedSlashes, Endpoints
from api.set_aside import SetAside
from api.shapes.bodies import Problem
from api.shared_cache import open_shared_answers
from api.sql.sandbox import Bounds, Sandbox
from api.warming import Warmer
from jobs_config.errors import ConfigError
from jobs_config.machine import MEGABYTE
from jobs_config.settings import Settings
from jobs_config.state import StateFolder
from warehouse.permissions import load_permissions
from warehouse.publication import PublicationError
from warehouse.warehouses import Warehouse, open_warehouse

VERSION = "1"

DESCRIPTION = """Sales of books, from the latest publication of the warehouse. Success of an analytics endpoint is
`{"data": …, "meta": {…}}`, failure of any is `application/problem+json`. Money is in `meta.currency`, without tax; dates
are business dates in `meta.time_zone`. Sign in at `/api/auth/token/` and send the access token as `Authorization: Bearer …`."""

ANY_FAILURE = (
    problems.BUSY,
    problems.TOO_LARGE,
    problems.TOO_MANY_REQUESTS,
    problems.FOREIGN_ORIGIN,
    problems.FOREIGN_HOST,
    problems.INTERNAL,
    problems.NOT_PUBLISHED,
    problems.DAMAGED,
    problems.WAREHOUSE_AWAY,
)
SIGNED_IN_FAILURES = (problems.NOT_SIGNED_IN, problems.FORBIDDEN, problems.INVALID, *ANY_FAILURE)
ACCOUNT_FAILURES = (problems.NO_USER, problems.NOT_POSSIBLE, problems.TOO_MANY_TRIES, *SIGNED_IN_FAILURES)

ANALYTICS_FAILURES = (problems.GONE, problems.NOT_ACCEPTABLE, problems.TOO_LONG, *SIGNED_IN_FAILURES)

ROUTERS: tuple[tuple[APIRouter, tuple[problems.Kind, ...]], ...] = (
    (analytics.router, ANALYTICS_FAILURES),
    (books.router, ANALYTICS_FAILURES),
    (breakdowns.router, ANALYTICS_FAILURES),
    (comparables.router, ANALYTICS_FAILURES),
    (events.router, ANALYTICS_FAILURES),
    (members.router, ANALYTICS_FAILURES),
    (customers.router, ANALYTICS_FAILURES),
    (questions.router, ANALYTICS_FAILURES),
    (sql.router, (problems.NOT_POSSIBLE, problems.TOO_COSTLY, *ANALYTICS_FAILURES)),
    (auth.router, ACCOUNT_FAILURES),
    (operations.router, (problems.NO_JOB, problems.NOT_POSSIBLE, problems.PLATFORM_AWAY, *SIGNED_IN_FAILURES)),
    (trust.router, (problems.NO_RUN, problems.NOT_POSSIBLE, *SIGNED_IN_FAILURES)),
    (audit.router, SIGNED_IN_FAILURES),
    (views.router, (problems.NO_VIEW, problems.NOT_POSSIBLE, *SIGNED_IN_FAILURES)),
    (users.router, ACCOUNT_FAILURES),
    (health.router, SIGNED_IN_FAILURES),
)

Responses = dict[int | str, dict[str, Any]]


def create_app(state: StateFolder, settings: Settings | None = None) -> FastAPI:
    """The API of an installation, published to or not yet; new publications are picked up as they come.

    Raises ConfigError for an endpoint that the permission matrix does not name.
    """
    settings = settings or Settings.model_validate({})
    # No /docs page: it would load its scripts from another site. /openapi.json is there, and docs/api.md.
    app = FastAPI(
        title="Book sales analytics",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_until_closed,
    )
    app.state.warehouse = _warehouse(state, settings)
    app.state.cache = AnswerCache(settings.api_cache_mb * MEGABYTE, open_shared_answers(settings.cache_url))
    app.state.warmer = Warmer(app.state.warehouse, app.state.cache)
    app.state.authority = open_authority(state, settings)
    app.state.sandbox = Sandbox(Bounds(settings.sql_seconds, settings.sql_memory_mb, settings.sql_at_once))
    app.state.audit = open_audit(state, settings)
    app.state.measures = Measures(app.state.cache)
    app.state.settings = settings
    app.state.jobs = _jobs(app.state.authority.engine, state, settings)
    app.state.set_aside = SetAside(state)
    app.state.ledger = Ledger(state.ledger_url)
    for router, kinds in ROUTERS:
        app.include_router(router, responses=_failures(*kinds))
    install_errors(app)
    require_entries(routes())
    app.add_middleware(Released, is_remote=app.state.warehouse.is_remote)
    app.add_middleware(Rated, rate=Rate(settings.api_requests_per_minute))
    app.add_middleware(Gate, authority=app.state.authority)
    app.add_middleware(BoundedBody)
    app.add_middleware(OwnHostsOnly, allowed=tuple(filter(None, settings.api_hosts.split(","))))
    app.add_middleware(Bounded, at_once=settings.api_requests_at_once, measures=app.state.measures)
    app.add_middleware(Audited, log=app.state.audit, endpoints=Endpoints(routes()))
    app.add_middleware(EncodedSlashes)
    app.add_middleware(RequestContext)
    # Made when it is first asked for: it takes a tenth of a second, and most processes are never asked.
    app.openapi = cache(lambda: _described(FastAPI.openapi(app)))  # type: ignore[method-assign]
    return app


def _jobs(engine: Engine, state: StateFolder, settings: Settings) -> Jobs:
    if not settings.state_machines:
        return Jobs(engine, ChildProcesses(state))
    return Jobs(engine, ChildProcesses(state), StateMachines(settings.state_machines))


def _warehouse(state: StateFolder, settings: Settings) -> Warehouse:
    try:
        return open_warehouse(
            state.warehouse,
            settings.warehouse_url,
            connections=settings.api_warehouse_connections,
            question_seconds=settings.question_seconds,
        )
    except PublicationError as error:
        raise ConfigError(f"warehouse_url: {error}") from error


@asynccontextmanager
async def _until_closed(app: FastAPI) -> AsyncIterator[None]:
    app.state.warmer.start()
    yield
    close(app)


def close(app: FastAPI) -> None:
    """Write what is under way to the audit, and let go of the databases."""
    app.state.warmer.stop()
    app.state.audit.close()
    app.state.ledger.close()
    app.state.cache.close()
    app.state.warehouse.close()
    app.state.authority.engine.dispose()


def routes() -> list[Route]:
    """Every route that the API serves."""
    return [route for router, _ in ROUTERS for route in router.routes if isinstance(route, Route)]


def _failures(*kinds: problems.Kind) -> Responses:
    titles: dict[int, list[str]] = {}
    for kind in kinds:
        titles.setdefault(kind.status, []).append(kind.title)
    return {status: {"model": Problem, "description": "; ".join(found)} for status, found in titles.items()}


def _described(document: dict[str, Any]) -> dict[str, Any]:
    """What FastAPI does not say: failures are application/problem+json, and requests carry an access token."""
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
                    response["content"] = {problems.MEDIA_TYPE: next(iter(response["content"].values()))}
    return document
