"""From a range's name to business dates. Ranges end on the last day with data, whole weeks on the last one that is over."""

from datetime import date, timedelta

from api.client import Interval, Window
from streamlit_app.selection import AUTO, CUSTOM, Selection

LAST_DAYS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
WHOLE_WEEKS = {"week": 1, "4w": 4, "13w": 13, "52w": 52}
WEEKDAYS = {"monday": 0, "saturday": 5, "sunday": 6}

# About as many points as a line can show well.
DAILY_UP_TO, WEEKLY_UP_TO, MONTHLY_UP_TO = 92, 400, 3_000


def window_of(selection: Selection, first: date | None, last: date | None, week_start: str) -> Window | None:
    """Business dates of the selection over data that spans `first` to `last`; None where there are none to show.

    `week_start` is the first day of a retail week: monday, saturday or sunday.
    """
    if selection.range == CUSTOM:
        own = selection.first, selection.last
        return Window(own[0], own[1]) if own[0] and own[1] and own[0] <= own[1] else None
    if last is None:
        return None
    if selection.range in LAST_DAYS:
        return Window(last - timedelta(days=LAST_DAYS[selection.range] - 1), last)
    if selection.range in WHOLE_WEEKS:
        return _whole_weeks(last, WHOLE_WEEKS[selection.range], week_start)
    begins = {
        "mtd": last.replace(day=1),
        "qtd": date(last.year, (last.month - 1) // 3 * 3 + 1, 1),
        "ytd": date(last.year, 1, 1),
        "all": first or last,
    }
    return Window(begins[selection.range], last)


def interval_of(selection: Selection, window: Window) -> Interval:
    """The bucket length: the chosen one, else one that keeps a line readable."""
    if selection.interval != AUTO:
        chosen: Interval = selection.interval  # type: ignore[assignment]
        return chosen
    if window.day_count <= DAILY_UP_TO:
        return "day"
    if window.day_count <= WEEKLY_UP_TO:
        return "week"
    return "month" if window.day_count <= MONTHLY_UP_TO else "quarter"


def _whole_weeks(last: date, count: int, week_start: str) -> Window:
    """That many retail weeks, the last of which ends on `last` or before."""
    days_into_week = (last.weekday() - WEEKDAYS[week_start]) % 7
    end = last if days_into_week == 6 else last - timedelta(days=days_into_week + 1)
    return Window(end - timedelta(weeks=count, days=-1), end)
