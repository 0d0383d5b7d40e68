"""Overview: how sales are doing, against what, and where they come from."""

from collections.abc import Callable
from datetime import date
from typing import Any

import streamlit as st

from api.client import ApiError, Client, GenreRow, Interval, Measure, Published, Ranking, RegionRow
from streamlit_app import charts, data, filters, messages, session, tables, tiles, words
from streamlit_app.data import Overview

QUIET = {"displayModeBar": False, "responsive": True}
MEASURE_LABELS = {measure: label for label, measure in filters.MEASURES.items()}


def show() -> None:
    """Draw the page."""
    client = session.require()
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom")
    head.title("Book sales", anchor=False, width="content")
    try:
        publication = data.publication(client)
        tiles.freshness(head.container(width="content"), publication)
        _draw(client, publication)
        st.button("Sign out", icon=":material/logout:", on_click=session.sign_out, type="tertiary")
    except ApiError as error:
        if error.kind == session.NOT_SIGNED_IN:
            session.forget()
        if error.kind in (session.NOT_SIGNED_IN, "publication-gone"):
            st.rerun()
        messages.failure(error)


def _draw(client: Client, publication: Published) -> None:
    first, last = _day(publication["data_from"]), _day(publication["data_through"])
    window, interval, measure = filters.choose(first, last)
    if window is None:
        if last is None:
            messages.nothing_sold()
        return
    with st.skeleton(height=900):
        overview = data.overview(client, publication["publication"], window, interval, measure)
        if overview.books["data"]["total"]["count"] == 0:
            messages.empty_window(window, first, last)
            return
        tiles.headline(overview)
        tiles.row(overview)
        _trend(overview, measure, interval)
        _books(overview, measure)
        left, right = st.columns(2)
        with left:
            _breakdown("Regions", overview.regions["data"], measure, tables.region_label)
        with right:
            _breakdown("Genres", overview.genres["data"], measure, lambda row: row["genre"])


def _trend(overview: Overview, measure: Measure, interval: Interval) -> None:
    label, currency = MEASURE_LABELS[measure], overview.summary["meta"]["currency"]
    buckets = overview.series["data"]["buckets"]
    with st.container(border=True, gap="xsmall"):
        st.subheader(f"{label} by {interval}", anchor=False)
        st.caption(f"in {currency}, without tax" if measure == "net_revenue" else "copies sold less copies returned")
        best = max(buckets, key=lambda bucket: bucket["metrics"][measure] or 0)
        alt = (
            f"{label} by {interval}, {len(buckets)} points; "
            f"highest {words.whole(best['metrics'][measure])} in the {interval} from {best['start']}"
        )
        st.plotly_chart(charts.trend(buckets, measure, label, interval), config=QUIET, alt=alt, key="trend")


def _books(overview: Overview, measure: Measure) -> None:
    ranking = overview.books["data"]
    rows = ranking["rows"]
    with st.container(border=True, gap="xsmall"):
        st.subheader("Top books", anchor=False)
        st.caption(_cut("books", ranking, measure))
        left, right = st.columns([5, 7], gap="medium", vertical_alignment="center")
        labels = [tables.book_label(row, rows) for row in rows]
        left.plotly_chart(
            charts.bars(labels, [row[measure] for row in rows], [words.whole(row[measure]) for row in rows]),
            config=QUIET,
            alt=f"Top {len(rows)} books by {MEASURE_LABELS[measure]}; first {labels[0]}",
            key="books",
        )
        tables.books(right, rows, overview.summary["meta"]["currency"])


def _breakdown(
    title: str,
    ranking: Ranking[RegionRow] | Ranking[GenreRow],
    measure: Measure,
    label: Callable[[Any], str],
) -> None:
    labels = [label(row) for row in ranking["rows"]]
    sums: list[Any] = [*ranking["rows"]]
    if ranking["other"]["count"]:
        sums.append(ranking["other"])
        labels.append(f"{ranking['other']['count']:,} others")
    total = ranking["total"][measure]
    texts = [
        f"{words.whole(row[measure])} · {words.percent(row[measure] / total if total else None, 0)}" for row in sums
    ]
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.subheader(title, anchor=False)
        st.caption(_cut(title.lower(), ranking, measure))
        figure = charts.bars(labels, [row[measure] for row in sums], texts, has_other=len(sums) > len(ranking["rows"]))
        alt = f"{MEASURE_LABELS[measure]} by {title.lower()}; first {labels[0]} with {texts[0]}"
        st.plotly_chart(figure, config=QUIET, alt=alt, key=title.lower())


def _cut(what: str, ranking: Ranking[Any], measure: Measure) -> str:
    """What is shown of how much, so that nothing is cut in silence."""
    shown, total = len(ranking["rows"]), ranking["total"]["count"]
    listed = sum(row[measure] for row in ranking["rows"])
    whole = ranking["total"][measure]
    of_all = f", {words.percent(listed / whole, 0)} of {MEASURE_LABELS[measure].lower()}" if whole else ""
    return f"{shown} of {total:,} {what}{of_all}" if shown < total else f"all {total:,} {what}"


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None
