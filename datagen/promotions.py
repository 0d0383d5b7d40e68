"""Promotions: the same eight each year, a few days earlier or later, with a discount on each line."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from datagen.arrays import DAY, HOUR, Floats, Ints, day_number, random_for
from datagen.columns import days, decimals, life, row_ids
from datagen.places import CHANNELS, EDUCATION, WHOLESALE, opening_of
from datagen.plan import ShopPlan
from datagen.season import window_days

# Name, month, day, length in days, usual discount in percent.
EVENTS = (
    ("New Year Reading", 1, 2, 12, 20),
    ("Love Stories", 2, 7, 8, 20),
    ("Spring Books", 3, 20, 14, 25),
    ("Mothers and Fathers", 5, 5, 10, 20),
    ("Summer Reads", 6, 24, 28, 30),
    ("Back to School", 8, 12, 20, 20),
    ("Black Friday", 11, 22, 8, 40),
    ("Christmas Countdown", 12, 4, 16, 25),
)
SHIFT_DAYS = 4
DISCOUNT_STEPS = (-5, 0, 5, 10)
ANNOUNCED_DAYS_AHEAD = 30
# Demand while a promotion runs, of printed and of digital books, and in the week after it, when what was brought forward lacks.
PRINT_LIFT, DIGITAL_LIFT, DIP = 1.06, 1.5, 0.96
DIP_DAYS = 7


@dataclass(frozen=True)
class Promotions:
    """Promotions by position in order of their start; a row's id is its position plus one."""

    name: list[str]
    starts: Ints
    ends: Ints
    percent: Ints

    def position_on(self, day: Ints) -> Ints:
        """The promotion that runs on each day, -1 for none; of two the later one."""
        latest = np.searchsorted(self.starts, day, side="right") - 1
        is_running = (latest >= 0) & (day <= self.ends[latest])
        return np.where(is_running, latest, -1)


def make_promotions(plan: ShopPlan) -> Promotions:
    random = random_for(plan, "sales_promotion")
    start, end = window_days(plan)
    years = np.arange(plan.first_day.year, plan.until.year + 1)
    days_of_events = [[day_number(date(year, month, day)) for _, month, day, _, _ in EVENTS] for year in years.tolist()]
    starts = (
        np.array(days_of_events) + random.integers(-SHIFT_DAYS, SHIFT_DAYS + 1, (len(years), len(EVENTS)))
    ).ravel()
    length = np.tile([length for _, _, _, length, _ in EVENTS], len(years))
    usual = np.tile([percent for _, _, _, _, percent in EVENTS], len(years))
    percent = usual + random.choice(DISCOUNT_STEPS, len(usual))
    kept = np.flatnonzero((starts < end) & (starts + length > start))
    names = [f"{name} {year}" for year in years.tolist() for name, *_ in EVENTS]
    return Promotions([names[n] for n in kept], starts[kept], (starts + length - 1)[kept], percent[kept])


def promotion_lift(plan: ShopPlan, promotions: Promotions, is_digital: bool) -> Floats:
    """Factor on demand by day of the plan and channel; piles are ordered whatever is on offer."""
    start, end = window_days(plan)
    calendar = np.arange(start, end)
    is_on = promotions.position_on(calendar) >= 0
    was_on = promotions.position_on(calendar - DIP_DAYS) >= 0
    lift = np.where(is_on, DIGITAL_LIFT if is_digital else PRINT_LIFT, np.where(was_on, DIP, 1.0))
    by_channel = np.repeat(lift[:, None], len(CHANNELS), axis=1)
    by_channel[:, (WHOLESALE, EDUCATION)] = 1.0
    return by_channel


def promotions_table(plan: ShopPlan, promotions: Promotions) -> pa.Table:
    announced = (promotions.starts - ANNOUNCED_DAYS_AHEAD) * DAY + 10 * HOUR
    return pa.table(
        {
            "id": row_ids(len(promotions.name)),
            "code": [name.upper().replace(" ", "-") for name in promotions.name],
            "name": promotions.name,
            "starts_on": days(promotions.starts),
            "ends_on": days(promotions.ends),
            "discount_ratio": decimals(promotions.percent * 100, pa.decimal128(5, 4)),
            **life(np.maximum(announced, opening_of(plan))),
        }
    )
