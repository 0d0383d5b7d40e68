"""Who asked what, for administrators."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.engine import Engine

from api.audit import views
from api.params import Username
from api.rendering import render
from api.shapes.audit import Activity, AuditPage, SlowRequests
from api.shapes.trust import AuditVerdict

router = APIRouter(prefix="/api", tags=["audit"])

Days = Annotated[int, Field(ge=1, le=3_650, description="days up to now")]


class AuditQuery(BaseModel):
    """Which entries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: int | None = Field(None, ge=1, le=2**62, description="go on below this number: `next` of the page before")
    limit: int = Field(100, ge=1, le=1_000)
    username: Username | None = None
    endpoint: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="name of an endpoint, as in `path`'s route"
    )


class ActivityQuery(BaseModel):
    """Which days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: Days = 30


class SlowQuery(ActivityQuery):
    """Which days, and how many requests."""

    limit: int = Field(50, ge=1, le=1_000)


@router.get("/audit/", name="audit", operation_id="audit", response_model=AuditPage)
def audit(request: Request, query: Annotated[AuditQuery, Query()]) -> Response:
    """Requests, newest first: who, what, which columns, how many rows, whether they might, and how long it took."""
    found = views.entries(_engine(request), query.before, query.limit + 1, query.username, query.endpoint)
    page = found[: query.limit]
    return render(
        {"entries": [_shown(entry) for entry in page], "next": page[-1]["seq"] if len(found) > len(page) else None}
    )


@router.get("/activity/", name="activity", operation_id="activity", response_model=Activity)
def activity(request: Request, query: Annotated[ActivityQuery, Query()]) -> Response:
    """How much each user asks, and when last."""
    return render({"users": [_shown(user) for user in views.activity(_engine(request), query.days)]})


@router.get("/slow-requests/", name="slow-requests", operation_id="slow_requests", response_model=SlowRequests)
def slow_requests(request: Request, query: Annotated[SlowQuery, Query()]) -> Response:
    """The requests that took longest."""
    return render({"entries": [_shown(entry) for entry in views.slow(_engine(request), query.days, query.limit)]})


@router.get("/audit/verify/", name="verify-audit", operation_id="verify_audit", response_model=AuditVerdict)
def verify(request: Request) -> Response:
    """Whether every entry is as it was written: the chain, its segments, and the heads kept outside the database."""
    verdict = request.app.state.audit.verify()
    return render({"is_sound": verdict.is_sound, **asdict(verdict)})


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.audit.engine
    return engine


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {str(name): value for name, value in row.items()}
    for name in ("at", "last_at"):
        if name in shown:
            shown[name] = datetime.fromtimestamp(shown[name] / 1e6, UTC)
    if "duration" in shown:
        duration = shown.pop("duration")
        shown["milliseconds"] = round(duration / 1000, 1) if duration is not None else None
        shown["columns"] = shown["columns"].split() if shown["columns"] else []
    return shown
