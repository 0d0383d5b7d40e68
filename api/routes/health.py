"""Whether the process answers, and whether there is a publication to answer from."""

from fastapi import APIRouter, Request, Response

from api.answers import render
from api.shapes import Health, Readiness

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=Health, operation_id="healthz")
async def healthz() -> Response:
    """The process is alive; says nothing of the data."""
    return render({"status": "ok"})


@router.get("/readyz", response_model=Readiness, operation_id="readyz")
def readyz(request: Request) -> Response:
    """A publication can be read, which one, and what days it spans; 503 before the first."""
    publication = request.app.state.warehouse.current().publication
    body = {
        "status": "ready",
        "publication": publication.generation,
        "loaded_at": publication.published_at,
        "data_from": publication.data_from,
        "data_through": publication.data_through,
    }
    return render(body, {"X-Data-Version": str(publication.generation)})
