"""From rows to Plotly figures as plain dicts. No Streamlit here; colours follow the theme, light or dark."""

from collections.abc import Sequence
from html import escape
from typing import Any

from api.client import Bucket
from streamlit_app import words

Figure = dict[str, Any]

# In place of these two, Streamlit puts the first chart colour and the text colour of the theme the reader has chosen.
FIRST_COLOR = "#000001"
TEXT_COLOR = "#000037"
FAINT = "26"
OTHER_COLOR = "rgba(128, 124, 114, 0.5)"
GRID_COLOR = "rgba(128, 124, 114, 0.18)"

TICK_FONT = {"size": 13, "color": TEXT_COLOR}
# What follows the line break is shown only where it changes.
DAY_TICKS, MONTH_TICKS = "%-d %b\n%Y", "%b\n%Y"

BAR_HEIGHT = 32
TREND_HEIGHT = 280
MARKERS_UP_TO = 62
LABEL_LENGTH = 38
LETTER_WIDTH = 7


def trend(buckets: Sequence[Bucket], measure: str, label: str, interval: str) -> Figure:
    """A line over buckets; what is not finished is dashed, and said so in the legend."""
    shown = [bucket["is_complete"] for bucket in buckets]
    whole = [_value(bucket, measure) if complete else None for bucket, complete in zip(buckets, shown, strict=True)]
    traces = [_line(buckets, whole, label, dash="solid", fill="tozeroy")]
    if not all(shown):
        # Dashes reach to the neighbour, so that the line has no hole.
        near = [not complete or not all(shown[max(0, place - 1) : place + 2]) for place, complete in enumerate(shown)]
        parts = [_value(bucket, measure) if dashed else None for bucket, dashed in zip(buckets, near, strict=True)]
        traces.append(_line(buckets, parts, f"unfinished {interval}", dash="dot", fill="none"))
    layout = {
        "height": TREND_HEIGHT,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "x unified",
        "showlegend": not all(shown),
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        "xaxis": {
            "type": "date",
            "showgrid": False,
            "tickfont": TICK_FONT,
            "tickformat": DAY_TICKS if interval in ("day", "week") else MONTH_TICKS,
            "hoverformat": "%-d %b %Y",
        },
        "yaxis": {
            "tickformat": ",.3~s",
            "tickfont": TICK_FONT,
            "nticks": 5,
            "gridcolor": GRID_COLOR,
            "zerolinecolor": GRID_COLOR,
            "rangemode": "tozero",
        },
    }
    return {"data": traces, "layout": layout}


def bars(labels: Sequence[str], values: Sequence[float], texts: Sequence[str], has_other: bool = False) -> Figure:
    """Horizontal bars, the first on top, each with label and value in words; the last may stand for the rest."""
    count = len(labels)
    colors = [OTHER_COLOR if has_other and place == count - 1 else FIRST_COLOR for place in range(count)]
    trace = {
        "type": "bar",
        "orientation": "h",
        # Places, not names: two books may have one title.
        "y": list(range(count)),
        "x": list(values),
        "text": [escape(text) for text in texts],
        "textposition": "outside",
        "textfont": TICK_FONT,
        "cliponaxis": False,
        "marker": {"color": colors, "cornerradius": 4},
        "hovertext": [f"{escape(label)}: {escape(text)}" for label, text in zip(labels, texts, strict=True)],
        "hoverinfo": "text",
    }
    layout = {
        "height": BAR_HEIGHT * count + 24,
        "margin": {"l": 8, "r": 16 + LETTER_WIDTH * max(map(len, texts), default=0), "t": 4, "b": 4},
        "bargap": 0.35,
        "showlegend": False,
        "xaxis": {"visible": False, "range": [min(0, *values, 0), max(0, *values, 0) or 1]},
        "yaxis": {
            "tickvals": list(range(count)),
            "ticktext": [escape(words.shortened(label, LABEL_LENGTH)) for label in labels],
            "range": [count - 0.5, -0.5],
            "tickfont": TICK_FONT,
            "showgrid": False,
            "ticks": "",
            "automargin": True,
        },
    }
    return {"data": [trace], "layout": layout}


def _value(bucket: Bucket, measure: str) -> float:
    return float(bucket["metrics"][measure] or 0)


def _line(buckets: Sequence[Bucket], values: Sequence[float | None], name: str, dash: str, fill: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(buckets) <= MARKERS_UP_TO else "lines",
        "name": name,
        "x": [bucket["start"] for bucket in buckets],
        "y": list(values),
        "line": {"color": FIRST_COLOR, "width": 2.5, "dash": dash, "shape": "linear"},
        "marker": {"color": FIRST_COLOR, "size": 5},
        "fill": fill,
        "fillcolor": f"{FIRST_COLOR}{FAINT}",
        "hovertemplate": "%{y:,.0f}",
        "cliponaxis": False,
    }
