"""Overview: how sales are doing, against what, and where they come from."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from api.client import Body, BookRow, GenreRow, Ranking, RegionRow, Timeseries
from streamlit_app import charts, messages, questions, tables, tiles, words
from streamlit_app.selection import MEASURES, MONEY
from streamlit_app.visit import SalesVisit

QUIET = {"displayModeBar": False, "responsive": True}
BARS = 10


def show(visit: SalesVisit) -> None:
    """Draw the page."""
    chosen = (visit.window, visit.filters)
    measure = visit.selection.measure
    summary = questions.summary(tiles.METRICS, *chosen, visit.comparison)
    series = questions.timeseries(tiles.metrics_with(measure), visit.interval, *chosen)
    books = questions.top_books(measure, BARS, *chosen)
    regions = questions.by_region(measure, "region", BARS, *chosen)
    genres = questions.by_genre(measure, "genre", BARS, *chosen)
    answers = visit.ask(summary, series, books, regions, genres)
    if answers[books]["data"]["total"]["count"] == 0:
        messages.no_match(visit)
        return
    tiles.headline(answers[summary])
    tiles.row(answers[summary], answers[series]["data"]["buckets"])
    _trend(visit, answers[series])
    _books(visit, answers[books])
    left, right = st.columns(2)
    with left:
        _breakdown("Regions", answers[regions]["data"], measure, tables.region_label)
    with right:
        _breakdown("Genres", answers[genres]["data"], measure, lambda row: row["genre"])


def _trend(visit: SalesVisit, series: Body[Timeseries]) -> None:
    measure, interval = visit.selection.measure, visit.interval
    label, buckets = MEASURES[measure], series["data"]["buckets"]
    with st.container(border=True, gap="xsmall"):
        st.subheader(f"{label} by {interval}", anchor=False)
        st.caption(f"in {visit.currency}, without tax" if measure in MONEY else "copies")
        best = max(buckets, key=lambda bucket: bucket["metrics"][measure] or 0)
        alt = (
            f"{label} by {interval}, {len(buckets)} points; "
            f"highest {words.whole(best['metrics'][measure])} in the {interval} from {best['start']}"
        )
        st.plotly_chart(charts.trend(buckets, measure, label, interval), config=QUIET, alt=alt, key="trend")


def _books(visit: SalesVisit, answer: Body[Ranking[BookRow]]) -> None:
    measure, ranking = visit.selection.measure, answer["data"]
    rows: list[Any] = ranking["rows"]
    with st.container(border=True, gap="xsmall"):
        st.subheader("Top books", anchor=False)
        st.caption(cut("books", ranking, measure))
        left, right = st.columns([5, 7], gap="medium", vertical_alignment="center")
        labels = [tables.book_label(row, rows) for row in rows]
        left.plotly_chart(
            charts.bars(labels, [row[measure] for row in rows], [words.whole(row[measure]) for row in rows]),
            config=QUIET,
            alt=f"Top {len(rows)} books by {MEASURES[measure]}; first {labels[0]}",
            key="books",
        )
        tables.books(right, rows, visit.currency)


def _breakdown(
    title: str,
    ranking: Ranking[RegionRow] | Ranking[GenreRow],
    measure: str,
    label: Callable[[Any], str],
) -> None:
    sums: list[Any] = [*ranking["rows"]]
    labels = [label(row) for row in sums]
    if ranking["other"]["count"]:
        sums.append(ranking["other"])
        labels.append(f"{ranking['other']['count']:,} others")
    total = dict(ranking["total"])[measure]
    texts = [
        f"{words.whole(row[measure])} · {words.percent(row[measure] / total if total else None, 0)}" for row in sums
    ]
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.subheader(title, anchor=False)
        st.caption(cut(title.lower(), ranking, measure))
        figure = charts.bars(labels, [row[measure] for row in sums], texts, has_other=len(sums) > len(ranking["rows"]))
        alt = f"{MEASURES[measure]} by {title.lower()}; first {labels[0]} with {texts[0]}"
        st.plotly_chart(figure, config=QUIET, alt=alt, key=title.lower())


def cut(what: str, ranking: Ranking[Any], measure: str) -> str:
    """What is shown of how much, so that nothing is cut in silence."""
    shown, total = len(ranking["rows"]), ranking["total"]["count"]
    listed = sum(row[measure] for row in ranking["rows"])
    whole: Any = dict(ranking["total"])[measure]
    of_all = f", {words.percent(listed / whole, 0)} of {MEASURES[measure].lower()}" if whole else ""
    return f"{shown} of {total:,} {what}{of_all}" if shown < total else f"all {total:,} {what}"
