"""Runs, quality and publications; and long work, which is started here and goes on elsewhere."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.callers import caller_of
from api.jobs import JobError, Jobs, Work
from api.ledger import Ledger
from api.params import RequestBody
from api.rendering import render
from api.shapes.operations import Job, JobList, Publications, QualityResults, QualityTrend, Runs

router = APIRouter(prefix="/api", tags=["operations"])

MOST_SALES = {"engineer": 1_000_000, "admin": 20_000_000}
# More would be no shop any more.
MOST_FAULTS = 0.1

JobId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Limit = Annotated[int, Field(ge=1, le=1_000)]


class _Query(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Limit = 50


class RunQuery(_Query):
    """Which runs."""

    before: int | None = Field(None, ge=1, le=2**62, description="go on below this run: `next` of the page before")


class QualityQuery(_Query):
    """Which run's results."""

    run: int | None = Field(None, ge=1, le=2**62, description="a run's number; the newest by default")


class TrendQuery(BaseModel):
    """Over how many runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: int = Field(20, ge=2, le=100, description="the newest that checked anything")


class ListQuery(_Query):
    """How many."""


class TestData(RequestBody):
    """The shop to generate; the same values make the same shop."""

    sales: int = Field(100_000, ge=1, le=max(MOST_SALES.values()), description="sale lines, returns included")
    years: int = Field(5, ge=1, le=50)
    seed: int = Field(7, ge=0, le=2**31)
    faults: float = Field(0, ge=0, le=MOST_FAULTS, description="share of books and sales that are damaged")
    replace: bool = Field(False, description="wipe the generated shop that is there")


class Nothing(RequestBody):
    """There is nothing to choose."""


class Rollback(RequestBody):
    """Which generation is to serve."""

    generation: int | None = Field(None, ge=1, le=2**31, description="a kept generation; the one before by default")
    resume: bool = Field(False, description="serve the newest again")


@router.get("/runs/", name="runs", operation_id="runs", response_model=Runs)
def runs(request: Request, query: Annotated[RunQuery, Query()]) -> Response:
    """What ran, newest first, failed and empty runs too."""
    found = _ledger(request).runs(query.before, query.limit + 1)
    page = found[: query.limit]
    return render({"runs": page, "next": page[-1]["run_seq"] if len(found) > len(page) else None})


@router.get("/quality/", name="quality", operation_id="quality", response_model=QualityResults)
def quality(request: Request, query: Annotated[QualityQuery, Query()]) -> Response:
    """What a run's expectations found, most failures first."""
    return render({"results": _ledger(request).quality(query.run, query.limit)})


@router.get("/quality/trend/", name="quality-trend", operation_id="quality_trend", response_model=QualityTrend)
def quality_trend(request: Request, query: Annotated[TrendQuery, Query()]) -> Response:
    """What expectations found in the last runs, run by run: whether it gets better or worse."""
    return render(_ledger(request).quality_trend(query.runs))


@router.get("/publications/", name="publications", operation_id="publications", response_model=Publications)
def publications(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
    """What was published, newest first."""
    return render({"publications": _ledger(request).publications(query.limit)})


@router.post(
    "/analytics/generate-test-data/",
    name="generate-test-data",
    operation_id="generate_test_data",
    response_model=Job,
    status_code=202,
)
def generate_test_data(request: Request, body: TestData) -> Response:
    """Fill the installation's made-up shop with test data; a shop of one's own is never written to."""
    if request.app.state.settings.source_url:
        raise JobError("the shop of this installation is not a generated one, so no test data goes into it")
    most = MOST_SALES.get(caller_of(request).role, 0)
    if body.sales > most:
        raise JobError(f"a {caller_of(request).role} may generate {most:,} sale lines at most")
    line = [
        "generate",
        f"--sales={body.sales}",
        f"--years={body.years}",
        f"--seed={body.seed}",
        f"--faults={body.faults}",
    ]
    return _started(
        request, Work("generate-test-data", [*line, *(["--replace"] if body.replace else [])], body.model_dump())
    )


@router.post("/jobs/sync/", name="sync", operation_id="start_sync", response_model=Job, status_code=202)
def sync(request: Request, body: Nothing) -> Response:
    """Read what has changed in the shop, and publish."""
    return _started(request, Work("sync", ["sync"], {}))


@router.post("/jobs/reload/", name="reload", operation_id="start_reload", response_model=Job, status_code=202)
def reload(request: Request, body: Nothing) -> Response:
    """Read the whole shop anew, and publish; history stays."""
    return _started(request, Work("reload", ["reload"], {}))


@router.post("/jobs/rollback/", name="rollback", operation_id="start_rollback", response_model=Job, status_code=202)
def rollback(request: Request, body: Rollback) -> Response:
    """Serve an earlier generation, or with `resume` the newest again."""
    if body.resume and body.generation is not None:
        raise JobError("resume serves the newest generation; leave the number out")
    chosen = ["--resume"] if body.resume else [str(body.generation)] if body.generation else []
    return _started(request, Work("rollback", ["rollback", *chosen], body.model_dump()))


@router.get("/jobs/", name="jobs", operation_id="jobs", response_model=JobList)
def jobs(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
    """Jobs that were started here, newest first."""
    return render({"jobs": [_shown(row, []) for row in _jobs(request).newest(query.limit)]})


@router.get("/jobs/{job_id}/", name="jobs", operation_id="job", response_model=Job)
def job(request: Request, job_id: JobId) -> Response:
    """One job, with the last lines that it said."""
    row = _jobs(request).find(job_id)
    return render(_shown(row, _jobs(request).said(row)))


@router.post(
    "/jobs/{job_id}/cancel/", name="cancel-job", operation_id="cancel_job", response_model=Job, status_code=202
)
def cancel_job(request: Request, job_id: JobId) -> Response:
    """Stop a job: a process ends in good order and publishes nothing; of an execution in AWS see docs/aws.md."""
    row = _jobs(request).cancel(job_id)
    return render(_shown(row, _jobs(request).said(row)), status=202)


def _started(request: Request, work: Work) -> Response:
    row = _jobs(request).start(work, caller_of(request).username)
    return render(_shown(row, []), {"Location": f"/api/jobs/{row['job_id']}/"}, 202)


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


def _ledger(request: Request) -> Ledger:
    ledger: Ledger = request.app.state.ledger
    return ledger


def _shown(row: Mapping[Any, Any], log_end: list[str]) -> dict[str, Any]:
    finished = row["finished_at"]
    return {
        "job_id": row["job_id"],
        "kind": row["kind"],
        "arguments": json.loads(row["arguments"]),
        "state": row["state"],
        "started_by": row["started_by"],
        "started_at": datetime.fromtimestamp(row["started_at"], UTC),
        "finished_at": None if finished is None else datetime.fromtimestamp(finished, UTC),
        "exit_code": row["exit_code"],
        "log_end": log_end,
    }
