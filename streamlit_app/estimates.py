"""How long a job will take and what it will make, from how the same job went here before. Without such a job nothing is guessed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from api.client import Job

DAYS_OF_A_YEAR = 365.25
# Fewer lines than that say how long it takes to start, not how fast it goes.
FEWEST_SALES = 1_000


@dataclass(frozen=True)
class Estimate:
    """Seconds that it will take, and from how many jobs that is known; None from none."""

    seconds: float | None
    jobs: int

    @property
    def said(self) -> str:
        """In words."""
        if self.seconds is None:
            return "not known yet: no such job has run here"
        minutes = self.seconds / 60
        length = f"{self.seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} minutes"
        return f"about {length}, as {self.jobs} earlier job{'' if self.jobs == 1 else 's'} went"


def generation(sales: int, jobs: Sequence[Job]) -> Estimate:
    """How long a shop of so many sale lines takes to generate: the median pace of those that were finished here."""
    finished = [job for job in jobs if job["kind"] == "generate-test-data" and job["state"] == "done"]
    made = [(job, int(job["arguments"]["sales"] or 0)) for job in finished]
    paces = [_seconds(job) / lines for job, lines in made if lines >= FEWEST_SALES]
    return Estimate(sales * median(paces), len(paces)) if paces else Estimate(None, 0)


def a_day(sales: int, years: int) -> float:
    """Sale lines of an average business day."""
    return sales / (years * DAYS_OF_A_YEAR)


def _seconds(job: Job) -> float:
    assert job["finished_at"] is not None
    return (datetime.fromisoformat(job["finished_at"]) - datetime.fromisoformat(job["started_at"])).total_seconds()
