"""What runs tell the ledger of their steps and of the files they imported."""

from dataclasses import asdict, dataclass

from sqlalchemy.engine import RowMapping

from spark_jobs.check_result import CheckResult


@dataclass(frozen=True)
class FileResult:
    """What became of a file: physical records = 1 header + blank + records; records = accepted + quarantined + superseded."""

    sha256: str
    name: str
    physical: int
    blank: int
    records: int
    accepted: int
    quarantined: int
    superseded: int

    def as_values(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class StepResult:
    """What one job of a run did; rows_read = rows_written + rows_quarantined where the job keeps its grain."""

    name: str
    table_name: str
    rows_read: int
    rows_written: int
    rows_quarantined: int
    lake_version: int | None
    seconds: float
    rows_inserted: int | None = None
    rows_updated: int | None = None
    rows_deleted: int | None = None

    def is_over(self, limit_ratio: float) -> bool:
        """Whether a larger share of what it read went into quarantine than `limit_ratio`."""
        return self.rows_quarantined > limit_ratio * max(self.rows_read, 1)


def check_of(row: RowMapping) -> CheckResult:
    """What a check found, as the ledger holds it: without the detail, which is in the report."""
    kept = ("table_name", "expectation", "level", "failed_rows", "checked_rows")
    return CheckResult(*(row[name] for name in kept))


def step_of(row: RowMapping) -> StepResult:
    """A step as the ledger holds it."""
    return StepResult(**{name: row[name] for name in StepResult.__dataclass_fields__})
