"""Days as a calendar: a cell per day, weeks side by side; and the profile of a week."""

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

from streamlit_app import palette
from streamlit_app.charts.axes import TICK_FONT, Figure, amounts

CELL = 17
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PROFILE_HEIGHT = 260


def calendar(days: Sequence[tuple[date, float, str]], week_start: int) -> Figure:
    """A heat map of days, each with its value and what it says in words; weeks begin on weekday `week_start`, 0 for Monday."""
    order = [(week_start + place) % 7 for place in range(7)]
    weeks = sorted({first_of_week(day, week_start) for day, _, _ in days})
    values: list[list[float | None]] = [[None] * len(weeks) for _ in order]
    texts = [[""] * len(weeks) for _ in order]
    for day, value, text in days:
        row, column = order.index(day.weekday()), weeks.index(first_of_week(day, week_start))
        values[row][column], texts[row][column] = value, escape(text)
    trace = {
        "type": "heatmap",
        "x": [week.isoformat() for week in weeks],
        "y": [WEEKDAYS[weekday] for weekday in order],
        "z": values,
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
        "hoverongaps": False,
        "xgap": 2,
        "ygap": 2,
        "colorscale": palette.HEAT,
        "colorbar": {"thickness": 10, "tickformat": ",.3~s", "tickfont": TICK_FONT, "outlinewidth": 0, "len": 1},
    }
    layout = {
        "height": 7 * CELL + 90,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "xaxis": {"type": "date", "tickformat": "%b\n%Y", "tickfont": TICK_FONT, "showgrid": False, "ticks": ""},
        "yaxis": {"autorange": "reversed", "tickfont": TICK_FONT, "showgrid": False, "ticks": "", "automargin": True},
    }
    return {"data": [trace], "layout": layout}


def week_profile(means: Sequence[float], before: Sequence[float], week_start: int) -> Figure:
    """The mean of each weekday, Monday first in the data and `week_start` first in the figure; before it may be nothing."""
    order = [(week_start + place) % 7 for place in range(7)]
    traces = [_columns("mean day", [means[weekday] for weekday in order], order, palette.BLUE)]
    if before:
        traces.insert(0, _columns("mean day before", [before[weekday] for weekday in order], order, palette.QUIET))
    layout = {
        "height": PROFILE_HEIGHT,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "barmode": "group",
        "bargap": 0.25,
        "showlegend": bool(before),
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {"type": "category", "tickfont": TICK_FONT, "showgrid": False},
        "yaxis": amounts(),
    }
    return {"data": traces, "layout": layout}


def first_of_week(day: date, week_start: int) -> date:
    """The day on which the day's week begins."""
    return day - timedelta(days=(day.weekday() - week_start) % 7)


def _columns(name: str, values: list[float], order: list[int], color: str) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": [WEEKDAYS[weekday] for weekday in order],
        "y": values,
        "marker": {"color": color, "cornerradius": 4},
        "hovertemplate": "%{y:,.0f}",
    }
