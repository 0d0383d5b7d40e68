"""What the client asks about operations and accounts: runs, quality, quarantine, jobs, users, audit, saved views."""

from collections.abc import Sequence
from urllib.parse import quote

from api.connection import Connection
from api.shapes.accounts import NewUser, User
from api.shapes.audit import Activity, AuditPage
from api.shapes.operations import Job, QualityResults, QualityTrend, Runs
from api.shapes.trust import AuditVerdict, Freshness, LineageGraph, Quarantined, RunDetail, SavedView, SetAsideRecord


class Operating(Connection):
    """The part of the client that is not about numbers."""

    def runs(self, limit: int = 50) -> Runs:
        """What ran, newest first, for engineers."""
        runs: Runs = self._json("GET", "/api/runs/", params={"limit": limit})
        return runs

    def quality(self, run: int | None = None) -> QualityResults:
        """What a run's expectations found, for engineers."""
        results: QualityResults = self._json("GET", "/api/quality/", params={} if run is None else {"run": run})
        return results

    def quality_trend(self, runs: int = 20) -> QualityTrend:
        """What expectations found in the newest runs that checked anything, run by run."""
        trend: QualityTrend = self._json("GET", "/api/quality/trend/", params={"runs": runs})
        return trend

    def run(self, run_seq: int) -> RunDetail:
        """One run with its steps, for engineers."""
        run: RunDetail = self._json("GET", f"/api/runs/{run_seq}/")
        return run

    def quarantine(self, run: int | None = None) -> Quarantined:
        """What a run put aside, for engineers."""
        aside: Quarantined = self._json("GET", "/api/quarantine/", params={} if run is None else {"run": run})
        return aside

    def set_aside(self, run: int | None = None, limit: int = 50) -> list[SetAsideRecord]:
        """Records that are aside now, masked, for engineers. It takes seconds."""
        asked = {"limit": limit, **({} if run is None else {"run": run})}
        records: list[SetAsideRecord] = self._json("GET", "/api/quarantine/records/", params=asked)["records"]
        return records

    def freshness(self) -> Freshness:
        """How old what serves is, against what is promised."""
        freshness: Freshness = self._json("GET", "/api/freshness/")
        return freshness

    def lineage(self) -> LineageGraph:
        """Which tables numbers are made of."""
        lineage: LineageGraph = self._json("GET", "/api/lineage/")
        return lineage

    def views(self) -> list[SavedView]:
        """One's own saved views, in order of their names."""
        views: list[SavedView] = self._json("GET", "/api/views/")["views"]
        return views

    def save_view(self, name: str, page: str, query: str) -> SavedView:
        """Save a view; one's own of the same name is replaced."""
        saved: SavedView = self._json("POST", "/api/views/", json={"name": name, "page": page, "query": query})
        return saved

    def delete_view(self, name: str) -> None:
        """Delete one of one's own views."""
        self._json("DELETE", f"/api/views/{quote(name, safe='')}/")

    def users(self) -> list[User]:
        """Every account in order of their names, for administrators."""
        users: list[User] = []
        following: str | None = ""
        while following is not None:
            page = self._json(
                "GET", "/api/users/", params={"limit": 1_000, **({"after": following} if following else {})}
            )
            users += page["users"]
            following = page["next"]
        return users

    def add_user(
        self, username: str, role: str, regions: Sequence[str] = (), publishers: Sequence[str] = ()
    ) -> NewUser:
        """Make an account with a password that is in the answer, this once; for administrators."""
        body = {"username": username, "role": role, "regions": list(regions), "publishers": list(publishers)}
        added: NewUser = self._json("POST", "/api/users/", json=body)
        return added

    def change_user(self, username: str, **changes: str | bool | Sequence[str]) -> User:
        """Change any of `role`, `is_disabled`, `regions`, `publishers`, for administrators."""
        changed: User = self._json("PATCH", f"/api/users/{quote(username, safe='')}/", json=changes)
        return changed

    def reset_user(self, username: str) -> NewUser:
        """Another password, in the answer, this once; every session of the account ends; for administrators."""
        reset: NewUser = self._json("POST", f"/api/users/{quote(username, safe='')}/reset/")
        return reset

    def activity(self, days: int = 30) -> Activity:
        """How much each user asks, for administrators."""
        activity: Activity = self._json("GET", "/api/activity/", params={"days": days})
        return activity

    def audit(self, before: int | None = None, limit: int = 100, **narrowed: str) -> AuditPage:
        """Requests, newest first, of a `username` or an `endpoint` where one is given; for administrators."""
        asked: dict[str, str | int] = {"limit": limit, **narrowed, **({} if before is None else {"before": before})}
        page: AuditPage = self._json("GET", "/api/audit/", params=asked)
        return page

    def verify_audit(self) -> AuditVerdict:
        """Whether the audit is as it was written, for administrators."""
        verdict: AuditVerdict = self._json("GET", "/api/audit/verify/")
        return verdict

    def jobs(self, limit: int = 50) -> list[Job]:
        """Jobs that were started through the API, newest first, without what they said; for engineers."""
        jobs: list[Job] = self._json("GET", "/api/jobs/", params={"limit": limit})["jobs"]
        return jobs

    def start_job(self, path: str, **body: float | bool | None) -> Job:
        """Start long work: `jobs/sync`, `jobs/reload`, `jobs/rollback` or `analytics/generate-test-data`, for engineers."""
        job: Job = self._json("POST", f"/api/{path}/", json=body)
        return job

    def job(self, job_id: str) -> Job:
        """How a job goes."""
        job: Job = self._json("GET", f"/api/jobs/{job_id}/")
        return job

    def cancel_job(self, job_id: str) -> Job:
        """Interrupt a job."""
        job: Job = self._json("POST", f"/api/jobs/{job_id}/cancel/")
        return job
