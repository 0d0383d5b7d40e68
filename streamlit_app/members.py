"""One level of a way down: members of a dimension as bars and as a table, and how the largest went over time."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from api.client import Body, Breakdown, MemberRow, Timeseries
from streamlit_app import messages, panels, questions, tables, words
from streamlit_app.charts.bars import bars
from streamlit_app.charts.trend import lines
from streamlit_app.panels import panel
from streamlit_app.questions import Question
from streamlit_app.selection import FILTERS, MEASURES
from streamlit_app.visit import SalesVisit

RATIOS = ("return_rate", "average_selling_price", "frontlist_share")
BARS, LINES = 15, 5


def level(visit: SalesVisit, by: str, title: str, is_last: bool = False) -> bool:
    """Draw the members of `by`; picking one narrows the page to it, unless this is the last level. False: nothing sold."""
    measure = visit.selection.measure
    asked = questions.breakdown(by, (measure, *RATIOS), visit.window, visit.filters, visit.comparison)
    answer = visit.ask(asked)[asked]
    rows = answer["data"]["rows"]
    if not rows:
        messages.no_match(visit)
        return False
    series = {_name(row): _series_of(visit, by, row) for row in rows[:LINES]}
    answers = visit.ask(*series.values())
    steps = [] if is_last else [panels.narrowed(**_filters(row)) for row in rows]
    _bars(visit, by, title, answer, steps)
    if len(series) > 1:
        _course(visit, title, {name: answers[each] for name, each in series.items()})
    _table(visit, by, title, answer, steps)
    return True


def share_of(visit: SalesVisit, by: str, title: str) -> None:
    """Draw the members of another dimension beside; picking one narrows the page to it."""
    asked = questions.breakdown(by, (visit.selection.measure, *RATIOS), visit.window, visit.filters, visit.comparison)
    answer = visit.ask(asked)[asked]
    steps = [panels.narrowed(**_filters(row)) for row in answer["data"]["rows"]]
    _bars(visit, by, title, answer, steps)
    _table(visit, by, title, answer, steps)


def _bars(visit: SalesVisit, by: str, title: str, answer: Body[Breakdown], steps: Sequence[panels.Step]) -> None:
    measure, data = visit.selection.measure, answer["data"]
    rows: list[Any] = data["rows"][:BARS]
    total = data["total"]["metrics"][measure]
    labels = [_name(row) for row in rows]
    values = [row["metrics"][measure] for row in rows]
    texts = [f"{words.whole(value)} · {words.percent(value / total if total else None, 0)}" for value in values]
    cut = f"{len(rows)} of {data['row_count']:,}" if len(rows) < data["row_count"] else f"all {data['row_count']:,}"
    pick = " Pick a bar to go deeper." if steps else ""
    with panel(title, f"{cut}, of {words.whole(total)} {MEASURES[measure].lower()} in all.{pick}"):
        panels.chart(
            bars(labels, values, texts),
            f"{MEASURES[measure]} by {FILTERS[by].lower()}; first {labels[0]} with {texts[0]}",
            f"bars-{by}",
            steps[:BARS],
        )


def _course(visit: SalesVisit, title: str, series: dict[str, Body[Timeseries]]) -> None:
    measure = visit.selection.measure
    with panel(f"The largest {title.lower()} over time", f"{MEASURES[measure]} by {visit.interval}"):
        panels.chart(
            lines({name: answer["data"]["buckets"] for name, answer in series.items()}, measure, visit.interval),
            f"{MEASURES[measure]} by {visit.interval} of {', '.join(series)}",
            "course",
        )


def _table(visit: SalesVisit, by: str, title: str, answer: Body[Breakdown], steps: Sequence[panels.Step]) -> None:
    measure, data = visit.selection.measure, answer["data"]
    noun, comparison = FILTERS[by], answer["meta"]["comparison"]
    is_compared = bool(comparison and comparison["is_complete"])
    lines_of = [
        {
            **tables.moved(
                noun,
                _name(row),
                row["metrics"][measure],
                (row["previous"] or {measure: 0})[measure] if is_compared else None,
                measure,
            ),
            "Average price": row["metrics"]["average_selling_price"],
            "Return rate": row["metrics"]["return_rate"],
            "Frontlist share": row["metrics"]["frontlist_share"],
        }
        for row in data["rows"]
    ]
    columns = {
        **tables.moved_columns(measure, visit.currency),
        "Average price": st.column_config.NumberColumn(f"Average price ({visit.currency})", format="%.2f"),
        "Return rate": st.column_config.NumberColumn(format="percent"),
        "Frontlist share": st.column_config.NumberColumn(format="percent"),
    }
    shown = f"{len(lines_of)} of {data['row_count']:,} rows" if data["is_truncated"] else f"all {len(lines_of):,} rows"
    with panel(f"{title} as a table", f"{shown}. Pick a row to go deeper." if steps else shown):
        panels.table(lines_of, columns, f"{title} as a table", f"table-{by}", steps)


def _series_of(visit: SalesVisit, by: str, row: MemberRow) -> Question[Body[Timeseries]]:
    filters = visit.selection.narrowed(**_filters(row)).filters
    return questions.timeseries((visit.selection.measure,), visit.interval, visit.window, filters)


def _filters(row: MemberRow) -> dict[str, str]:
    return {name: str(member) for name, member in row["members"].items()}


def _name(row: MemberRow) -> str:
    return tables.place_label(row["members"])
