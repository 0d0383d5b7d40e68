"""What a page says when it has nothing to show: why, and what would help. Never a stack trace."""

from datetime import date

import streamlit as st

from api.client import ApiError, Window
from streamlit_app import filters, words
from streamlit_app.address import api_url

UNREACHABLE, NOT_PUBLISHED, NOT_SET_UP = "unreachable", "not-published", "not-set-up"


def failure(error: ApiError) -> None:
    """The API did not answer, has nothing yet, or failed."""
    if error.kind == UNREACHABLE:
        st.error(
            f"Nothing answers at `{api_url()}`. Start it with `booksales serve`, then try again.",
            title="The API cannot be reached",
            icon=":material/cloud_off:",
        )
    elif error.kind == NOT_PUBLISHED:
        st.info(
            "Fill the warehouse with `booksales reload`; this page shows the sales as soon as they are published.",
            title="Nothing is published yet",
            icon=":material/hourglass_empty:",
        )
    elif error.kind == NOT_SET_UP:
        st.info(
            "Make the first account with `booksales users add NAME --role admin`, then sign in.",
            title="Nobody can sign in yet",
            icon=":material/person_add:",
        )
    else:
        st.error(words.escaped(str(error)), title="The API could not answer", icon=":material/error:")
    st.button("Try again", icon=":material/refresh:")


def nothing_sold() -> None:
    """The publication holds no sale at all."""
    st.info(
        "The warehouse is published, and there is no sale in it.",
        title="No sales yet",
        icon=":material/hourglass_empty:",
    )


def empty_window(window: Window, first: date | None, last: date | None) -> None:
    """The window holds no sale, the data does."""
    span = f"The data runs from {words.day(first)} to {words.day(last)}." if first and last else "There is no data yet."
    st.info(
        f"{span} Choose days within it, or go back to the range that this page begins with.",
        title=f"No sales from {words.day(window.first)} to {words.day(window.last)}",
        icon=":material/search_off:",
    )
    st.button(f"Show the last {filters.DEFAULT_RANGE}", icon=":material/undo:", on_click=filters.show_default_range)
