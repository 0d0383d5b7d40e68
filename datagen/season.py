"""How demand moves through the year and the week. The figures are weekly and monthly indices of the US book trade."""

from datetime import date, timedelta

import numpy as np

from datagen.arrays import EPOCH, Floats, Ints, day_number
from datagen.plan import ShopPlan

# An ordinary week is 1; by ISO week, with the peak before Christmas.
TRADE_WEEKS = {1: 1.1, 2: 0.98, 46: 1.1, 47: 1.2, 48: 1.4, 49: 1.66, 50: 2.0, 51: 2.3, 52: 1.5, 53: 1.1}
# Term starts: college bookstores peak in January and August.
COLLEGE_MONTHS = (1.75, 0.85, 0.75, 0.75, 0.8, 0.85, 0.95, 1.8, 1.2, 0.8, 0.75, 0.8)
EASTER_LIFT = 1.35
EASTER_DAYS = 14
YEARLY_GROWTH = 1.03

# Monday to Sunday, by channel in the order of places.CHANNELS.
WEEKDAYS = (
    (0.160, 0.140, 0.130, 0.130, 0.130, 0.140, 0.170),
    (0.150, 0.135, 0.130, 0.130, 0.135, 0.150, 0.170),
    (0.110, 0.110, 0.120, 0.130, 0.160, 0.210, 0.160),
    (0.210, 0.200, 0.190, 0.190, 0.180, 0.020, 0.010),
    (0.200, 0.200, 0.200, 0.190, 0.180, 0.020, 0.010),
)

TRADE, JUVENILE, COLLEGE = 0, 1, 2


def season_weights(plan: ShopPlan) -> Floats:
    """Relative demand, one row each for trade, juvenile and college, one column per day of the plan."""
    calendar = [plan.first_day + timedelta(days=n) for n in range((plan.until - plan.first_day).days + 1)]
    trade = np.array([TRADE_WEEKS.get(day.isocalendar().week, 1.0) for day in calendar])
    juvenile = np.where([_before_easter(day) for day in calendar], trade * EASTER_LIFT, trade)
    college = np.array([COLLEGE_MONTHS[day.month - 1] for day in calendar])
    growth = YEARLY_GROWTH ** (np.arange(len(calendar)) / 365.25)
    return np.stack([trade, juvenile, college]) * growth


def weekday_weights() -> Floats:
    """Relative demand, one row per channel, one column per weekday from Monday; an even day is 1."""
    return np.array(WEEKDAYS) * 7


def weekday_of(days: Ints) -> Ints:
    """0 for Monday to 6 for Sunday."""
    return (days + EPOCH.weekday()) % 7


def on_tuesday(days: Ints) -> Ints:
    """The Tuesday of the same week or before: the trade publishes on Tuesdays."""
    return days - (weekday_of(days) - 1) % 7


def easter_sunday(year: int) -> date:
    """Western Easter, by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8)."""
    century, of_century = divmod(year, 100)
    moon = year % 19
    shift = (8 * century + 13) // 25
    epact = (19 * moon + century - century // 4 - shift + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (moon + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def window_days(plan: ShopPlan) -> tuple[int, int]:
    """First day with sales and the day after the last one."""
    return day_number(plan.first_day), day_number(plan.until) + 1


def _before_easter(day: date) -> bool:
    return 0 <= (easter_sunday(day.year) - day).days < EASTER_DAYS
