"""A launch: net units by week since publication, against books like it."""

from collections.abc import Sequence

from api.client import ComparableWeek, LaunchWeek
from streamlit_app import palette
from streamlit_app.charts.axes import LEGEND, TICK_FONT, Figure, amounts

HEIGHT = 300


def launch(weeks: Sequence[LaunchWeek], comparable: Sequence[ComparableWeek]) -> Figure:
    """The book's weeks as a line, those of books like it as their middle, dashed, in the band of their middle half."""
    traces = []
    if comparable:
        numbers = [week["week"] for week in comparable]
        traces += [
            _band(numbers, [week["upper"] for week in comparable], fill="none"),
            _band(numbers, [week["lower"] for week in comparable], fill="tonexty"),
            _line(numbers, [week["median"] for week in comparable], "middle of books like it", "dash", palette.BEFORE),
        ]
    whole = [week for week in weeks if week["is_complete"]]
    traces.append(
        _line(
            [week["week"] for week in whole], [week["net_units"] for week in whole], "this book", "solid", palette.BLUE
        )
    )
    layout = {
        "height": HEIGHT,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "x unified",
        "showlegend": bool(comparable),
        "legend": LEGEND,
        "xaxis": {
            "title": {"text": "week since publication"},
            "tickfont": TICK_FONT,
            "showgrid": False,
            "range": [0.5, max([week["week"] for week in (*weeks, *comparable)], default=52) + 0.5],
        },
        "yaxis": amounts(),
    }
    return {"data": traces, "layout": layout}


def _band(weeks: list[int], values: list[int | float], fill: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "middle half of books like it",
        "x": weeks,
        "y": values,
        "line": {"width": 0},
        "fill": fill,
        "fillcolor": palette.BAND,
        "showlegend": fill != "none",
        "hoverinfo": "skip",
    }


def _line(weeks: list[int], values: Sequence[int | float], name: str, dash: str, color: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers" if color == palette.BLUE else "lines",
        "name": name,
        "x": weeks,
        "y": list(values),
        "line": {"color": color, "width": 2.5 if color == palette.BLUE else 1.8, "dash": dash},
        "marker": {"size": 5},
        "hovertemplate": "%{y:,.0f}",
    }
