"""The head of a page in numbers: one sentence, and a tile per metric with its change in words and its course."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import streamlit as st

from api.client import Body, Bucket, Summary, SummaryMetrics
from streamlit_app import words

TILE_WIDTH = 160
TILE_HEIGHT = 190
Color = Literal["blue", "orange", "gray", "primary"]
Arrow = Literal["up", "down", "off"]

ARROWS: dict[int, Arrow] = {1: "up", -1: "down", 0: "off"}
COLORS: dict[int, Color] = {1: "blue", -1: "orange", 0: "gray"}


@dataclass(frozen=True)
class Tile:
    """A metric as a tile. `good` is the direction that is welcome: 1 up, -1 down."""

    metric: str
    label: str
    meaning: str
    show: Callable[[float | None], str]
    good: int = 1
    is_ratio: bool = False
    is_money: bool = False


TILES = (
    Tile(
        "net_revenue",
        "Net revenue",
        "Gross revenue less discounts less the value returned, without tax.",
        words.whole,
        is_money=True,
    ),
    Tile("net_units", "Net units", "Copies sold less copies returned.", words.whole),
    Tile(
        "average_selling_price",
        "Average price",
        "Gross revenue less discounts, per copy sold.",
        words.exact,
        is_money=True,
    ),
    Tile(
        "return_rate",
        "Return rate",
        "Copies returned per copy sold in the window.",
        words.percent,
        good=-1,
        is_ratio=True,
    ),
    Tile("orders", "Orders", "Orders with at least one line sold.", words.whole),
    Tile("active_titles", "Active titles", "Books with positive net units in the window.", words.whole),
)


METRICS = tuple(tile.metric for tile in TILES)


def metrics_with(measure: str) -> tuple[str, ...]:
    """The metrics of the tiles, and one more where they do not have it."""
    return tuple(dict.fromkeys((*METRICS, measure)))


def headline(summary: Body[Summary]) -> None:
    """The page in one sentence."""
    meta = summary["meta"]
    current, previous = summary["data"]["current"], comparable(summary)
    change, _ = words.change(current["net_revenue"], previous["net_revenue"] if previous else None)
    amount = f"{meta['currency']} {words.whole(current['net_revenue'])}"
    sentence = f"Net revenue of **{amount}** from {words.days(*_days(meta))}"
    if change and meta["comparison"]:
        link = "" if change == "unchanged" else " than"
        before = words.days(*_days(meta["comparison"]))
        st.markdown(f"{sentence}, **{change}**{link} from {before}.")
    elif meta["comparison"]:
        st.markdown(f"{sentence}. The data begins too late for days before them to compare with.")
    else:
        st.markdown(f"{sentence}.")


def row(summary: Body[Summary], buckets: list[Bucket]) -> None:
    """A tile per metric."""
    current, previous = summary["data"]["current"], comparable(summary)
    with st.grid(len(TILES), min_column_width=TILE_WIDTH, gap="small"):
        for tile in TILES:
            _tile(tile, current, previous, buckets, summary["meta"]["currency"])


def _tile(
    tile: Tile, current: SummaryMetrics, previous: SummaryMetrics | None, buckets: list[Bucket], currency: str
) -> None:
    now = _metric(current, tile.metric)
    before = _metric(previous, tile.metric) if previous else None
    change, direction = words.change(now, before, tile.is_ratio)
    st.metric(
        f"{tile.label} ({currency})" if tile.is_money else tile.label,
        tile.show(now),
        delta=change or None,
        delta_color=color_of(change, direction * tile.good),
        delta_arrow=ARROWS[direction],
        help=tile.meaning,
        border=True,
        height=TILE_HEIGHT,
        chart_data=course(tile.metric, buckets),
        chart_type="area",
    )


def color_of(change: str, welcome: int) -> Color:
    """Blue for the better, orange for the worse: a pair that every reader tells apart. Words say it too."""
    return COLORS[welcome] if change else "primary"


def course(metric: str, buckets: list[Bucket]) -> list[float] | None:
    """Values of the finished buckets in order, for a sparkline; none where there are too few to make a line."""
    values = [float(bucket["metrics"][metric] or 0) for bucket in buckets if bucket["is_complete"]]
    return values if len(values) > 1 else None


def _metric(metrics: SummaryMetrics, name: str) -> float | None:
    value: float | None = dict(metrics)[name]  # type: ignore[assignment]
    return value


def _days(about: Mapping[str, Any]) -> tuple[date, date]:
    return date.fromisoformat(about["from"]), date.fromisoformat(about["until"])


def comparable(summary: Body[Summary]) -> SummaryMetrics | None:
    """The window compared with, unless the data begins inside it: then it would make any change look like growth."""
    comparison = summary["meta"]["comparison"]
    return summary["data"]["previous"] if comparison and comparison["is_complete"] else None
