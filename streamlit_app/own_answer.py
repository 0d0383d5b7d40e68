"""The answer to a question of the reader's own: rows, a pivot and a chart of them, and what to ask the API for the same."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from api.client import Body, Table, Window
from streamlit_app import words
from streamlit_app.charts.bars import bars
from streamlit_app.charts.trend import trend
from streamlit_app.own_question import TIMES, OwnQuestion
from streamlit_app.panels import chart

MOST_BARS, MOST_COLUMNS = 20, 40
NO_MEMBER = "unknown"
FORMATS = {"money": "accounting", "ratio": "percent", "copies": "localized", "count": "localized"}

Row = Mapping[str, Any]


def draw(question: OwnQuestion, answer: Body[Table], window: Window) -> None:
    """Draw chart, pivot and rows of an answer over the window."""
    data = answer["data"]
    rows = data["rows"]
    shown = (
        f"{len(rows):,} of {data['row_count']:,} rows" if data["is_truncated"] else f"all {data['row_count']:,} rows"
    )
    if question.by and rows:
        _chart(question, rows, window)
    if len(question.by) == 2:
        _pivot(question, rows)
    st.caption(shown)
    st.dataframe(
        [dict(row) for row in rows],
        hide_index=True,
        column_order=(*question.by, *question.metrics),
        column_config=_columns(question),
        alt=f"Answer as a table, {shown}",
        key="answer_table",
    )


def pivot(question: OwnQuestion, rows: Sequence[Row]) -> tuple[list[dict[str, Any]], int]:
    """A row per member of the first dimension, a column per member of the second, cells of the first metric.

    Also how many members of the second have no column because there are too many.
    """
    first, second, metric = question.by[0], question.by[1], question.metrics[0]
    columns = sorted({_member(row[second]) for row in rows})
    shown = columns[:MOST_COLUMNS]
    cells: dict[str, dict[str, Any]] = {}
    for row in rows:
        if _member(row[second]) in shown:
            cells.setdefault(_member(row[first]), {})[_member(row[second])] = row[metric]
    label = question.labels[first]
    table = [{label: member, **{name: found.get(name) for name in shown}} for member, found in cells.items()]
    return table, len(columns) - len(shown)


def is_whole(start: str, time: str, window: Window) -> bool:
    """Whether a day, week, month, quarter or year that begins on `start` lies in the window from its first to its last day."""
    first = date.fromisoformat(start)
    days = {"day": 1, "week": 7}.get(time)
    # The first day of what follows: 28 days are never more than a month, and 4 more are never less.
    months = {"month": 1, "quarter": 3, "year": 12}.get(time, 0)
    following = first + timedelta(days=days or 0)
    for _ in range(months):
        following = (following.replace(day=28) + timedelta(days=4)).replace(day=1)
    return window.first <= first and following <= window.last + timedelta(days=1)


def request(question: OwnQuestion, window: Mapping[str, str], filters: Mapping[str, Sequence[str]]) -> str:
    """The body to send to the API for the same answer."""
    asked = {"metrics": question.metrics, "dimensions": question.by, "filters": filters, "order_by": question.order_by}
    asked |= window
    return json.dumps({name: value for name, value in asked.items() if value}, indent=2, ensure_ascii=False)


def _chart(question: OwnQuestion, rows: Sequence[Row], window: Window) -> None:
    metric = question.metrics[0]
    told = [row for row in rows if row[metric] is not None]
    if not told:
        return
    if len(question.by) == 1 and question.by[0] in TIMES:
        time = question.by[0]
        buckets: list[Any] = [
            {"start": row[time], "is_complete": is_whole(row[time], time, window), "metrics": {metric: row[metric]}}
            for row in told
        ]
        figure = trend(buckets, metric, question.labels[metric], question.by[0])
        alt = f"{question.labels[metric]} by {question.by[0]}, {len(told)} points"
    else:
        first = told[:MOST_BARS]
        labels = [" · ".join(_member(row[name]) for name in question.by) for row in first]
        values = [float(row[metric]) for row in first]
        figure = bars(labels, values, [_said(question, metric, value) for value in values])
        alt = f"{question.labels[metric]}, the first {len(first)} of {len(rows)} rows; first {labels[0]}"
    chart(figure, alt, "answer_chart")


def _pivot(question: OwnQuestion, rows: Sequence[Row]) -> None:
    if not st.toggle(f"{question.labels[question.metrics[0]]} as a pivot", key="pivot"):
        return
    cells, left_out = pivot(question, rows)
    if left_out:
        st.caption(f"{left_out:,} more columns are not shown; swap the dimensions, or filter.")
    st.dataframe(cells, hide_index=True, alt="Answer as a pivot", key="pivot_table")


def _columns(question: OwnQuestion) -> dict[str, Any]:
    texts = {name: st.column_config.TextColumn(question.labels[name]) for name in question.by}
    numbers = {
        name: st.column_config.NumberColumn(question.labels[name], format=FORMATS[question.units[name]])
        for name in question.metrics
    }
    return {**texts, **numbers}


def _said(question: OwnQuestion, metric: str, value: float) -> str:
    return words.percent(value) if question.units[metric] == "ratio" else words.whole(value)


def _member(value: object) -> str:
    return NO_MEMBER if value is None else str(value)
