"""One book: is it on its curve? Its launch against books like it, its editions, its prices and where it sells."""

from datetime import date
from typing import Any

import streamlit as st

from api.client import ApiError, Body, BookDetail, BookRow, Comparables, Ranking
from streamlit_app import panels, questions, tables, tiles, words
from streamlit_app.charts.bars import bars
from streamlit_app.charts.launch import launch
from streamlit_app.charts.trend import trend
from streamlit_app.citations import dictionary
from streamlit_app.panels import panel
from streamlit_app.selection import MEASURES, MONEY
from streamlit_app.visit import SalesVisit

REFUSED = 422
BOOK_TILES = tuple(tile for tile in tiles.TILES if tile.metric not in ("active_titles", "frontlist_share"))


def show(visit: SalesVisit, isbn13: str) -> None:
    """Draw the page of the book."""
    asked = questions.book(isbn13, visit.window)
    try:
        detail = visit.ask(asked)[asked]
    except ApiError as error:
        if error.status != REFUSED:
            raise
        _not_there(visit, isbn13)
        return
    book, editions = detail["data"]["book"], detail["data"]["editions"]
    measure, filters = visit.selection.measure, {**visit.filters, "book": (isbn13,)}
    isbns = tuple(str(edition["isbn13"]) for edition in editions if edition["isbn13"])
    summary = questions.summary(tiles.METRICS, visit.window, filters, visit.comparison)
    series = questions.timeseries(tiles.metrics_with(measure), visit.interval, visit.window, filters, visit.comparison)
    sold = questions.top_books(measure, len(isbns), visit.window, {**visit.filters, "book": isbns}, visit.comparison)
    places = questions.breakdown("region", (measure,), visit.window, filters)
    like = questions.comparables(isbn13)
    answers = visit.ask(summary, series, like, sold, places)
    panels.breadcrumbs(visit, [("Titles", visit.selection), (book["title"], visit.selection)])
    _about(detail, visit.currency)
    tiles.row(answers[summary], answers[series]["data"]["buckets"], dictionary(visit), BOOK_TILES)
    _launch(visit, detail, answers[like])
    left, right = st.columns(2)
    with left:
        _trend(visit, answers[series])
    with right:
        _prices(visit, answers[series], book["list_price"])
    _editions(visit, answers[sold], len(isbns))
    _places(visit, answers[places])


def _not_there(visit: SalesVisit, isbn13: str) -> None:
    st.info(
        "It has left the shop, has another number today, or is not for you. Search for its title.",
        title=f"There is no book {words.escaped(words.shortened(isbn13, 40))}",
        icon=":material/search_off:",
    )
    visit.link("titles", "All titles", visit.selection, ":material/arrow_back:")


def _about(detail: Body[BookDetail], currency: str) -> None:
    book = detail["data"]["book"]
    st.header(words.escaped(book["title"]), anchor=False)
    parts = [
        ", ".join(book["author_names"]),
        words.plain(book["format"]),
        book["publisher"] if book["publisher"] == book["imprint"] else f"{book['imprint']} ({book['publisher']})",
        tables.place_label({"genre": book["genre"], "subgenre": book["subgenre"]}),
        f"list price {words.exact(book['list_price'])} {book['currency'] or currency}" if book["list_price"] else "",
        f"published {words.day_of(book['published_on'])}" if book["published_on"] else "",
        f"ISBN {book['isbn13']}",
    ]
    st.markdown(words.escaped(" · ".join(part for part in parts if part)))


def _launch(visit: SalesVisit, detail: Body[BookDetail], like: Body[Comparables]) -> None:
    weeks, books = detail["data"]["launch"], like["data"]["books"]
    published_on, first = detail["data"]["book"]["published_on"], visit.data_from
    if not weeks or not published_on:
        return
    if first and date.fromisoformat(published_on) < first:
        st.caption(f"Its launch is not shown: it was published before the first day of the data, {words.day(first)}.")
        return
    comparable = like["data"]["weeks"]
    caption = "Net units by week since publication, over all regions and channels, whatever the days chosen."
    if comparable:
        caption += f" Dashed: the middle of {len(books)} books of its genre and format; the band holds half of them."
    else:
        caption += " Too few books of its genre and format were published in these days to compare with."
    whole = [week["net_units"] for week in weeks if week["is_complete"]]
    alt = f"Launch: {words.whole(sum(whole))} copies in {len(whole)} weeks"
    with panel("Launch", caption):
        panels.chart(launch(weeks, comparable), alt, "launch")


def _trend(visit: SalesVisit, series: Body[Any]) -> None:
    measure, interval = visit.selection.measure, visit.interval
    label = MEASURES[measure]
    with panel(f"{label} by {interval}", f"in {visit.currency}, without tax" if measure in MONEY else "copies"):
        buckets = series["data"]["buckets"]
        panels.chart(trend(buckets, measure, label, interval), f"{label} by {interval}, {len(buckets)} points", "trend")


def _prices(visit: SalesVisit, series: Body[Any], list_price: float | None) -> None:
    buckets = [bucket for bucket in series["data"]["buckets"] if bucket["metrics"]["average_selling_price"] is not None]
    against = f"; the list price today is {words.exact(list_price)}" if list_price else ""
    with panel(f"Average price by {visit.interval}", f"in {visit.currency}, after discounts{against}"):
        panels.chart(
            trend(buckets, "average_selling_price", "Average price", visit.interval, is_from_nothing=False),
            f"Average price by {visit.interval}, {len(buckets)} points",
            "prices",
        )


def _editions(visit: SalesVisit, sold: Body[Ranking[BookRow]], count: int) -> None:
    rows, measure = sold["data"]["rows"], visit.selection.measure
    with panel("Editions of this work", f"{len(rows)} of {count} sold. Pick a row to open it."):
        panels.opening_table(
            tables.books(rows, measure),
            tables.book_columns(measure, visit.currency),
            "Editions of this work",
            "editions",
            [panels.book_place(row["isbn13"]) for row in rows],
        )


def _places(visit: SalesVisit, places: Body[Any]) -> None:
    measure, rows = visit.selection.measure, places["data"]["rows"]
    if not rows:
        return
    labels = [tables.place_label(row["members"]) for row in rows]
    values = [row["metrics"][measure] for row in rows]
    with panel("Where it sells", f"{MEASURES[measure]} by region"):
        panels.chart(
            bars(labels, values, [words.whole(value) for value in values]),
            f"{MEASURES[measure]} by region; first {labels[0]}",
            "places",
        )
