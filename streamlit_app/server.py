"""The dashboard as one ASGI application: its pages behind their door and their guard."""

from pathlib import Path

import pandas  # noqa: F401 - loaded before the first reader comes, who would wait for it
import plotly.graph_objects  # noqa: F401
import streamlit as st
from starlette.middleware import Middleware

from streamlit_app import door
from streamlit_app.guard import Guard
from streamlit_app.packed import PackedAssets

app = st.App(
    Path(__file__).with_name("app.py"),
    routes=door.routes(),
    middleware=[Middleware(Guard), Middleware(door.Door), Middleware(PackedAssets)],
)
