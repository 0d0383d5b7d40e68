"""What the theme cannot say: the menu, chips, narrow screens and paper."""

import streamlit as st

CSS = """
.st-key-menu [data-testid="stPageLink-NavLink"] { padding: 0.2rem 0.55rem; }
.st-key-menu [data-testid="stPageLink-NavLink"] p { white-space: nowrap; }
.st-key-chips button { min-height: 1.9rem; padding: 0.1rem 0.7rem; border-radius: 1rem; }
/* Streamlit's captions are too faint to be read by everybody on the light ground. */
[data-testid="stCaptionContainer"] { color: inherit !important; opacity: 0.82; }
@media (max-width: 640px) {
  .st-key-menu { flex-wrap: nowrap !important; overflow-x: auto; scrollbar-width: thin; }
  .st-key-menu > * { flex: 0 0 auto !important; }
  .st-key-filter-bar > [data-testid="stElementContainer"] { flex: 1 1 8rem !important; width: auto !important; }
}
@media print {
  header, .st-key-menu, .st-key-filter-bar, .st-key-chips, .st-key-tools, .st-key-cited { display: none !important; }
  [data-testid="stMain"], [data-testid="stApp"], [data-testid="stAppViewContainer"] {
    position: static !important; overflow: visible !important; height: auto !important;
  }
  [data-testid="stVerticalBlockBorderWrapper"], [data-testid="stMetric"], .stPlotlyChart { break-inside: avoid; }
}
"""


def apply() -> None:
    """Add the rules to the page."""
    st.html(f"<style>{CSS}</style>")
