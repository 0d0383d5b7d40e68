"""What the audit and the activity show."""

from typing_extensions import TypedDict

from api.shapes.bodies import Number


class AuditEntry(TypedDict):
    """One request; without a status it ended without a word, or is still going on."""

    seq: int
    at: str
    request_id: str
    username: str | None
    role: str | None
    address: str | None
    method: str | None
    endpoint: str | None
    path: str | None
    decision: str | None
    status: int | None
    milliseconds: Number | None
    columns: list[str]
    row_count: int | None
    publication: int | None


class AuditPage(TypedDict):
    """Requests, newest first; `next` goes into `before` for those before them, null on the last page."""

    entries: list[AuditEntry]
    next: int | None


class SlowRequests(TypedDict):
    """The requests that took longest."""

    entries: list[AuditEntry]


class UserActivity(TypedDict):
    """What one user has asked."""

    username: str
    requests: int
    refused: int
    row_count: int
    last_at: str


class Activity(TypedDict):
    """The busiest users first."""

    users: list[UserActivity]
