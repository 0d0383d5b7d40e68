"""Customers as Plotly figures: new and repeat by month, and how many of a cohort come back. What is hidden stays a gap."""

from collections.abc import Sequence

from api.client import Cohort, CustomerMonth
from streamlit_app import palette, words
from streamlit_app.charts.axes import LEGEND, TICK_FONT, Figure, amounts, dates

HEIGHT = 300
ROW_HEIGHT = 26
# More columns are too narrow on a telephone for what would be written in them.
MOST_WRITTEN = 12


def new_and_repeat(months: Sequence[CustomerMonth]) -> Figure:
    """Stacked columns; a month whose split is hidden is one column of all its customers."""
    firsts = [month["month"] for month in months]
    whole = [month["customers"] if month["new"] is None else None for month in months]
    traces = [
        _columns(firsts, [month["repeat"] for month in months], "Repeat", palette.BLUE, ""),
        _columns(firsts, [month["new"] for month in months], "New", palette.ORANGE, "/"),
        _columns(firsts, whole, "Not told apart", palette.BAND, "."),
    ]
    layout = {
        "barmode": "stack",
        "bargap": 0.25,
        "height": HEIGHT,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "x unified",
        "legend": LEGEND,
        "xaxis": {**dates("month"), "hoverformat": "%b %Y"},
        "yaxis": amounts(),
    }
    return {"data": [trace for trace in traces if any(value is not None for value in trace["y"])], "layout": layout}


def retention(cohorts: Sequence[Cohort]) -> Figure:
    """A row per cohort that has a share to show, a column per month since; where there is room, cells say their percentage."""
    cohorts = [cohort for cohort in cohorts if any(share is not None for share in cohort["ratio"])]
    most = max((len(cohort["ratio"]) for cohort in cohorts), default=0)
    shares = [[*cohort["ratio"], *[None] * (most - len(cohort["ratio"]))] for cohort in cohorts]
    trace = {
        "type": "heatmap",
        "z": shares,
        "x": list(range(most)),
        "y": [words.month(cohort["cohort"]) for cohort in cohorts],
        "texttemplate": "%{z:.0%}" if most <= MOST_WRITTEN else "",
        "textfont": {"size": 10, "color": palette.TEXT},
        "colorscale": palette.HEAT,
        "showscale": False,
        "zmin": 0,
        "zmax": 1,
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "%{y}, month %{x}: %{z:.0%}<extra></extra>",
        "hoverongaps": False,
    }
    layout = {
        "height": 60 + ROW_HEIGHT * len(cohorts),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "xaxis": {
            "title": {"text": "months since the first purchase"},
            "tickfont": TICK_FONT,
            "dtick": 1,
            "showgrid": False,
        },
        "yaxis": {
            "type": "category",
            "autorange": "reversed",
            "tickfont": TICK_FONT,
            "showgrid": False,
            "automargin": True,
        },
    }
    return {"data": [trace], "layout": layout}


def _columns(x: list[str], y: list[int | None], name: str, color: str, shape: str) -> Figure:
    # Told apart by their pattern too. An overlay: without it the pattern takes the place of the colour.
    pattern = {"shape": shape, "fillmode": "overlay", "fgcolor": palette.TEXT, "fgopacity": 0.35, "size": 6}
    marker = {"color": color, "pattern": pattern}
    return {"type": "bar", "x": x, "y": y, "name": name, "marker": marker, "hovertemplate": "%{y:,.0f}"}
