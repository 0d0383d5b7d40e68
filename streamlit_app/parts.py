"""Parts of a page, one at a time: what is not looked at is not asked for. Which one is shown stands in the address."""

from collections.abc import Mapping

import streamlit as st

from streamlit_app import address_bar, words

PART = "part"


def choose(parts: Mapping[str, str], label: str) -> str:
    """Draw the choice of parts (name in the address to title), and give the one that is shown: by default the first."""
    asked = address_bar.own(PART)
    if asked and asked not in parts:
        st.warning(
            f"The link asks for “{words.escaped(words.shortened(asked, 40))}”; there are {', '.join(parts)}.",
            icon=":material/link_off:",
        )
    first = next(iter(parts))
    st.session_state[PART] = asked if asked in parts else first
    chosen = st.segmented_control(
        label,
        list(parts),
        format_func=parts.__getitem__,
        key=PART,
        required=True,
        label_visibility="collapsed",
        on_change=_say,
        args=(first,),
    )
    return chosen or first


def _say(first: str) -> None:
    chosen = st.session_state[PART]
    if chosen == first:
        st.query_params.pop(PART, None)
    else:
        st.query_params[PART] = chosen
