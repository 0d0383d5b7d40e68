"""Builds the application: middleware, routes, failures, OpenAPI."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api import errors
from api.cache import AnswerCache
from api.middleware import LoopbackOnly, RequestContext
from api.routes import analytics, health
from api.shapes import Problem
from warehouse.duckdb_warehouse import DuckDBWarehouse

VERSION = "1"

DESCRIPTION = """Sales of books, from the latest publication of the warehouse. Success is `{"data": …, "meta": {…}}`,
failure is `application/problem+json`. Money is in `meta.currency`, without tax; dates are business dates in
`meta.time_zone`."""

ANY_FAILURE = (errors.FOREIGN_ORIGIN, errors.FOREIGN_HOST, errors.INTERNAL, errors.NOT_PUBLISHED)
PARAMETER_FAILURES = (errors.GONE, errors.INVALID)

Responses = dict[int | str, dict[str, Any]]


def create_app(warehouse_folder: Path) -> FastAPI:
    """The API over an embedded warehouse, published to or not yet; new publications are picked up as they come."""
    # No /docs page: it would load its scripts from another site. /openapi.json is there, and docs/api.md.
    app = FastAPI(
        title="Book sales analytics",
        version=VERSION,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.warehouse = DuckDBWarehouse(warehouse_folder)
    app.state.cache = AnswerCache()
    app.include_router(analytics.router, responses=_failures(*PARAMETER_FAILURES, *ANY_FAILURE))
    app.include_router(health.router, responses=_failures(*ANY_FAILURE))
    errors.install(app)
    app.add_middleware(LoopbackOnly)
    app.add_middleware(RequestContext)
    _describe_failures(app)
    return app


def _failures(*kinds: errors.Kind) -> Responses:
    return {kind.status: {"model": Problem, "description": kind.title} for kind in kinds}


def _describe_failures(app: FastAPI) -> None:
    """OpenAPI would call failures application/json; they are application/problem+json."""
    document = app.openapi()
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status != "200":
                    response["content"] = {errors.MEDIA_TYPE: next(iter(response["content"].values()))}
