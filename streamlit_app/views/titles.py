"""Titles: which books carry us, rise, fall? A ranking with search; a book that is picked is a page of its own."""

from dataclasses import replace
from typing import Any

import streamlit as st

from streamlit_app import address_bar, messages, panels, questions, tables, words
from streamlit_app.charts.bars import bars
from streamlit_app.panels import panel
from streamlit_app.selection import MEASURES
from streamlit_app.views import title
from streamlit_app.visit import SalesVisit

PAGE, BARS = 50, 10


def show(visit: SalesVisit) -> None:
    """Draw the book of the link, else the ranking."""
    if visit.own("isbn"):
        title.show(visit, visit.own("isbn"))
        return
    search = visit.own("search").strip()
    _search_box(search)
    if len(search) < 2:
        ranking(visit, "Books")
        return
    asked = questions.find_books(search)
    found = visit.look_up(asked)[asked]["data"]
    if not found:
        st.info(
            "Title, author and ISBN are searched, for a part of them.",
            title=f"No book has “{words.escaped(words.shortened(search, 60))}”",
            icon=":material/search_off:",
        )
        return
    several = f"the first {len(found)} " if len(found) == questions.MOST_FOUND else ""
    isbns = tuple(book["isbn13"] for book in found)
    ranking(visit, f"Books with “{search}”", f"Of {several}books found, those that sold. ", isbns)


def ranking(visit: SalesVisit, heading: str, note: str = "", isbns: tuple[str, ...] = ()) -> None:
    """Draw the books that sold most, of those ISBNs alone where there are some, a page at a time."""
    measure, filters = visit.selection.measure, {**visit.filters, **({"book": isbns} if isbns else {})}
    after = int(visit.own("after")) if visit.own("after").isdecimal() else 0
    asked = questions.top_books(measure, PAGE, visit.window, filters, visit.comparison, min(after, 10_000_000))
    answer = visit.ask(asked)[asked]
    rows, total = answer["data"]["rows"], dict[str, Any](answer["data"]["total"])
    if not rows:
        messages.no_match(replace(visit, selection=visit.selection.narrowed(**filters)))
        return
    if not after:
        labels = [tables.book_label(row, rows) for row in rows[:BARS]]
        values = [dict[str, Any](row)[measure] for row in rows[:BARS]]
        with panel(heading, f"{note}{_carried(values, total[measure], total['count'], measure)}"):
            panels.chart(
                bars(labels, values, [words.whole(value) for value in values]),
                f"Top {len(labels)} books by {MEASURES[measure]}; first {labels[0]}",
                "books",
                [panels.narrowed(book=row["isbn13"]) if row["isbn13"] else None for row in rows[:BARS]],
            )
    last = rows[-1]["rank"]
    with panel("As a table", f"{rows[0]['rank']:,} to {last:,} of {total['count']:,}. Pick a row to open the book."):
        panels.opening_table(
            tables.books(rows, measure),
            tables.book_columns(measure, visit.currency),
            f"Books {rows[0]['rank']} to {last} by {MEASURES[measure]}",
            "ranking",
            [panels.book_place(row["isbn13"]) for row in rows],
        )
        _pager(visit, after, answer["meta"]["next"])


def _carried(values: list[float], whole: float, count: int, measure: str) -> str:
    """How much the first books carry."""
    share = words.percent(sum(values) / whole if whole else None, 0)
    return (
        f"The first {len(values)} of {count:,} books make {share} of {words.whole(whole)} {MEASURES[measure].lower()}."
    )


def _pager(visit: SalesVisit, after: int, following: int | None) -> None:
    if not after and following is None:
        return
    own = {"search": visit.own("search")} if visit.own("search") else {}
    with st.container(horizontal=True):
        if after:
            before = max(0, after - PAGE)
            visit.link(
                visit.slug,
                f"The {PAGE} before",
                visit.selection,
                ":material/chevron_left:",
                **({**own, "after": str(before)} if before else own),
            )
        if following is not None:
            visit.link(
                visit.slug,
                f"The next {PAGE}",
                visit.selection,
                ":material/chevron_right:",
                **{**own, "after": str(following)},
            )


def _search_box(search: str) -> None:
    st.session_state["search"] = search
    st.text_input(
        "Search title, author or ISBN",
        placeholder="at least two letters",
        key="search",
        icon=":material/search:",
        max_chars=100,
        on_change=lambda: address_bar.change(lambda chosen: chosen, search=st.session_state["search"], after=None),
        width=360,
    )
