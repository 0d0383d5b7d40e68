"""What expectations found, for whoever keeps or shows it; the ledger is read where there is no Spark."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """What one expectation found in one run; `detail` says more where rows do not tell it."""

    table: str
    expectation: str
    level: str
    failed_rows: int
    checked_rows: int
    detail: str = ""
