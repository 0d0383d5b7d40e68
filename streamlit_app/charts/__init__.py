"""From rows to Plotly figures as plain dicts. No Streamlit here; colours follow the theme, light or dark."""
