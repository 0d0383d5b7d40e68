"""The browser's address: the one place that reads and writes it. What it says is the whole state of a page (decision 31)."""

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

import streamlit as st

from streamlit_app.selection import Parameters, Selection, read

PRINT = "print"


def parameters() -> Parameters:
    """The parameters of the address, each with its values."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def own(name: str) -> str:
    """The value of a page's own parameter, or nothing."""
    return str(st.query_params.get(name, ""))


def is_print() -> bool:
    """Whether the page is to be printed."""
    return PRINT in st.query_params


def link(selection: Selection) -> str:
    """The whole address of the page with a selection, to be given to others."""
    others = {name: values for name, values in parameters().items() if name not in Selection.named()}
    query = urlencode({**selection.parameters, **others}, doseq=True)
    place = (st.context.url or "").partition("?")[0]
    return f"{place}?{query}" if query else place


def go(selection: Selection, **own: str | None) -> None:
    """Say another selection in the address, and change parameters of a page's own (None takes one away).

    For callbacks, which come before the page is drawn: the page then shows what the address says.
    """
    others = {name: values for name, values in parameters().items() if name not in Selection.named()}
    changed = {name: [value] for name, value in own.items() if value}
    kept = {name: values for name, values in others.items() if name not in own}
    st.query_params.from_dict({**selection.parameters, **kept, **changed})


def mend(selection: Selection, others: Sequence[str]) -> None:
    """Say the selection and no more than the other parameters that mean something (a callback)."""
    meant = {name: values for name, values in parameters().items() if name in others}
    st.query_params.from_dict({**selection.parameters, **meant})


def change(step: Callable[[Selection], Selection], **own: str | None) -> None:
    """Say the selection that a step makes of the one in the address."""
    go(step(read(parameters())[0]), **own)
