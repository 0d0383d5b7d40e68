"""The dashboard as one ASGI application: its pages behind their guard."""

from pathlib import Path

import pandas  # noqa: F401 - loaded before the first reader comes, who would wait for it
import plotly.graph_objects  # noqa: F401
import streamlit as st
from starlette.middleware import Middleware

from streamlit_app.guard import Guard

app = st.App(Path(__file__).with_name("app.py"), middleware=[Middleware(Guard)])
