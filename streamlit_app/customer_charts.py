"""Customers as Plotly figures: new and repeat by month, and how many of a cohort come back. What is hidden stays a gap."""

from collections.abc import Sequence

from api.client import Cohort, CustomerMonth
from streamlit_app import words
from streamlit_app.charts import FIRST_COLOR, GRID_COLOR, TEXT_COLOR, TICK_FONT, Figure

HEIGHT = 300
ROW_HEIGHT = 26
REPEAT_COLOR = "#000002"  # in its place Streamlit puts the theme's second chart colour
# From the ground to the first colour of data, on light and on dark.
SCALE = [[0, "rgba(0, 114, 178, 0.08)"], [1, "rgba(0, 114, 178, 0.85)"]]


def new_and_repeat(months: Sequence[CustomerMonth]) -> Figure:
    """Stacked columns; a month whose split is hidden is one column of all its customers."""
    firsts = [month["month"] for month in months]
    whole = [month["customers"] if month["new"] is None else None for month in months]
    traces = [
        _columns(firsts, [month["repeat"] for month in months], "Repeat", FIRST_COLOR, ""),
        _columns(firsts, [month["new"] for month in months], "New", REPEAT_COLOR, "/"),
        _columns(firsts, whole, "Not told apart", GRID_COLOR, "."),
    ]
    layout = {
        "barmode": "stack",
        "bargap": 0.25,
        "height": HEIGHT,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "x unified",
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {
            "type": "date",
            "tickformat": "%b\n%Y",
            "hoverformat": "%b %Y",
            "tickfont": TICK_FONT,
            "showgrid": False,
        },
        "yaxis": {"tickfont": TICK_FONT, "gridcolor": GRID_COLOR, "rangemode": "tozero", "nticks": 5},
    }
    return {"data": [trace for trace in traces if any(value is not None for value in trace["y"])], "layout": layout}


def retention(cohorts: Sequence[Cohort]) -> Figure:
    """A row per cohort, a column per month since; each cell says its share in words too."""
    most = max((len(cohort["ratio"]) for cohort in cohorts), default=0)
    shares = [[*cohort["ratio"], *[None] * (most - len(cohort["ratio"]))] for cohort in cohorts]
    trace = {
        "type": "heatmap",
        "z": shares,
        "x": list(range(most)),
        "y": [words.month(cohort["cohort"]) for cohort in cohorts],
        "text": [["" if share is None else words.percent(share, 0) for share in row] for row in shares],
        "texttemplate": "%{text}",
        "textfont": {"size": 11, "color": TEXT_COLOR},
        "colorscale": SCALE,
        "showscale": False,
        "zmin": 0,
        "zmax": 1,
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "%{y}, month %{x}: %{text}<extra></extra>",
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
    marker = {"color": color, "pattern": {"shape": shape, "fgcolor": TEXT_COLOR, "fgopacity": 0.35, "size": 6}}
    return {"type": "bar", "x": x, "y": y, "name": name, "marker": marker, "hovertemplate": "%{y:,.0f}"}
