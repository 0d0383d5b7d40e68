"""Whether the process answers, whether it can do its work, and which publication serves."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.auth.schema import ACCOUNTS
from api.callers import authority_of
from api.database import is_up_to_date
from api.reading import reading_of
from api.rendering import render
from api.shapes.operations import Health, Published, Readiness
from api.view import PERMISSIONS, HiddenColumnError

router = APIRouter()


@router.get("/healthz", name="healthz", response_model=Health, operation_id="healthz", tags=["health"])
async def healthz() -> Response:
    """The process is alive; says nothing of the data."""
    return render({"status": "ok"})


@router.get("/readyz", name="readyz", response_model=Readiness, operation_id="readyz", tags=["health"])
def readyz(request: Request) -> Response:
    """A publication can be read, the accounts are of this version, and there is a key to sign with; 503 where not."""
    reading_of(request)
    authority = authority_of(request)
    checks = {
        "warehouse": "ok",
        "accounts": "ok" if is_up_to_date(authority.engine, ACCOUNTS) else "another version",
        "keys": "ok" if authority.keys.signing() else "none",
        "administrator": "ok" if authority.is_set_up() else "none",
    }
    is_ready = set(checks.values()) == {"ok"}
    return render({"status": "ready" if is_ready else "not ready", "checks": checks}, status=200 if is_ready else 503)


@router.get("/metrics", name="prometheus", include_in_schema=False)
def prometheus(request: Request) -> Response:
    """Numbers for Prometheus: on this machine, or by a token of an engineer."""
    if not is_near(request):
        caller = authority_of(request).caller(request.headers.get("authorization", ""))
        if "prometheus" not in PERMISSIONS.endpoints_of(caller.role):
            raise HiddenColumnError(f"this needs another role than {caller.role}")
    return Response(request.app.state.measures.text(), media_type=CONTENT_TYPE_LATEST)


def is_near(request: Request) -> bool:
    """Whether the request comes from this machine itself, and not through a proxy that stands on it."""
    forwarded = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"} & set(request.headers)
    return request.client is not None and request.client.host in ("127.0.0.1", "::1") and not forwarded


@router.get("/openapi.json", name="openapi", include_in_schema=False)
def openapi(request: Request) -> Response:
    """The whole API as OpenAPI 3.1."""
    return render(request.app.openapi())


@router.get(
    "/api/publication/", name="publication", response_model=Published, operation_id="publication", tags=["analytics"]
)
def publication(request: Request) -> Response:
    """Which publication serves, and what days it spans."""
    publication = reading_of(request).publication
    body = {
        "publication": publication.generation,
        "loaded_at": publication.published_at,
        "data_from": publication.data_from,
        "data_through": publication.data_through,
        "currency": publication.reporting_currency,
        "time_zone": publication.time_zone,
        "retail_week_start": publication.retail_week_start,
    }
    return render(body, {"X-Data-Version": str(publication.generation)})
