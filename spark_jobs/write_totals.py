"""What a write is as a whole, judged by itself and by earlier runs of the same kind: volume, money, and how new the newest row is."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

from spark_jobs.check_result import CheckResult
from spark_jobs.expectations import Observed
from warehouse.contract import Contract, Expectation

# With fewer values a median says little, and the change from the last one is looked at.
ENOUGH = 5
# How far the median absolute deviation of a normal distribution is from its standard deviation.
NORMAL = 1.4826


def measured(contract: Contract, observed: Observed, is_live: bool = True) -> dict[str, str]:
    """The measures of a write by the expectation that asks for them; one that could not be taken is left out."""
    names = [
        name for name, check in contract.expectations.items() if not check.is_of_rows and (is_live or not check.newest)
    ]
    return {name: str(observed[f"measure_{name}"]) for name in names if observed.get(f"measure_{name}") is not None}


def judged(
    contract: Contract, now: Mapping[str, str], earlier: Mapping[str, Sequence[str]], read_at: datetime
) -> list[CheckResult]:
    """One result per measure: a write that is not as expected counts as one failure of one."""
    found = []
    for name, value in now.items():
        check = contract.expectations[name]
        detail = _age(check, value, read_at) if check.newest else _strangeness(check, value, earlier.get(name, ()))
        found.append(CheckResult(contract.table, name, check.level, int(bool(detail)), 1, detail))
    return found


def _age(check: Expectation, value: str, read_at: datetime) -> str:
    newest = datetime.fromisoformat(value)
    newest = newest if newest.tzinfo else newest.replace(tzinfo=UTC)
    if read_at - newest <= timedelta(hours=check.within_hours):
        return ""
    return (
        f"the newest is of {newest:%Y-%m-%d %H:%M} UTC, more than {check.within_hours} hours before the source was read"
    )


def _strangeness(check: Expectation, value: str, earlier: Sequence[str]) -> str:
    """Why a measure is not like those before; the empty text where it is, or where there are none.

    A score alone would call every weekend strange whose weekdays are much alike, so the change has to be large too.
    """
    before, now = [float(text) for text in earlier], float(value)
    if not before:
        return ""
    usual = median(before) if len(before) >= ENOUGH else before[-1]
    change = abs(now - usual) / abs(usual) if usual else math.inf if now else 0.0
    said = f"{now:,.2f} where {usual:,.2f} was usual: a change of {change:.0%}, limit {check.change:.0%}"
    if change <= check.change or len(before) < ENOUGH:
        return said if change > check.change else ""
    spread = NORMAL * median(abs(each - usual) for each in before)
    score = abs(now - usual) / spread if spread else math.inf
    return f"{said}, and {score:.1f} robust deviations, limit {check.score:g}" if score > check.score else ""
