"""Numbers of a page at its head: a tile per metric with its change in words and its course."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from api.client import Body, Bucket, Dictionary, Summary, SummaryMetrics
from streamlit_app import words
from streamlit_app.headline import comparable

TILE_WIDTH = 150
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
    show: Callable[[float | None], str]
    good: int = 1
    is_ratio: bool = False
    is_money: bool = False


TILES = (
    Tile("net_revenue", "Net revenue", words.whole, is_money=True),
    Tile("net_units", "Net units", words.whole),
    Tile("average_selling_price", "Average price", words.exact, is_money=True),
    Tile("return_rate", "Return rate", words.percent, good=-1, is_ratio=True),
    Tile("orders", "Orders", words.whole),
    Tile("active_titles", "Active titles", words.whole),
    Tile("frontlist_share", "Frontlist share", words.percent, is_ratio=True),
)
METRICS = tuple(tile.metric for tile in TILES)


def metrics_with(measure: str) -> tuple[str, ...]:
    """The metrics of the tiles, and one more where they do not have it."""
    return tuple(dict.fromkeys((*METRICS, measure)))


def row(summary: Body[Summary], buckets: list[Bucket], dictionary: Dictionary, tiles: Sequence[Tile] = TILES) -> None:
    """A tile per metric: its value, its change where there are whole days to compare with, its course and its meaning."""
    current, previous = summary["data"]["current"], comparable(summary)
    meanings = {entry["name"]: entry["meaning"] for entry in dictionary["metrics"]}
    if summary["meta"]["comparison"] and previous is None:
        st.caption("The data begins too late for days before these to compare with.")
    with st.grid(len(tiles), min_column_width=TILE_WIDTH, gap="small"):
        for tile in tiles:
            _tile(tile, current, previous, buckets, summary["meta"]["currency"], meanings.get(tile.metric, ""))


def _tile(
    tile: Tile,
    current: SummaryMetrics,
    previous: SummaryMetrics | None,
    buckets: list[Bucket],
    currency: str,
    meaning: str,
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
        help=words.escaped(meaning),
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
    values = [float(bucket["metrics"].get(metric) or 0) for bucket in buckets if bucket["is_complete"]]
    return values if len(values) > 1 else None


def _metric(metrics: SummaryMetrics, name: str) -> float | None:
    value: float | None = dict(metrics)[name]  # type: ignore[assignment]
    return value
