"""Each shape that was asked for, beside the one that came out."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from datagen.arrival import LATENESS_SHARES, LATEST_DAYS
from datagen.editions import FORMATS, HARDCOVER, MASS_MARKET, TRADE_PAPERBACK
from datagen.places import CHANNELS, EDUCATION, WHOLESALE
from datagen.plan import ShopPlan
from datagen.report.profile import Profile
from datagen.season import WEEKDAYS
from datagen.sizes import RETURN_SHARE

# Fewer sales than this, or fewer years, are ruled by single bestsellers; their shapes are shown, not judged.
LEAST_SALES, LEAST_YEARS = 1_000_000, 3
POINT = 0.01
# Of the units that resellers take, how many come back (trade returns, Publishers Weekly).
TRADE_RETURNS = {TRADE_PAPERBACK: 0.20, HARDCOVER: 0.26, MASS_MARKET: 0.48}
PRINT_FORMATS = 4


@dataclass(frozen=True)
class Check:
    """One number between two bounds, both allowed; a small shop's is not judged where chance alone may lead it outside."""

    name: str
    least: float
    most: float
    found: float
    is_judged: bool = True

    @property
    def is_met(self) -> bool:
        return not self.is_judged or self.least <= self.found <= self.most


def checks_of(plan: ShopPlan, profile: Profile) -> list[Check]:
    """Every check of a shop's profile; shares are of one, not percent."""
    # A wrong price ends as it may.
    least_usual = 0.99 if plan.anomalies else 1
    usual = profile.retail_lines_with_usual_ending / max(profile.retail_lines, 1)
    is_judged = plan.sales >= LEAST_SALES and plan.years >= LEAST_YEARS
    return [
        Check("rows of sales_sale", plan.sales, plan.sales, profile.rows),
        Check("ids in order of arrival (1 is yes)", 1, 1, float(profile.ids_ascend)),
        Check("lines sold before publication or after their arrival", 0, 0, profile.impossible_lines),
        Check("valid ISBNs", 1, 1, profile.valid_isbns / profile.books),
        Check("retail prices that end in .95 or .99", least_usual, 1, usual),
        Check("returns among rows", RETURN_SHARE - POINT, RETURN_SHARE + POINT, profile.returns / profile.rows, plan.sales > 50),
        *_lateness(plan, profile),
        Check("units of the best-selling 1 % of titles", 0.40, 0.55, _top_share(profile, 0.01), is_judged),
        Check("units in a book's first 365 days", 0.28, 0.36, profile.frontlist_units / max(profile.units, 1), is_judged),
        Check("trade paperbacks among printed units", 0.52, 0.62, _trade_paperbacks(profile), is_judged),
        Check("week 49 against the median week", 1.6, 1.9, week_index(plan, profile)[48], is_judged),
        Check("week 51 against the median week", 1.9, 2.6, week_index(plan, profile)[50], is_judged),
        *_trade_returns(profile, is_judged),
        *_weekdays(profile, is_judged),
        Check("orders of a customer, on average", 2, 30, _orders_of_a_customer(profile), is_judged),
    ]  # fmt: skip


def week_index(plan: ShopPlan, profile: Profile) -> list[float]:
    """Units of ISO weeks 1 to 53 against the median week, averaged over the years; schools and colleges are left out."""
    units = profile.units_by_day.sum(axis=1) - profile.units_by_day[:, EDUCATION]
    calendar = [(plan.first_day + timedelta(days=n)).isocalendar() for n in range(len(units))]
    by_week: dict[tuple[int, int], list[int]] = {}
    for day, sold in zip(calendar, units.tolist(), strict=True):
        by_week.setdefault((day.year, day.week), []).append(sold)
    whole = {week: sum(days) for week, days in by_week.items() if len(days) == 7}
    index: list[list[float]] = [[] for _ in range(53)]
    for year in {year for year, _ in whole}:
        of_year = {week: sold for (other, week), sold in whole.items() if other == year}
        middle = float(np.median(list(of_year.values())))
        # A year that lacks its ordinary weeks has no ordinary week to compare with.
        if len(of_year) >= 50 and middle:
            for week, sold in of_year.items():
                index[week - 1].append(sold / middle)
    return [float(np.mean(found)) if found else 0.0 for found in index]


def _lateness(plan: ShopPlan, profile: Profile) -> list[Check]:
    lines, cumulative = profile.lines_by_days_late.sum(), np.cumsum(profile.lines_by_days_late)
    tolerance = max(POINT, 3 / max(float(lines), 1) ** 0.5)
    return [
        Check(
            f"lines that arrive within {days} days",
            asked - tolerance,
            asked + tolerance,
            float(cumulative[days] / max(lines, 1)),
        )
        for days, asked in zip(LATEST_DAYS[:-1].tolist(), np.cumsum(LATENESS_SHARES).tolist(), strict=False)
    ]


def _top_share(profile: Profile, share: float) -> float:
    units = np.sort(profile.units_by_work[1:])[::-1]
    return float(units[: max(round(len(units) * share), 1)].sum() / max(units.sum(), 1))


def _trade_paperbacks(profile: Profile) -> float:
    printed = profile.sold[:, :PRINT_FORMATS].sum(axis=0)
    return float(printed[TRADE_PAPERBACK] / max(printed.sum(), 1))


def _trade_returns(profile: Profile, is_judged: bool) -> list[Check]:
    sold, returned = profile.sold[WHOLESALE], profile.returned[WHOLESALE]
    return [
        Check(
            f"units of {FORMATS[format_].replace('_', ' ')} that resellers send back",
            asked - 3 * POINT, asked + 3 * POINT, float(returned[format_] / max(sold[format_], 1)), is_judged,
        )
        for format_, asked in TRADE_RETURNS.items()
    ]  # fmt: skip


def _weekdays(profile: Profile, is_judged: bool) -> list[Check]:
    """By channel the weekday that is farthest from its share."""
    shares = profile.lines_by_weekday / np.maximum(profile.lines_by_weekday.sum(axis=1, keepdims=True), 1)
    away = np.abs(shares - np.array(WEEKDAYS)).max(axis=1)
    return [
        Check(f"{channel}: weekday farthest from its share, by", 0, POINT, float(most), is_judged)
        for channel, most in zip(CHANNELS, away, strict=True)
    ]


def _orders_of_a_customer(profile: Profile) -> float:
    of_known = profile.orders_by_customer[1:]
    return float(of_known.sum() / max((of_known > 0).sum(), 1))
