"""Rows as tables, and what a row is called in a chart. Cells are text as it is: no title becomes markup."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from api.client import BookRow, RegionRow

NOTHING = "–"


def books(place: DeltaGenerator, rows: list[BookRow], currency: str) -> None:
    """Books in their order."""
    table = [
        {
            "#": row["rank"],
            "Title": row["title"],
            "Author": ", ".join(row["author_names"]) or NOTHING,
            "Format": book_format(row),
            "Net units": row["net_units"],
            "Net revenue": row["net_revenue"],
            "Genre": row["genre"] or NOTHING,
            "ISBN": row["isbn13"] or NOTHING,
        }
        for row in rows
    ]
    columns = {
        "#": st.column_config.NumberColumn(width=36),
        "Title": st.column_config.TextColumn(width=185),
        "Author": st.column_config.TextColumn(width=125),
        "Format": st.column_config.TextColumn(width=115),
        "Net units": st.column_config.NumberColumn(format="localized"),
        "Net revenue": st.column_config.NumberColumn(f"Net revenue ({currency})", format="accounting"),
    }
    place.dataframe(table, hide_index=True, column_config=columns, alt="Top books as a table", key="books_table")


def book_label(row: BookRow, rows: list[BookRow]) -> str:
    """The title, with its format where another of the rows has that title too."""
    twins = [other for other in rows if other["title"] == row["title"]]
    return f"{row['title']} ({book_format(row)})" if len(twins) > 1 else row["title"]


def book_format(row: BookRow) -> str:
    """The format in words."""
    return (row["format"] or "unknown").replace("_", " ")


def region_label(row: RegionRow) -> str:
    """The region with its country, where it is not the country itself."""
    return row["region"] if row["region"] == row["country"] else f"{row['region']}, {row['country']}"
