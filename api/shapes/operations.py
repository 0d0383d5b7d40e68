"""Runs, publications, jobs, and whether the API is up."""

from typing_extensions import TypedDict


class Run(TypedDict):
    """One go of the pipeline."""

    run_seq: int
    kind: str
    source: str
    state: str
    started_at: str
    finished_at: str | None
    detail: str


class Runs(TypedDict):
    """Runs, newest first; `next` goes into `before` for those before them, null on the last page."""

    runs: list[Run]
    next: int | None


class QualityResult(TypedDict):
    """What one expectation found."""

    run_seq: int
    table_name: str
    expectation: str
    level: str
    failed_rows: int
    checked_rows: int


class QualityResults(TypedDict):
    """Most failures first."""

    results: list[QualityResult]


class RunQuality(TypedDict):
    """What one run read into silver, what it put aside of that, and how many of its expectations found something."""

    run_seq: int
    kind: str
    state: str
    started_at: str
    rows_read: int
    rows_quarantined: int
    expectations: int
    expectations_failed: int


class ExpectationTrend(TypedDict):
    """One expectation over the runs, in their order; null where a run did not check it."""

    table_name: str
    expectation: str
    level: str
    failed_rows: list[int | None]


class QualityTrend(TypedDict):
    """Runs oldest first; of the expectations those that found something in one of them, the worst of late first."""

    runs: list[RunQuality]
    expectations: list[ExpectationTrend]


class PublicationEntry(TypedDict):
    """One publication."""

    generation: int
    run_seq: int
    published_at: str


class Publications(TypedDict):
    """Newest first."""

    publications: list[PublicationEntry]


class Job(TypedDict):
    """Long work: running, cancelling, done, attention, refused, failed, cancelled, or ended without a word."""

    job_id: str
    kind: str
    arguments: dict[str, float | bool | None]
    state: str
    started_by: str
    started_at: str
    finished_at: str | None
    exit_code: int | None
    log_end: list[str]


class JobList(TypedDict):
    """Newest first, without what they said."""

    jobs: list[Job]


class Health(TypedDict):
    """The process answers."""

    status: str


class Readiness(TypedDict):
    """The server can answer: what was looked at, each `ok`."""

    status: str
    checks: dict[str, str]


class Published(TypedDict):
    """What serves now; a retail week begins on `monday`, `saturday` or `sunday`."""

    publication: int
    loaded_at: str
    data_from: str | None
    data_through: str | None
    currency: str
    time_zone: str
    retail_week_start: str
