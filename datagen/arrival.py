"""When rows reach the database: most within minutes, some days or weeks after the sale."""

import numpy as np

from datagen.arrays import DAY, SECOND, Floats, Ints

# Share of orders, and how many days after the sale they arrive: earliest and latest.
LATENESS_SHARES = (0.80, 0.15, 0.04, 0.01)
EARLIEST_DAYS = np.array((0, 1, 4, 15))
LATEST_DAYS = np.array((0, 3, 14, 60))
MOST_DAYS_LATE = 60
USUAL_DELAY = 40 * SECOND


def lateness_curve() -> Floats:
    """Share of orders by days late, from 0 to MOST_DAYS_LATE."""
    curve = np.zeros(MOST_DAYS_LATE + 1)
    for share, earliest, latest in zip(LATENESS_SHARES, EARLIEST_DAYS, LATEST_DAYS, strict=True):
        curve[earliest : latest + 1] = share / (latest + 1 - earliest)
    return curve


def arrivals(sold_by_day: Floats) -> Floats:
    """What is sold on each day (row) by days late (column). What would arrive after the last day arrives before."""
    days = len(sold_by_day)
    late = np.arange(MOST_DAYS_LATE + 1)
    shares = np.where(np.arange(days)[:, None] + late < days, lateness_curve(), 0.0)
    return sold_by_day[:, None] * (shares / shares.sum(axis=1, keepdims=True))


def arrived_by_day(arriving: Floats) -> Floats:
    """What arrives on each day, from what is sold on each day by days late."""
    days, columns = arriving.shape
    arrived = np.zeros(days)
    for late in range(min(columns, days)):
        arrived[late:] += arriving[: days - late, late]
    return arrived


def created_at(random: np.random.Generator, sold_at: Ints, days_late: Ints) -> Ints:
    """The instant each row was created: moments after the sale, or any time of a later day."""
    count, next_day = len(sold_at), (sold_at // DAY + 1) * DAY
    delay = (random.standard_exponential(count) * USUAL_DELAY).astype(np.int64)
    later = next_day + (days_late - 1) * DAY + random.integers(0, DAY, count)
    return np.where(days_late == 0, np.minimum(sold_at + delay, next_day - 1), later)
