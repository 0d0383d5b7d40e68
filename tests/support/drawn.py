"""What a page has drawn, as numbers and texts, to be held against what the API answers."""

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any

from streamlit.testing.v1 import AppTest

# Computed by the page from what it was answered, and tested on their own: ranks, changes in per cent, means of weekdays.
DERIVED_COLUMNS = ("#", "Change")
DERIVED_TRACES = ("mean day", "mean day before")
SCALES = {"": 1.0, "M": 1e6, "bn": 1e9}

Drawn = tuple[str, float, float]


def tiles(page: AppTest) -> dict[str, tuple[str, str]]:
    """Value and change of each tile by its label."""
    return {tile.label: (tile.value, tile.delta) for tile in page.metric}


def figure(page: AppTest, alt: str) -> dict[str, Any]:
    """The page's chart whose accessible name begins so."""
    return next(json.loads(chart.proto.spec) for chart in page.get("plotly_chart") if chart.proto.alt.startswith(alt))


def cited(page: AppTest) -> list[str]:
    """The questions that the page says its numbers come from."""
    return [line.removeprefix("GET ") for line in page.code[-1].value.splitlines()]


def numbers_drawn(page: AppTest) -> Iterator[Drawn]:
    """Every number in tiles, tables and charts, with where it is and how far it may be rounded."""
    for tile in page.metric:
        if number := _read(tile.value):
            yield (tile.label, *number)
        yield from ((f"{tile.label}, course", float(value), 1e-9) for value in tile.proto.chart_data)
    for table in page.dataframe:
        rows = table.value
        for column in rows.columns:
            if column not in DERIVED_COLUMNS and rows[column].dtype.kind in "if":
                yield from ((column, float(value), 1e-9) for value in rows[column].dropna())
    for chart in page.get("plotly_chart"):
        for trace in json.loads(chart.proto.spec)["data"]:
            if trace.get("name") not in DERIVED_TRACES:
                yield from ((chart.proto.alt, value, 1e-9) for value in _values(trace))


def numbers_of(answer: Any) -> Iterator[float]:
    """Every number in the API's JSON."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list):
        for part in answer:
            yield from numbers_of(part)
    elif isinstance(answer, int | float) and not isinstance(answer, bool):
        yield float(answer)


def not_answered(drawn: Iterable[Drawn], answered: Iterable[float]) -> list[Drawn]:
    """What was drawn and is in no answer. Nothing is in none: days without a sale are drawn as 0."""
    known = sorted({0.0, *answered})
    return [each for each in drawn if not _is_near(each[1], each[2], known)]


def _is_near(value: float, tolerance: float, known: list[float]) -> bool:
    place = bisect_left(known, value - tolerance)
    return place < len(known) and known[place] <= value + tolerance


def _read(text: str) -> tuple[float, float] | None:
    """A number as people read it, and half of its last digit; None for a dash."""
    match = re.fullmatch(r"(−?)([\d,]+)(?:\.(\d+))?(?: (%|M|bn))?", text)
    if match is None:
        assert text == "–", text
        return None
    sign, whole, decimals, unit = match.groups()
    scale = 0.01 if unit == "%" else SCALES[unit or ""]
    value = float(f"{whole.replace(',', '')}.{decimals or 0}") * scale
    return (-value if sign else value), 0.5000001 * scale / 10 ** len(decimals or "")


def _values(trace: dict[str, Any]) -> Iterator[float]:
    axis = "z" if trace["type"] == "heatmap" else "x" if trace.get("orientation") == "h" else "y"
    for value in trace[axis]:
        yield from numbers_of(value)
