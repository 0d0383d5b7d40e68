"""Widgets and the URL: what a link says is what the page shows, and what the page shows is what its link says."""

from datetime import date, timedelta

import streamlit as st

from api.client import Interval, Measure, Window
from streamlit_app import words

LAST_DAYS = {"7 days": 7, "30 days": 30, "90 days": 90, "365 days": 365}
YEAR_TO_DATE, ALL, CUSTOM = "Year to date", "All", "Custom"
RANGES = [*LAST_DAYS, YEAR_TO_DATE, ALL, CUSTOM]
DEFAULT_RANGE = "30 days"

AUTO = "Auto"
INTERVALS: dict[str, Interval] = {"Day": "day", "Week": "week", "Month": "month", "Quarter": "quarter", "Year": "year"}
MEASURES: dict[str, Measure] = {"Net revenue": "net_revenue", "Net units": "net_units"}

# About as many points as a line can show well.
DAILY_UP_TO, WEEKLY_UP_TO, MONTHLY_UP_TO = 92, 400, 3_000
SHOWN = "window_on_show"
EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)


def window_of(choice: str, first: date | None, last: date | None, custom: Window | None) -> Window | None:
    """Business dates of a preset over data that spans `first` to `last`; None where there is nothing to span."""
    if choice == CUSTOM:
        return custom
    if last is None:
        return None
    if choice == YEAR_TO_DATE:
        return Window(date(last.year, 1, 1), last)
    if choice == ALL:
        return Window(first or last, last)
    return Window(last - timedelta(days=LAST_DAYS[choice] - 1), last)


def automatic_interval(days: int) -> Interval:
    """A bucket length that keeps the trend readable."""
    if days <= DAILY_UP_TO:
        return "day"
    if days <= WEEKLY_UP_TO:
        return "week"
    return "month" if days <= MONTHLY_UP_TO else "quarter"


def refused_choices(parameters: dict[str, str]) -> list[str]:
    """Sentences about values of a link that name no choice; the widgets themselves fall back in silence."""
    known = {"range": RANGES, "interval": [AUTO, *INTERVALS], "measure": list(MEASURES)}
    unknown = {name: parameters[name] for name in known if parameters.get(name, known[name][0]) not in known[name]}
    return [
        f"The link asks for {name} “{words.escaped(asked[:40])}”; there are {', '.join(known[name])}."
        for name, asked in unknown.items()
    ]


def choose(first: date | None, last: date | None) -> tuple[Window | None, Interval, Measure]:
    """Draw the filter bar. Gives the window (None where there is none to show), bucket length and measure."""
    for sentence in refused_choices(st.query_params.to_dict()):
        st.warning(sentence, icon=":material/link_off:")
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    choice = bar.segmented_control(
        "Time range",
        RANGES,
        default=DEFAULT_RANGE,
        required=True,
        key="range",
        bind="query-params",
        on_change=_begin_custom,
    )
    measure = bar.segmented_control(
        "Measure", list(MEASURES), default="Net revenue", required=True, key="measure", bind="query-params"
    )
    interval = bar.segmented_control(
        "Interval", [AUTO, *INTERVALS], default=AUTO, required=True, key="interval", bind="query-params"
    )
    custom = _custom_window() if choice == CUSTOM else None
    window = window_of(choice or DEFAULT_RANGE, first, last, custom)
    st.session_state[SHOWN] = window
    days = window.day_count if window else 1
    return window, INTERVALS.get(interval or AUTO) or automatic_interval(days), MEASURES[measure or "Net revenue"]


def show_default_range() -> None:
    """Go back to the range that a page without parameters shows (a callback)."""
    st.session_state["range"] = DEFAULT_RANGE


def _begin_custom() -> None:
    """Custom dates begin as the days on show, written out: the link means the same days tomorrow (a callback)."""
    shown = st.session_state.get(SHOWN)
    if shown and st.session_state["range"] == CUSTOM:
        st.session_state["from"], st.session_state["until"] = shown.first, shown.last


def _custom_window() -> Window | None:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        first, last = _day_input("First day", "from"), _day_input("Last day", "until")
    if not first or not last:
        st.info("Choose the first and the last day.", icon=":material/date_range:")
        return None
    if last < first:
        st.warning(
            f"The last day, {last:%d %b %Y}, is before the first, {first:%d %b %Y}.", icon=":material/date_range:"
        )
        return None
    return Window(first, last)


def _day_input(label: str, key: str) -> date | None:
    return st.date_input(
        label,
        value=None,
        min_value=EARLIEST,
        max_value=LATEST,
        key=key,
        bind="query-params",
        format="YYYY-MM-DD",
        width=180,
    )
