"""Overview: how are we doing, against what, and why?"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from api.client import Body, BookRow, Breakdown, Event, Movement, Ranking, Timeseries
from streamlit_app import messages, panels, questions, tables, tiles, words
from streamlit_app.charts.bars import movements
from streamlit_app.charts.trend import trend
from streamlit_app.citations import dictionary
from streamlit_app.headline import comparable, headline
from streamlit_app.panels import panel
from streamlit_app.selection import MEASURES, MONEY
from streamlit_app.visit import SalesVisit

BOOKS = 10
MOVED = {"genre": "Genres", "region": "Regions", "book": "Books"}
SCORED = {"channel": "Channels", "format": "Formats"}


def show(visit: SalesVisit) -> None:
    """Draw the page."""
    days, filters, measure, comparison = visit.window, visit.filters, visit.selection.measure, visit.comparison
    summary = questions.summary(tiles.METRICS, days, filters, comparison)
    series = questions.timeseries(tiles.metrics_with(measure), visit.interval, days, filters, comparison)
    books = questions.top_books(measure, BOOKS, days, filters, comparison)
    scored = {by: questions.breakdown(by, (measure,), days, filters, comparison) for by in SCORED}
    moved = {by: questions.movers(by, measure, days, filters, comparison) for by in MOVED} if comparison else {}
    events = questions.events(days)
    answers = visit.ask(summary, series, events, books, *moved.values(), *scored.values())
    if answers[books]["data"]["total"]["count"] == 0:
        messages.no_match(visit)
        return
    is_compared = comparable(answers[summary]) is not None
    st.markdown(headline(answers[summary], measure, answers[moved["genre"]] if moved else None))
    tiles.row(answers[summary], answers[series]["data"]["buckets"], dictionary(visit))
    _trend(visit, answers[series], answers[events]["data"], is_compared)
    if moved and is_compared:
        _what_moved(visit, {by: answers[asked] for by, asked in moved.items()})
    _books(visit, answers[books])
    for column, (by, title) in zip(st.columns(2), SCORED.items(), strict=True):
        with column:
            _score(visit, by, title, answers[scored[by]], is_compared)


def _trend(visit: SalesVisit, series: Body[Timeseries], events: Sequence[Event], is_compared: bool) -> None:
    measure, interval = visit.selection.measure, visit.interval
    label, buckets = MEASURES[measure], series["data"]["buckets"]
    best = max(buckets, key=lambda bucket: bucket["metrics"][measure] or 0)
    alt = (
        f"{label} by {interval}, {len(buckets)} points; "
        f"highest {words.whole(best['metrics'][measure])} in the {interval} from {best['start']}"
    )
    figure = trend(
        buckets,
        measure,
        label,
        interval,
        previous=(series["data"]["previous"] or ()) if is_compared else (),
        before=visit.compared_with,
        events={event["day"]: event["event"] for event in events},
    )
    with panel(f"{label} by {interval}", f"in {visit.currency}, without tax" if measure in MONEY else "copies"):
        panels.chart(figure, alt, "trend")


def _what_moved(visit: SalesVisit, movements_by: dict[str, Body[Movement]]) -> None:
    total = movements_by["genre"]["data"]["total"]
    caption = (
        f"From {words.whole(total['previous'])} to {words.whole(total['current'])}: "
        f"{words.signed(total['change'])}. Each column adds up to it."
    )
    with panel("What moved", caption):
        for column, (by, title) in zip(st.columns(3), MOVED.items(), strict=True):
            with column:
                _movers(visit, by, title, movements_by[by]["data"])


def _movers(visit: SalesVisit, by: str, title: str, movement: Movement) -> None:
    rows: list[Any] = [*movement["gains"], *reversed(movement["losses"])]
    labels = [_moved_label(by, row["members"]) for row in rows]
    steps: list[panels.Step | None] = [_step(by, row["members"]) for row in rows]
    if movement["other"]["count"]:
        rows.append(movement["other"])
        labels.append(f"{movement['other']['count']:,} others")
        steps.append(None)
    st.markdown(f"**{title}**")
    texts = [words.signed(row["change"]) for row in rows]
    alt = f"{title} by what they did to the change; first {labels[0]} with {texts[0]}" if rows else title
    panels.chart(movements(labels, [row["change"] for row in rows], texts), alt, f"moved-{by}", steps)
    named = [row for row in rows if _can_open(row.get("members"))]
    if named:
        _link(visit, by, max(named, key=lambda row: abs(row["change"]))["members"])


def _can_open(members: dict[str, Any] | None) -> bool:
    return members is not None and "Unknown" not in members.values() and members.get("isbn13", "") is not None


def _link(visit: SalesVisit, by: str, members: dict[str, Any]) -> None:
    if by == "book":
        visit.link("titles", f"Open {words.escaped(members['title'])}", visit.selection, isbn=members["isbn13"])
        return
    place = {"genre": "genres", "region": "regions"}[by]
    visit.link(place, f"Open {words.escaped(_moved_label(by, members))}", visit.selection.narrowed(**members))


def _moved_label(by: str, members: dict[str, Any]) -> str:
    return str(members["title"]) if by == "book" else tables.place_label(members)


def _step(by: str, members: dict[str, Any]) -> panels.Step | None:
    if by != "book":
        return panels.narrowed(**members)
    return panels.narrowed(book=members["isbn13"]) if members["isbn13"] else None


def _books(visit: SalesVisit, answer: Body[Ranking[BookRow]]) -> None:
    measure, rows = visit.selection.measure, answer["data"]["rows"]
    with panel("Top books", f"{cut('books', answer['data'], measure)}. Pick a row to open the book."):
        panels.opening_table(
            tables.books(rows, measure),
            tables.book_columns(measure, visit.currency),
            f"Top {len(rows)} books by {MEASURES[measure]}; first {rows[0]['title']}",
            "books",
            [panels.book_place(row["isbn13"]) for row in rows],
        )


def _score(visit: SalesVisit, by: str, title: str, answer: Body[Breakdown], is_compared: bool) -> None:
    measure, rows = visit.selection.measure, answer["data"]["rows"]
    lines = [
        tables.moved(
            title[:-1],
            tables.place_label(row["members"]),
            row["metrics"][measure],
            (row["previous"] or {measure: 0})[measure] if is_compared else None,
            measure,
        )
        for row in rows
    ]
    steps = [panels.narrowed(**{by: str(row["members"][by])}) for row in rows]
    with panel(title, "Pick a row to see it alone."):
        alt = f"{MEASURES[measure]} by {by}; first {lines[0][title[:-1]]}"
        panels.table(lines, tables.moved_columns(measure, visit.currency), alt, by, steps)


def cut(what: str, ranking: Ranking[Any], measure: str) -> str:
    """What is shown of how much, so that nothing is cut in silence."""
    shown, total = len(ranking["rows"]), ranking["total"]["count"]
    listed = sum(row[measure] for row in ranking["rows"])
    whole: Any = dict(ranking["total"])[measure]
    of_all = f", {words.percent(listed / whole, 0)} of {MEASURES[measure].lower()}" if whole else ""
    return f"{shown} of {total:,} {what}{of_all}" if shown < total else f"all {total:,} {what}"
