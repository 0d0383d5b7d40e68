"""Customers: who is new, who comes back, and of which segment. Counts only, and no small ones."""

from functools import partial
from typing import Any

import streamlit as st

from api.client import CSV, Body, Cohort, Cohorts, CustomerMonth, CustomerMonths
from streamlit_app import answers, messages, words
from streamlit_app.address import api_url
from streamlit_app.charts.customers import new_and_repeat, retention
from streamlit_app.panels import chart, panel
from streamlit_app.questions import Question
from streamlit_app.visit import Visit

MONTHS: Question[Body[CustomerMonths]] = Question("Customers by month", "customers")
COHORTS: Question[Body[Cohorts]] = Question("Cohorts", "customers/cohorts")
HIDDEN = "hidden"
WHY_HIDDEN = (
    "A count of fewer than 10 customers is hidden, and with it as many others as it takes that nothing gives it back. "
    "So there are whole months only, and no filters."
)


def show(visit: Visit) -> None:
    """Draw the page."""
    if visit.published is None:
        messages.nothing_published()
        return
    found = answers.ask(visit.client, api_url(), visit.me["view"], visit.published["publication"], [MONTHS, COHORTS])
    months, cohorts = found[MONTHS]["data"]["months"], found[COHORTS]["data"]["cohorts"]
    if not months:
        st.info(
            "Customers are shown by whole months, and the data does not cover one to its end yet.",
            title="No whole month yet",
            icon=":material/hourglass_empty:",
        )
        return
    st.markdown(headline(months))
    st.caption(WHY_HIDDEN)
    _months(months)
    _segments(months)
    _cohorts(cohorts)
    _exports(visit)


def headline(months: list[CustomerMonth]) -> str:
    """The last month in one sentence."""
    last = months[-1]
    if last["customers"] is None:
        return f"In {words.month(last['month'])} **fewer than 10** customers bought."
    sentence = f"In {words.month(last['month'])} **{words.whole(last['customers'])} customers** bought"
    if last["new"] is None:
        return f"{sentence}; too few are of one kind to tell new from repeat."
    return f"{sentence}, **{words.whole(last['new'])}** of them for the first time."


def _months(months: list[CustomerMonth]) -> None:
    with panel("New and repeat customers by month"):
        told = [month for month in months if month["customers"] is not None]
        most = max(told, key=lambda month: month["customers"] or 0, default=months[-1])
        alt = f"Customers by month, {len(months)} months; most, {words.whole(most['customers'])}, in {words.month(most['month'])}"
        chart(new_and_repeat(months), alt, "months")
        rows = [
            {
                "Month": words.month(month["month"]),
                "Customers": month["customers"],
                "New": month["new"],
                "Repeat": month["repeat"],
            }
            for month in reversed(months)
        ]
        _table(rows, "Customers by month as a table", "months_table")


def _segments(months: list[CustomerMonth]) -> None:
    names = sorted({name for month in months for name in month["segments"]})
    with panel("Customers by segment"):
        rows = [
            {
                "Month": words.month(month["month"]),
                **{words.plain(name): month["segments"].get(name, 0) for name in names},
            }
            for month in reversed(months)
        ]
        _table(rows, "Customers by segment and month as a table", "segments_table")


def _cohorts(cohorts: list[Cohort]) -> None:
    with panel(
        "Who comes back", "Of the customers who first bought in a month, the share that bought in each month since."
    ):
        shown = [share for cohort in cohorts for share in cohort["ratio"][1:] if share is not None]
        alt = f"Share of customers who came back, {len(cohorts)} cohorts; {len(shown)} cells are shown"
        chart(retention(cohorts), alt, "retention")
        most = max(len(cohort["active"]) for cohort in cohorts)
        rows = [
            {
                "First bought": words.month(cohort["cohort"]),
                "Customers": cohort["customers"],
                **{f"+{number}": dict(enumerate(cohort["active"])).get(number, "") for number in range(1, most)},
            }
            for cohort in cohorts
        ]
        _table(rows, "Customers who came back as a table", "cohorts_table")


def _table(rows: list[dict[str, Any]], alt: str, key: str) -> None:
    """Every cell as text: a hidden count and a month that is still to come are no numbers."""
    cells = [{name: HIDDEN if value is None else _cell(value) for name, value in row.items()} for row in rows]
    st.dataframe(cells, hide_index=True, alt=alt, key=key)


def _cell(value: str | int) -> str:
    return value if isinstance(value, str) else words.whole(value)


def _exports(visit: Visit) -> None:
    assert visit.published is not None
    client, publication = visit.client, visit.published["publication"]
    with st.container(horizontal=True):
        for question in (MONTHS, COHORTS):
            name = question.name
            st.download_button(
                f"{question.title} as CSV",
                data=partial(client.file, name, {}, CSV, publication),
                file_name=f"{name.replace('/', '_')}.csv",
                mime=CSV,
                on_click="ignore",
                icon=":material/download:",
                key=f"export-{name}",
            )
