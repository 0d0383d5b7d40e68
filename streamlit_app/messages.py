"""What a page says when it has nothing to show: why, and what would help. Never a stack trace."""

from collections.abc import Sequence

import streamlit as st

from api.client import ApiError, Window
from streamlit_app import address_bar, filter_bar, questions, words
from streamlit_app.address import api_url
from streamlit_app.selection import FILTERS, Selection
from streamlit_app.visit import SalesVisit

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
        nothing_published()
        return
    elif error.kind == NOT_SET_UP:
        st.info(
            "Make the first account with `booksales users add NAME --role admin`, then sign in.",
            title="Nobody can sign in yet",
            icon=":material/person_add:",
        )
    else:
        st.error(words.escaped(str(error)), title="The API could not answer", icon=":material/error:")
    st.button("Try again", icon=":material/refresh:")


def refused(sentences: Sequence[str], selection: Selection, others: Sequence[str]) -> None:
    """Parts of the link that mean nothing; the page shows what the rest of it means."""
    for sentence in sentences:
        st.warning(sentence, icon=":material/link_off:")
    if sentences:
        st.button(
            "Take it out of the link",
            icon=":material/link:",
            key="mend",
            on_click=address_bar.mend,
            args=(selection, others),
        )


def nothing_published() -> None:
    """No data is loaded."""
    st.info(
        "Fill the warehouse with `booksales reload`; this page shows the sales as soon as they are published.",
        title="Nothing is published yet",
        icon=":material/hourglass_empty:",
    )
    st.button("Try again", icon=":material/refresh:")


def not_for_you(title: str, role: str) -> None:
    """The page needs what the reader's role may not ask."""
    st.info(
        f"Your role is {role}. An administrator can give you another one.",
        title=f"{title} needs another role",
        icon=":material/lock:",
    )


def nothing_sold() -> None:
    """The publication holds no sale at all."""
    st.info(
        "The warehouse is published, and there is no sale in it.",
        title="No sales yet",
        icon=":material/hourglass_empty:",
    )


def no_match(visit: SalesVisit) -> None:
    """There are sales, and none of them is of these days and filters: which of those is it, and the way out."""
    window, first, last = visit.window, visit.data_from, visit.data_through
    if first is None or last is None:
        nothing_sold()
    elif window.last < first or last < window.first:
        st.info(
            f"The data runs from {words.day(first)} to {words.day(last)}. Choose days within it.",
            title=f"No sales {_span(window)}",
            icon=":material/search_off:",
        )
        st.button("Show the last 30 days", icon=":material/undo:", on_click=filter_bar.show_default_range)
    else:
        _no_filter_matches(visit)


def _no_filter_matches(visit: SalesVisit) -> None:
    """Names the filters without any one of which there would be sales."""
    without = {
        name: questions.summary(
            (), visit.window, {other: visit.filters[other] for other in visit.filters if other != name}, ""
        )
        for name in visit.filters
    }
    answers = visit.look_up(*without.values())
    to_blame = [name for name, question in without.items() if answers[question]["data"]["current"]["gross_units"]]
    named = " or ".join(f"the {FILTERS[name].lower()}" for name in to_blame)
    if named:
        reason = f"Without {named} there would be some."
    else:
        reason = "Take filters away, or choose more days." if visit.filters else "Choose more days."
    st.info(reason, title=f"No sales {_span(visit.window)} match", icon=":material/search_off:")
    with st.container(horizontal=True):
        for name in to_blame:
            st.button(
                f"Clear {FILTERS[name].lower()}",
                icon=":material/filter_alt_off:",
                key=f"clear-{name}",
                on_click=address_bar.change,
                args=(lambda chosen, name=name: chosen.narrowed(**{name: ()}),),
            )
        if visit.filters:
            st.button(
                "Clear all filters",
                icon=":material/filter_alt_off:",
                key="clear-all",
                on_click=filter_bar.clear_filters,
            )
        st.button("Show the last 30 days", icon=":material/undo:", on_click=filter_bar.show_default_range)


def _span(window: Window) -> str:
    return f"from {words.day(window.first)} to {words.day(window.last)}"
