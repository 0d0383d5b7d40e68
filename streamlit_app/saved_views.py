"""Saved views: pages with their filters under names of the reader's own, to be opened again by a click."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode

import streamlit as st

from api.client import ApiError, SavedView
from streamlit_app import address_bar, session, words
from streamlit_app.visit import Visit

KEPT, REFUSED = "_saved_views", "_saved_view_refused"
NAME = "view-name"


def draw(visit: Visit) -> None:
    """Draw the list, with a form to save what is shown now."""
    with st.popover("Views", icon=":material/bookmark:", key="views"):
        for view in _views(visit):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                _link(visit, view)
                st.button(
                    "",
                    icon=":material/delete:",
                    help=f"Delete {words.escaped(view['name'])}",
                    type="tertiary",
                    key=f"delete-view-{view['name']}",
                    on_click=_delete,
                    args=(visit, view["name"]),
                )
        refused = st.session_state.pop(REFUSED, "")
        if refused:
            st.warning(words.escaped(refused), icon=":material/block:")
        st.text_input("Name", key=NAME, placeholder="such as Fiction, last 13 weeks", max_chars=80)
        label, icon = "Save this page with its filters", ":material/bookmark_add:"
        st.button(label, icon=icon, key="save-view", on_click=_save, args=(visit,))


def query_now() -> str:
    """What the address says behind its `?`, as it is kept; a page to print is saved as the page."""
    said = {name: values for name, values in address_bar.parameters().items() if name != address_bar.PRINT}
    return urlencode(said, doseq=True)


def _link(visit: Visit, view: SavedView) -> None:
    name = words.escaped(view["name"])
    if view["page"] in visit.routes:
        said = parse_qs(view["query"], keep_blank_values=True)
        st.page_link(visit.routes[view["page"]], label=name, query_params=said)
    else:
        # Saved by a version that had such a page.
        st.markdown(f"{name} (its page is gone)")


def _views(visit: Visit) -> list[SavedView]:
    """The reader's views, asked for once a tab and after each change made here."""
    if KEPT not in st.session_state:
        st.session_state[KEPT] = visit.client.views()
    found: list[SavedView] = st.session_state[KEPT]
    return found


def _save(visit: Visit) -> None:
    name = st.session_state[NAME].strip()
    if _done(lambda: visit.client.save_view(name, visit.slug, query_now())):
        st.session_state[NAME] = ""


def _delete(visit: Visit, name: str) -> None:
    _done(lambda: visit.client.delete_view(name))


def _done(change: Callable[[], object]) -> bool:
    """Whether a change was made; a refusal is said in the API's words."""
    st.session_state.pop(KEPT, None)
    try:
        change()
    except ApiError as error:
        if error.kind != session.NOT_SIGNED_IN:
            st.session_state[REFUSED] = str(error)
        return False
    return True
