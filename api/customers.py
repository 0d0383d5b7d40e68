"""Customers by month, with what is to be left out left out, the same in every answer: no two of them differ by a small cell.

So there is no choice of months, filters or dimensions: the last complete months, always all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api.answers import RATIO_DECIMALS, Answers
from api.suppression import hidden_parts, is_small
from api.view import PERMISSIONS
from api.windows import Window
from warehouse.customers import plan_cohorts, plan_segments

MONTHS = 24
SMALLEST = PERMISSIONS.smallest_customer_cell

# The cohort of everybody who first bought before the months that are shown.
EARLIER = None
Cells = Mapping[date | None, int]


@dataclass(frozen=True)
class Month:
    """One month: its customers by cohort and by segment, and the cohorts and segments that are not shown."""

    first: date
    cohorts: Cells
    segments: Mapping[str, int]
    hidden_cohorts: set[date | None]
    hidden_segments: set[str]

    @property
    def customers(self) -> int:
        return sum(self.cohorts.values())

    @property
    def new(self) -> int:
        """Those who had never bought before."""
        return self.cohorts.get(self.first, 0)

    @property
    def is_split(self) -> bool:
        """Whether new and repeat customers may be told apart."""
        repeat = self.customers - self.new
        return self.first not in self.hidden_cohorts and not is_small(repeat, SMALLEST)

    def cell(self, cohort: date) -> int | None:
        """Customers of a cohort; None where they are not shown."""
        return None if cohort in self.hidden_cohorts else self.cohorts.get(cohort, 0)


def complete_months(data_from: date | None, data_through: date | None) -> Window | None:
    """The last months that the data covers to their end, `MONTHS` at most; None where there is none."""
    if data_from is None or data_through is None:
        return None
    end = (data_through + timedelta(days=1)).replace(day=1)
    first = max(_months_before(end, MONTHS), data_from.replace(day=1))
    return Window(first, end - timedelta(days=1)) if first < end else None


def months_of(answers: Answers, window: Window) -> list[Month]:
    """Every month of the window, in order."""
    cohorts = _by_month(answers.looked_up(plan_cohorts(window.first, window.until, answers.view.scope)), "cohort")
    segments = _by_month(answers.looked_up(plan_segments(window.first, window.until, answers.view.scope)), "segment")
    sizes = {first: cells.get(first, 0) for first, cells in cohorts.items()}
    found, first = [], window.first
    while first <= window.last:
        by_cohort, by_segment = cohorts.get(first, {}), segments.get(first, {})
        # Who did not come back is a cell too, though nobody writes it down.
        absent = {cohort for cohort, count in by_cohort.items() if is_small(sizes.get(cohort, 0) - count, SMALLEST)}
        found.append(
            Month(
                first,
                by_cohort,
                by_segment,
                hidden_parts(by_cohort, SMALLEST, absent),
                hidden_parts(by_segment, SMALLEST),
            )
        )
        first = _months_before(first, -1)
    return found


def shown_month(month: Month) -> dict[str, Any]:
    """A month as it goes out; what is null is of too few people, or would give such a number away."""
    is_told = not is_small(month.customers, SMALLEST)
    segments = {
        name: None if name in month.hidden_segments else count for name, count in sorted(month.segments.items())
    }
    return {
        "month": month.first,
        "customers": month.customers if is_told else None,
        "new": month.new if month.is_split else None,
        "repeat": month.customers - month.new if month.is_split else None,
        "segments": segments,
    }


def shown_cohort(cohort: date, months: list[Month]) -> dict[str, Any]:
    """A cohort as it goes out: its size, and month by month since then how many bought again, and what share."""
    since = [month for month in months if month.first >= cohort]
    size = since[0].cell(cohort)
    active = [month.cell(cohort) for month in since]
    return {
        "cohort": cohort,
        "customers": size,
        "active": active,
        "ratio": [round(count / size, RATIO_DECIMALS) if size and count is not None else None for count in active],
    }


def _by_month(rows: list[dict[str, Any]], part: str) -> dict[date, dict[Any, int]]:
    found: dict[date, dict[Any, int]] = {}
    for row in rows:
        found.setdefault(row["month"], {})[row[part]] = row["customers"]
    return found


def _months_before(first: date, count: int) -> date:
    number = first.year * 12 + first.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)
