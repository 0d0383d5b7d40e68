"""At the end of a page: what its numbers mean, the question that gives each of them, and the same as files."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from api.client import CSV, XLSX, Dictionary
from streamlit_app import address_bar, words
from streamlit_app.questions import Question
from streamlit_app.visit import SalesVisit

FORMATS = {"csv": ("CSV", CSV), "xlsx": ("XLSX", XLSX)}


def draw(visit: SalesVisit) -> None:
    """Draw what the page has asked for so far."""
    if address_bar.is_print() or not visit.asked:
        return
    with st.container(key="cited", gap="small"):
        with st.expander("Export and print", icon=":material/download:"):
            _exports(visit)
        with st.expander("What these numbers mean, and where they come from", icon=":material/help:"):
            _meanings(visit)


def _exports(visit: SalesVisit) -> None:
    for number, question in enumerate(visit.asked):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(words.escaped(question.title), width=260)
            for ending, (label, media_type) in FORMATS.items():
                st.download_button(
                    label,
                    data=_file_of(visit, question, media_type),
                    file_name=file_name(visit, question, ending),
                    mime=media_type,
                    key=f"export-{ending}-{number}",
                    on_click="ignore",
                    icon=":material/download:",
                )
    st.caption("Each file says its days, filters and publication. They are of what this page shows now.")
    to_print = {**address_bar.others(), address_bar.PRINT: "1"}
    visit.link(visit.slug, "Page to print", visit.selection, ":material/print:", **to_print)


def _file_of(visit: SalesVisit, question: Question[Any], media_type: str) -> Callable[[], bytes]:
    """Gets the file when it is asked for, as the reader, of the page's publication."""
    client, publication = visit.client, visit.published["publication"]
    return lambda: client.file(question.name, dict(question.parameters), media_type, publication)


def file_name(visit: SalesVisit, question: Question[Any], ending: str) -> str:
    """The file's name, with what it is and its days."""
    return f"{question.name.replace('/', '_')}_{visit.window.first}_{visit.window.last}.{ending}"


def _meanings(visit: SalesVisit) -> None:
    used = dict.fromkeys(name for question in visit.asked for name in question.shown)
    known = {entry["name"]: entry for entry in dictionary(visit)["metrics"]}
    for name in used:
        if name in known:
            st.markdown(f"**{known[name]['label']}** — {words.escaped(known[name]['meaning'])}")
    st.caption("The questions, to be asked of the API with your own token:")
    st.code("\n".join(f"GET {question.path}" for question in visit.asked), language=None, wrap_lines=True)


def dictionary(visit: SalesVisit) -> Dictionary:
    """Every metric in sight with its meaning."""
    question: Question[Dictionary] = Question("Metrics", "metrics")
    return visit.look_up(question)[question]
