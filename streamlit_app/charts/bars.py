"""Members side by side: bars that begin at nothing, each with label and value in words."""

from collections.abc import Sequence
from html import escape

from streamlit_app import palette, words
from streamlit_app.charts.axes import LETTER_WIDTH, TICK_FONT, Figure, amounts

BAR_HEIGHT = 32
COLUMNS_HEIGHT = 280
LABEL_LENGTH, MOVED_LABEL_LENGTH = 38, 22


def bars(labels: Sequence[str], values: Sequence[float], texts: Sequence[str]) -> Figure:
    """Horizontal bars, the first on top."""
    return _horizontal(labels, values, texts, [palette.BLUE] * len(labels))


def movements(labels: Sequence[str], values: Sequence[float], texts: Sequence[str]) -> Figure:
    """Horizontal bars to both sides: gains and losses, told apart by side, sign and colour. Values stand beside the labels, as
    they would stand on them on a narrow screen."""
    short = [f"{words.shortened(label, MOVED_LABEL_LENGTH)}  {text}" for label, text in zip(labels, texts, strict=True)]
    colors = [palette.GAIN if value >= 0 else palette.LOSS for value in values]
    figure = _horizontal(labels, values, [""] * len(values), colors)
    figure["data"][0]["hovertext"] = [
        f"{escape(label)}: {escape(text)}" for label, text in zip(labels, texts, strict=True)
    ]
    figure["layout"]["yaxis"]["ticktext"] = [escape(label) for label in short]
    return figure


def columns(labels: Sequence[str], values: Sequence[float], texts: Sequence[str], title: str) -> Figure:
    """Upright bars in the order of something that grows, such as a price; `title` says what."""
    trace = {
        "type": "bar",
        "x": [escape(label) for label in labels],
        "y": list(values),
        "marker": {"color": palette.BLUE, "cornerradius": 4},
        "hovertext": [f"{escape(label)}: {escape(text)}" for label, text in zip(labels, texts, strict=True)],
        "hoverinfo": "text",
    }
    axis = {"type": "category", "tickfont": TICK_FONT, "showgrid": False, "title": {"text": escape(title)}}
    layout = {
        "height": COLUMNS_HEIGHT,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "bargap": 0.25,
        "showlegend": False,
        "xaxis": axis,
        "yaxis": amounts(),
    }
    return {"data": [trace], "layout": layout}


def _horizontal(labels: Sequence[str], values: Sequence[float], texts: Sequence[str], colors: list[str]) -> Figure:
    count = len(labels)
    room = LETTER_WIDTH * max(map(len, texts), default=0)
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
        "margin": {"l": 8, "r": 16 + room, "t": 4, "b": 4},
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
