"""What figures have in common."""

from typing import Any

from streamlit_app import palette

Figure = dict[str, Any]

TICK_FONT = {"size": 13, "color": palette.TEXT}
# What follows the line break is shown only where it changes.
DAY_TICKS, MONTH_TICKS = "%-d %b\n%Y", "%b\n%Y"
LEGEND = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
LETTER_WIDTH = 7


def dates(interval: str) -> Figure:
    """An axis of days."""
    return {
        "type": "date",
        "showgrid": False,
        "tickfont": TICK_FONT,
        "tickformat": DAY_TICKS if interval in ("day", "week") else MONTH_TICKS,
        "hoverformat": "%-d %b %Y",
    }


def amounts(is_from_nothing: bool = True) -> Figure:
    """An axis of numbers."""
    return {
        "tickformat": ",.3~s",
        "tickfont": TICK_FONT,
        "nticks": 5,
        "gridcolor": palette.GRID,
        "zerolinecolor": palette.GRID,
        "rangemode": "tozero" if is_from_nothing else "normal",
    }
