"""Parts that pages are made of: a box with a title, a chart and a table whose members can be picked to go deeper."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

from streamlit_app import address_bar, words
from streamlit_app.charts.axes import Figure
from streamlit_app.selection import Selection
from streamlit_app.visit import SalesVisit

QUIET = {"displayModeBar": False, "responsive": True}
OPENED = "place_to_open"
NOTHING = "–"
MOST_ROWS_AT_ONCE = 60

Step = Callable[[Selection], Selection]


@dataclass(frozen=True)
class Place:
    """A page, what is chosen there, and what the link to it says beside."""

    slug: str
    step: Step = lambda selection: selection
    own: Mapping[str, str] = field(default_factory=dict)


def book_place(isbn13: str | None) -> Place | None:
    """The page of a book; sales of no known book have none."""
    return Place("titles", own={"isbn": isbn13}) if isbn13 else None


@contextmanager
def panel(title: str, caption: str = "") -> Iterator[None]:
    """A box with a title and what its numbers are."""
    with st.container(border=True, gap="xsmall", height="stretch"):
        st.subheader(title, anchor=False)
        if caption:
            st.caption(caption)
        yield


def chart(figure: Figure, alt: str, key: str, steps: Sequence[Step | None] = ()) -> None:
    """A figure; `alt` says what it shows to those who do not see it. A click on its n-th point takes the n-th step."""
    if not any(steps):
        st.plotly_chart(figure, config=QUIET, alt=alt, key=key)
        return
    st.plotly_chart(
        {**figure, "layout": {**figure["layout"], "clickmode": "event+select", "dragmode": False}},
        config=QUIET,
        alt=alt,
        key=key,
        on_select=lambda: _take_point(key, steps),
        selection_mode="points",
    )


def table(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any], alt: str, key: str, steps: Sequence[Step | None] = ()
) -> None:
    """Rows as a table. A row that is picked takes its step."""
    _frame(rows, columns, alt, key, (lambda: _take_row(key, steps)) if any(steps) else "ignore")


def opening_table(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any], alt: str, key: str, places: Sequence[Place | None]
) -> None:
    """Rows as a table. A row that is picked opens its place, a page of its own."""
    _frame(rows, columns, alt, key, lambda: _open_row(key, places))


def open_picked(visit: SalesVisit) -> None:
    """Go to the place that has been picked, with the filters in force."""
    place: Place | None = st.session_state.pop(OPENED, None)
    if place:
        said = {**place.step(visit.selection).parameters, **{name: [value] for name, value in place.own.items()}}
        st.switch_page(visit.routes[place.slug], query_params=said)


def breadcrumbs(visit: SalesVisit, places: Sequence[tuple[str, Selection]]) -> None:
    """The way down to where one is, each place on it a link up; the last one is here."""
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center", key="breadcrumbs"):
        for label, selection in places[:-1]:
            visit.link(visit.slug, words.escaped(label), selection)
            st.markdown("›", width="content")
        st.markdown(f"**{words.escaped(places[-1][0])}**", width="content")


def narrowed(**filters: str) -> Step:
    """A step down: the filters of a member in place of those of the same name."""
    return lambda selection: selection.narrowed(**filters)


def _frame(
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Any],
    alt: str,
    key: str,
    on_pick: Callable[[], None] | Literal["ignore"],
) -> None:
    st.dataframe(
        rows,
        hide_index=True,
        column_config=columns,
        alt=alt,
        key=key,
        height=_height(rows),
        placeholder=NOTHING,
        on_select=on_pick,
        selection_mode="single-row",
    )


def _height(rows: Sequence[Any]) -> Literal["auto", "content"]:
    """All rows at once, on paper too; a very long table scrolls."""
    return "content" if len(rows) <= MOST_ROWS_AT_ONCE else "auto"


def _take_point(key: str, steps: Sequence[Step | None]) -> None:
    points = st.session_state[key].selection.points
    # Only the first trace that can be picked has steps.
    _take(points[0]["point_index"] if points else None, steps)


def _take_row(key: str, steps: Sequence[Step | None]) -> None:
    rows = st.session_state[key].selection.rows
    _take(rows[0] if rows else None, steps)


def _take(place: int | None, steps: Sequence[Step | None]) -> None:
    step = steps[place] if place is not None and place < len(steps) else None
    if step is not None:
        address_bar.change(step)


def _open_row(key: str, places: Sequence[Place | None]) -> None:
    rows = st.session_state[key].selection.rows
    if rows and rows[0] < len(places):
        st.session_state[OPENED] = places[rows[0]]
