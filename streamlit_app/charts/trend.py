"""A measure over time: what it is, what it was, what is not finished, and the days that explain it."""

from collections.abc import Mapping, Sequence
from html import escape

from api.client import Bucket
from streamlit_app import palette
from streamlit_app.charts.axes import LEGEND, Figure, amounts, dates

HEIGHT = 300
MARKERS_UP_TO = 62
# More would stand on each other.
MOST_EVENTS = 8
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MAIN_EVENTS = ("Easter Sunday", "Black Friday", "Christmas Day")


def trend(
    buckets: Sequence[Bucket],
    measure: str,
    label: str,
    interval: str,
    previous: Sequence[Bucket] = (),
    before: str = "compared with",
    events: Mapping[str, str] | None = None,
    is_from_nothing: bool = True,
) -> Figure:
    """A line over buckets; what is not finished is dotted, what was is dashed, and the legend says so in words.

    `previous` are the buckets compared with, in order, drawn over those of now, and `before` what they are called; `events` are
    names by day. A price does not begin at nothing.
    """
    shown = [bucket["is_complete"] for bucket in buckets]
    whole = [_value(bucket, measure) if complete else None for bucket, complete in zip(buckets, shown, strict=True)]
    starts = [bucket["start"] for bucket in buckets]
    traces = []
    if previous:
        values = [_value(bucket, measure) for bucket in previous[: len(starts)]]
        traces.append(_line(starts[: len(values)], values, before, dash="dash", color=palette.BEFORE))
    traces.append(_line(starts, whole, label, dash="solid", fill="tozeroy" if is_from_nothing else "none"))
    if not all(shown):
        # Dots reach to the neighbour, so that the line has no hole.
        near = [not complete or not all(shown[max(0, place - 1) : place + 2]) for place, complete in enumerate(shown)]
        parts = [_value(bucket, measure) if dotted else None for bucket, dotted in zip(buckets, near, strict=True)]
        traces.append(_line(starts, parts, f"unfinished {interval}", dash="dot"))
    lines, names = _marked(events or {})
    layout = {
        "height": HEIGHT,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "x unified",
        "showlegend": len(traces) > 1,
        "legend": LEGEND,
        "xaxis": dates(interval),
        "yaxis": amounts(is_from_nothing),
        "shapes": lines,
        "annotations": names,
    }
    return {"data": traces, "layout": layout}


def lines(series: Mapping[str, Sequence[Bucket]], measure: str, interval: str) -> Figure:
    """A line per member, at most as many as there are colours, told apart by colour and by dash."""
    traces = [
        _line(
            [bucket["start"] for bucket in buckets],
            [_value(bucket, measure) for bucket in buckets],
            escape(name),
            dash=DASHES[number % len(DASHES)],
            color=palette.SERIES[number % len(palette.SERIES)],
        )
        for number, (name, buckets) in enumerate(series.items())
    ]
    layout = {
        "height": HEIGHT,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "x unified",
        "showlegend": True,
        "legend": {**LEGEND, "x": 0, "xanchor": "left"},
        "xaxis": dates(interval),
        "yaxis": amounts(),
    }
    return {"data": traces, "layout": layout}


def _value(bucket: Bucket, measure: str) -> float:
    return float(bucket["metrics"][measure] or 0)


def _line(
    starts: Sequence[str],
    values: Sequence[float | None],
    name: str,
    dash: str,
    fill: str = "none",
    color: str = palette.BLUE,
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(starts) <= MARKERS_UP_TO else "lines",
        "name": name,
        "x": list(starts),
        "y": list(values),
        "line": {"color": color, "width": 2.5 if color == palette.BLUE else 1.8, "dash": dash, "shape": "linear"},
        "marker": {"color": color, "size": 5},
        "fill": fill,
        **({"fillcolor": f"{color}{palette.FAINT}"} if fill != "none" else {}),
        "hovertemplate": "%{y:,.0f}",
        "cliponaxis": False,
    }


def _marked(events: Mapping[str, str]) -> tuple[list[Figure], list[Figure]]:
    """A thin line per event and its name beside it; where there are many, of the main ones only."""
    if len(events) > MOST_EVENTS:
        events = {day: name for day, name in events.items() if name in MAIN_EVENTS}
    lines = [
        {
            "type": "line",
            **{"x0": day, "x1": day, "y0": 0, "y1": 1, "yref": "paper"},
            "line": {"color": palette.QUIET, "width": 1, "dash": "dot"},
        }
        for day in events
    ]
    names = [
        {
            **{"x": day, "y": 1, "yref": "paper", "xanchor": "right", "yanchor": "top", "textangle": -90},
            "text": escape(name),
            "showarrow": False,
            "font": {"size": 11, "color": palette.TEXT},
        }
        for day, name in events.items()
    ]
    return lines, names
