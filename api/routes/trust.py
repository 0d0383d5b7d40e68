"""Whether the numbers can be trusted: how fresh they are, where they come from, and what stayed behind."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.ledger import Ledger, NoRunError
from api.lineage import lineage as read_lineage
from api.reading import reading_of
from api.rendering import render
from api.shapes.trust import Freshness, LineageGraph, Quarantined, RunDetail, SetAsideRecords

router = APIRouter(prefix="/api", tags=["operations"])

RunNumber = Annotated[int, Path(ge=1, le=2**62)]


class QuarantineQuery(BaseModel):
    """Which run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: int | None = Field(None, ge=1, le=2**62, description="a run's number; the newest that did anything by default")


class RecordQuery(BaseModel):
    """Which records."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: int | None = Field(None, ge=1, le=2**62, description="a run's number; whatever run by default")
    limit: int = Field(50, ge=1, le=500)


@router.get("/freshness/", name="freshness", operation_id="freshness", response_model=Freshness)
def freshness(request: Request) -> Response:
    """How old the serving publication is, against what is promised, and how the newest run went."""
    publication = reading_of(request).publication
    hours = request.app.state.settings.freshness_hours
    due_at = publication.published_at + timedelta(hours=hours)
    newest = next(iter(_ledger(request).runs(None, 1)), None)
    return render(
        {
            "data_through": publication.data_through,
            "loaded_at": publication.published_at,
            "promised_hours": hours,
            "due_at": due_at,
            "is_late": datetime.now(UTC) > due_at,
            "last_run": {name: newest[name] for name in ("kind", "state", "started_at", "finished_at")}
            if newest
            else None,
        }
    )


@router.get("/lineage/", name="lineage", operation_id="lineage", response_model=LineageGraph)
def lineage(request: Request) -> Response:
    """Every table from the source to the rollups, and which others each is made of."""
    found = read_lineage(request.app.state.settings.source)
    return render(
        {
            "tables": [{"name": name, "grain": grain} for name, grain in found.tables.items()],
            "edges": [{"from": origin, "to": made} for origin, made in found.edges],
        }
    )


@router.get("/runs/{run_seq}/", name="run", operation_id="run", response_model=RunDetail)
def run(request: Request, run_seq: RunNumber) -> Response:
    """One run with its steps: rows read are rows written and quarantined where a job keeps its grain."""
    ledger = _ledger(request)
    found = ledger.run(run_seq)
    if found is None:
        raise NoRunError(f"no run {run_seq}; /api/runs/ lists those there are")
    return render({**found, "steps": ledger.steps(run_seq)})


@router.get("/quarantine/", name="quarantine", operation_id="quarantine", response_model=Quarantined)
def quarantine(request: Request, query: Annotated[QuarantineQuery, Query()]) -> Response:
    """How many rows a run put aside, table by table, and by which rules. The rows themselves stay in the lake."""
    ledger = _ledger(request)
    run_seq = query.run or ledger.newest_run_with_steps()
    steps = [step for step in ledger.steps(run_seq) if step["rows_quarantined"]] if run_seq else []
    rules = ledger.quality(run_seq, 1_000) if run_seq else []
    return render({"run_seq": run_seq, "tables": [_aside(step, rules) for step in steps]})


@router.get(
    "/quarantine/records/", name="quarantine-records", operation_id="quarantine_records", response_model=SetAsideRecords
)
def quarantine_records(request: Request, query: Annotated[RecordQuery, Query()]) -> Response:
    """Records that are aside now, masked, with every reason."""
    return render({"records": request.app.state.set_aside.records(query.run, query.limit)})


def _aside(step: Any, rules: Any) -> dict[str, Any]:
    failed = [rule for rule in rules if rule["table_name"] == step["table_name"] and rule["level"] == "quarantine"]
    return {
        "table_name": step["table_name"],
        "rows_quarantined": step["rows_quarantined"],
        "rows_read": step["rows_read"],
        "rules": [
            {"expectation": rule["expectation"], "failed_rows": rule["failed_rows"]}
            for rule in failed
            if rule["failed_rows"]
        ],
    }


def _ledger(request: Request) -> Ledger:
    ledger: Ledger = request.app.state.ledger
    return ledger
