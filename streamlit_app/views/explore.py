"""Explore: any metrics by any dimensions within the filters, and SQL of one's own."""

from functools import partial

import streamlit as st

from api.client import CSV, XLSX, ApiError, QueryOptions
from streamlit_app import citations, own_answer, own_question, parts, sql_panel, words
from streamlit_app.own_question import OwnQuestion
from streamlit_app.visit import SalesVisit

PARTS = {"question": "Metrics and dimensions", "sql": "SQL"}
MOST_ROWS = 1_000
INVALID = 422


def show(visit: SalesVisit) -> None:
    """Draw the page."""
    if visit.may("sql") and parts.choose(PARTS, "How to ask") == "sql":
        sql_panel.draw(visit)
        return
    question = own_question.choose(citations.dictionary(visit))
    if question is not None:
        _answer(visit, question)


def _answer(visit: SalesVisit, question: OwnQuestion) -> None:
    ask: QueryOptions = {
        "dimensions": question.by,
        "filters": visit.filters,
        "order_by": question.order_by,
        "limit": MOST_ROWS,
        "publication": visit.published["publication"],
    }
    try:
        answer = visit.client.query(visit.window, question.metrics, **ask)
    except ApiError as error:
        if error.status != INVALID:
            raise
        st.warning(words.escaped(str(error)), title="This cannot be asked", icon=":material/block:")
        return
    if not answer["data"]["rows"]:
        st.info("No sale is of these days and filters.", title="No rows", icon=":material/search_off:")
        return
    own_answer.draw(question, answer, visit.window)
    with st.container(horizontal=True):
        for label, ending, kind in (("CSV", "csv", CSV), ("XLSX", "xlsx", XLSX)):
            st.download_button(
                label,
                data=partial(visit.client.query_export, visit.window, question.metrics, kind, **ask),
                file_name=f"explore_{visit.window.first}_{visit.window.last}.{ending}",
                mime=kind,
                on_click="ignore",
                icon=":material/download:",
                key=f"explore-{ending}",
            )
    with st.expander("The same from the API", icon=":material/code:"):
        days = {"from": visit.window.first.isoformat(), "until": visit.window.last.isoformat()}
        st.code(f"POST /api/analytics/query/\n{own_answer.request(question, days, visit.filters)}", language=None)
