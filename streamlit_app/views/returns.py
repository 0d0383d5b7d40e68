"""Returns and price: what leaks? Returns by format, publisher and time, prices asked and prices got."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from api.client import Body, Breakdown
from streamlit_app import messages, panels, questions, tables, tiles, words
from streamlit_app.charts.bars import bars, columns
from streamlit_app.charts.trend import trend
from streamlit_app.citations import dictionary
from streamlit_app.panels import panel
from streamlit_app.tiles import Tile
from streamlit_app.visit import SalesVisit

TILES = (
    Tile("return_rate", "Return rate", words.percent, good=-1, is_ratio=True),
    Tile("return_units", "Units returned", words.whole, good=-1),
    Tile("return_value", "Value returned", words.whole, good=-1, is_money=True),
    Tile("discount", "Discounts", words.whole, good=-1, is_money=True),
    Tile("average_selling_price", "Average price", words.exact, is_money=True),
)
METRICS = tuple(tile.metric for tile in TILES)
RATES = ("return_rate", "return_units", "gross_units", "average_selling_price")
PUBLISHERS, BOOKS = 10, 20
# Beyond half a year returns come one by one.
LATE_WEEKS = 26


def show(visit: SalesVisit) -> None:
    """Draw the page."""
    chosen = (visit.window, visit.filters)
    summary = questions.summary(METRICS, *chosen, visit.comparison)
    series = questions.timeseries((*METRICS, "gross_units"), visit.interval, *chosen, visit.comparison)
    formats = questions.breakdown("format", RATES, *chosen)
    publishers = questions.breakdown("publisher", ("return_units", *RATES), *chosen, limit=PUBLISHERS)
    weeks = questions.breakdown("return_weeks", ("return_units",), *chosen, limit=1_000)
    prices = questions.breakdown("price_band", ("gross_units", "net_revenue"), *chosen, limit=1_000)
    discounts = questions.breakdown("discount_band", ("gross_units", "net_revenue"), *chosen)
    books = questions.top_books("return_units", BOOKS, *chosen)
    answers = visit.ask(summary, series, formats, publishers, weeks, prices, discounts, books)
    if not answers[formats]["data"]["rows"]:
        messages.no_match(visit)
        return
    tiles.row(answers[summary], answers[series]["data"]["buckets"], dictionary(visit), TILES)
    _rate(visit, answers[series])
    for column, (title, by, drawn, answer) in zip(
        st.columns(2),
        (
            ("Return rate by format", "format", "return_rate", answers[formats]),
            ("Units returned by publisher", "publisher", "return_units", answers[publishers]),
        ),
        strict=True,
    ):
        with column:
            _rates(visit, title, by, drawn, answer)
    _lags(answers[weeks])
    left, right = st.columns(2)
    with left:
        _bands("Units sold by price", f"{visit.currency} per copy", "price_band", answers[prices])
    with right:
        _bands("Units sold by discount", "per cent off", "discount_band", answers[discounts])
    _books(visit, answers[books])


def _rate(visit: SalesVisit, series: Body[Any]) -> None:
    buckets = [bucket for bucket in series["data"]["buckets"] if bucket["metrics"]["return_rate"] is not None]
    with panel(f"Return rate by {visit.interval}", "copies returned on these days per copy sold on these days"):
        figure = trend(buckets, "return_rate", "Return rate", visit.interval)
        panels.chart(as_ratio(figure), f"Return rate by {visit.interval}, {len(buckets)} points", "rate")


def _rates(visit: SalesVisit, title: str, by: str, drawn: str, answer: Body[Breakdown]) -> None:
    rows = answer["data"]["rows"]
    noun = by.capitalize()
    lines = [
        {
            noun: tables.place_label(row["members"]),
            "Return rate": row["metrics"]["return_rate"],
            "Units returned": row["metrics"]["return_units"],
            "Units sold": row["metrics"]["gross_units"],
            "Average price": row["metrics"]["average_selling_price"],
        }
        for row in rows
    ]
    labels = [str(line[noun]) for line in lines]
    rated = [row["metrics"][drawn] or 0 for row in rows]
    texts = [words.percent(value) if drawn == "return_rate" else words.whole(value) for value in rated]
    cut = f"{len(rows)} of {answer['data']['row_count']:,}" if answer["data"]["is_truncated"] else f"all {len(rows)}"
    steps = [panels.narrowed(**{by: str(row["members"][by])}) for row in rows]
    with panel(title, f"{cut}. Pick one to see it alone."):
        panels.chart(bars(labels, rated, texts), f"{title}; first {labels[0]} with {texts[0]}", f"rates-{by}", steps)
        panels.table(lines, _rate_columns(visit.currency), f"{title} as a table", f"rates-table-{by}", steps)


def _rate_columns(currency: str) -> Mapping[str, Any]:
    return {
        "Return rate": st.column_config.NumberColumn(format="percent"),
        "Units returned": st.column_config.NumberColumn(format="localized"),
        "Units sold": st.column_config.NumberColumn(format="localized"),
        "Average price": st.column_config.NumberColumn(f"Average price ({currency})", format="%.2f"),
    }


def _lags(answer: Body[Breakdown]) -> None:
    """Returns by whole weeks since the sale, the late ones together; those of an unknown sale are said."""
    units = {row["members"]["return_weeks"]: row["metrics"]["return_units"] or 0 for row in answer["data"]["rows"]}
    known = {int(week): count for week, count in units.items() if week is not None and count}
    if not known:
        return
    late = sum(count for week, count in known.items() if week >= LATE_WEEKS)
    counts = {str(week): known.get(week, 0) for week in range(min(max(known) + 1, LATE_WEEKS))}
    counts |= {f"{LATE_WEEKS}+": late} if late else {}
    unknown = units.get(None, 0)
    note = f" {words.whole(unknown)} more are of a sale that is not known." if unknown else ""
    within = sum(count for week, count in known.items() if week < 4)
    alt = f"Copies returned by weeks since the sale; {words.percent(within / sum(known.values()), 0)} within 4 weeks"
    with panel("How long until a return", f"copies returned, by whole weeks since the sale.{note}"):
        values = list(counts.values())
        panels.chart(columns(list(counts), values, [words.whole(value) for value in values], "weeks"), alt, "lags")


def _bands(title: str, unit: str, by: str, answer: Body[Breakdown]) -> None:
    """Units by lower ends of bands, in their order, gaps included."""
    sold = {row["members"][by]: row["metrics"]["gross_units"] or 0 for row in answer["data"]["rows"]}
    known = {int(low): units for low, units in sold.items() if low is not None}
    if not known:
        return
    lows = range(min(known), max(known) + 1, 5)
    values = [known.get(low, 0) for low in lows]
    labels = [f"{low}–{low + 5}" for low in lows]
    most = lows[max(range(len(values)), key=values.__getitem__)]
    with panel(title, "in steps of 5, the lower end included"):
        figure = columns(labels, values, [words.whole(value) for value in values], unit)
        panels.chart(figure, f"{title}; most from {most}", by)


def _books(visit: SalesVisit, answer: Body[Any]) -> None:
    rows = [row for row in answer["data"]["rows"] if row["return_units"]]
    if not rows:
        return
    lines = [
        {
            "Title": row["title"],
            "Format": tables.book_format(row),
            "Units returned": row["return_units"],
            "Units sold": row["gross_units"],
            "ISBN": row["isbn13"] or tables.NOTHING,
        }
        for row in rows
    ]
    with panel("Books returned most", "Pick a row to open the book."):
        panels.opening_table(
            lines,
            {"Title": st.column_config.TextColumn(width=320)},
            "Books returned most",
            "returned",
            [panels.book_place(row["isbn13"]) for row in rows],
        )


def as_ratio(figure: Mapping[str, Any]) -> dict[str, Any]:
    """The figure with per cent on its axis and under the pointer."""
    traces = [{**trace, "hovertemplate": "%{y:.1%}"} for trace in figure["data"]]
    axis = {**figure["layout"]["yaxis"], "tickformat": ",.0%"}
    return {"data": traces, "layout": {**figure["layout"], "yaxis": axis}}
