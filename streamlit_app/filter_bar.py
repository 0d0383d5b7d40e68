"""The bar of filters over every page about sales. Widgets show what the address says, and a change is written there first."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from api.client import Window
from streamlit_app import address_bar, words
from streamlit_app.selection import (
    CHOICES,
    CUSTOM,
    EARLIEST,
    FILTERS,
    LATEST,
    Selection,
)

# Those whose members are few enough for a list; the others are reached by drilling.
LISTED = ("country", "region", "channel", "genre", "subgenre", "format", "publisher", "source")
LABELS = {"range": "Days", "compare": "Compared with", "measure": "Measure", "interval": "Interval"}
WIDTHS = {"range": 170, "compare": 170, "measure": 150, "interval": 130}
SHOWN = "window_on_show"


def draw(selection: Selection, members: Mapping[str, Sequence[str]]) -> None:
    """Draw the bar. `members` are what each listed filter may name."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filter-bar"):
        for name, label in LABELS.items():
            st.session_state[_key(name)] = getattr(selection, name)
            st.selectbox(
                label,
                list(CHOICES[name]),
                format_func=CHOICES[name].__getitem__,
                key=_key(name),
                on_change=_choose,
                args=(name,),
                width=WIDTHS[name],
            )
        _filters(selection, members)
        with st.popover("Link", icon=":material/link:", key="copy-link"):
            st.caption("Shows the same to whoever may see it.")
            st.code(address_bar.link(selection), language=None, wrap_lines=True)
    if selection.range == CUSTOM:
        _own_days(selection)


def chips(selection: Selection) -> None:
    """A button for each filter in force, which takes it away."""
    if not selection.filters:
        return
    with st.container(horizontal=True, gap="xsmall", key="chips"):
        for name, values in selection.filters.items():
            for value in values:
                label = f"{FILTERS[name]}: {words.escaped(words.plain(value))}"
                st.button(
                    label,
                    icon=":material/close:",
                    icon_position="right",
                    help="Take this filter away",
                    key=f"chip-{name}-{value}",
                    on_click=address_bar.change,
                    args=(lambda chosen, name=name, value=value: chosen.without(name, value),),
                )
        if sum(map(len, selection.filters.values())) > 1:
            st.button("Clear all", type="tertiary", key="clear-filters", on_click=clear_filters)


def clear_filters() -> None:
    """Take every filter away (a callback)."""
    address_bar.change(lambda chosen: chosen.changed(filters={}))


def show_default_range() -> None:
    """Go back to the days that a link without parameters shows (a callback)."""
    default = Selection()
    address_bar.change(lambda chosen: chosen.changed(range=default.range, first=None, last=None))


def say_window(window: Window | None) -> None:
    """Note the days on show: own days begin as those."""
    st.session_state[SHOWN] = window


def _filters(selection: Selection, members: Mapping[str, Sequence[str]]) -> None:
    count = sum(map(len, selection.filters.values()))
    with st.popover(f"Filters ({count})" if count else "Filters", icon=":material/filter_list:", key="filters"):
        for name in LISTED:
            st.session_state[_key(name)] = [
                value for value in selection.filters.get(name, ()) if value in members[name]
            ]
            st.multiselect(
                FILTERS[name],
                list(members[name]),
                format_func=words.plain,
                placeholder=f"every {FILTERS[name].lower()}",
                key=_key(name),
                on_change=_narrow,
                args=(name,),
            )


def _own_days(selection: Selection) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for label, parameter, day in (("First day", "from", selection.first), ("Last day", "until", selection.last)):
            st.session_state[_key(parameter)] = day
            st.date_input(
                label,
                min_value=EARLIEST,
                max_value=LATEST,
                key=_key(parameter),
                format="YYYY-MM-DD",
                on_change=_set_days,
                width=170,
            )
    if selection.first is None or selection.last is None:
        st.info("Choose the first and the last day.", icon=":material/date_range:")
    elif selection.last < selection.first:
        st.warning(
            f"The last day, {words.day(selection.last)}, is before the first, {words.day(selection.first)}.",
            icon=":material/date_range:",
        )


def _choose(name: str) -> None:
    value = st.session_state[_key(name)]
    days: dict[str, Any] = {}
    if name == "range":
        # Own days begin as the days on show, written out: the link means the same days tomorrow.
        shown: Window | None = st.session_state.get(SHOWN) if value == CUSTOM else None
        days = {"first": shown.first if shown else None, "last": shown.last if shown else None}
    address_bar.change(lambda chosen: chosen.changed(**{name: value}, **days))


def _narrow(name: str) -> None:
    values = list(st.session_state[_key(name)])
    address_bar.change(lambda chosen: chosen.narrowed(**{name: values}))


def _set_days() -> None:
    first: date | None = st.session_state[_key("from")]
    last: date | None = st.session_state[_key("until")]
    address_bar.change(lambda chosen: chosen.changed(range=CUSTOM, first=first, last=last))


def _key(name: str) -> str:
    return f"bar-{name}"
