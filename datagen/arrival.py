"""When rows reach the database: most within minutes, some days or weeks after the sale."""

import numpy as np

from datagen.arrays import DAY, SECOND, Ints, draw_shares, instant_of
from datagen.plan import ShopPlan

# Share of orders, and how many days after the sale they arrive: earliest and latest.
LATENESS_SHARES = (0.80, 0.15, 0.04, 0.01)
EARLIEST_DAYS = np.array((0, 1, 4, 15))
LATEST_DAYS = np.array((0, 3, 14, 60))
USUAL_DELAY = 40 * SECOND


def arrival(plan: ShopPlan, random: np.random.Generator, sold_at: Ints, not_before: Ints) -> Ints:
    """The instant each row was created: after both given ones, and before the shop is seen."""
    as_of, count = instant_of(plan.as_of), len(sold_at)
    lateness = draw_shares(random, LATENESS_SHARES, count)
    days_late = random.integers(EARLIEST_DAYS[lateness], LATEST_DAYS[lateness] + 1)
    next_day = (sold_at // DAY + 1) * DAY
    at_once = np.minimum(sold_at + (random.exponential(USUAL_DELAY, count)).astype(np.int64), next_day - 1)
    later = next_day + (days_late - 1) * DAY + random.integers(0, DAY, count)
    drawn = np.where(days_late == 0, at_once, later)
    earliest = np.maximum(sold_at, not_before)
    # Whatever would come too late or too early arrives somewhere in the time there is.
    in_time = earliest + (random.random(count) * (as_of - earliest)).astype(np.int64)
    return np.where((drawn >= earliest) & (drawn < as_of), drawn, in_time)
