"""The dashboard's entry: its pages and the way between them."""

import streamlit as st

from streamlit_app.views import overview

st.set_page_config(page_title="Book sales", page_icon="📚", layout="wide")

PAGES = [st.Page(overview.show, title="Overview", icon=":material/monitoring:", url_path="overview", default=True)]

st.navigation(PAGES, position="top").run()
