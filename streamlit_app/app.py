"""The dashboard's entry: its pages and the frame around them."""

import streamlit as st

from streamlit_app import frame, style
from streamlit_app.pages import PAGES

st.set_page_config(page_title="Book sales", page_icon="📚", layout="wide")
style.apply()


def _route(number: int) -> st.Page:
    page = PAGES[number]

    def show() -> None:
        frame.show(page, routes)

    return st.Page(show, title=page.title, icon=page.icon, url_path=page.slug, default=number == 0)


routes = {page.slug: _route(number) for number, page in enumerate(PAGES)}
# The menu is the frame's own: its links say the filters, Streamlit's leave them out.
st.navigation(list(routes.values()), position="hidden").run()
