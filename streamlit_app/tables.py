"""Rows as tables, and what a row is called in a chart. Cells are text as it is: no title becomes markup."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from api.client import BookRow
from streamlit_app import words
from streamlit_app.selection import MEASURES, MONEY

NOTHING = "–"

Row = dict[str, Any]


def books(rows: Sequence[BookRow], measure: str) -> list[Row]:
    """Books in their order, with what they were where that is known."""
    return [
        {
            "#": row["rank"],
            "Title": row["title"],
            "Author": ", ".join(row["author_names"]) or NOTHING,
            "Format": book_format(row),
            "Genre": row["genre"] or NOTHING,
            **_moved(dict(row), measure),
            "Units returned": row["return_units"],
            "ISBN": row["isbn13"] or NOTHING,
        }
        for row in rows
    ]


def book_columns(measure: str, currency: str) -> Mapping[str, Any]:
    """How columns of books are shown."""
    return {
        "#": st.column_config.NumberColumn(width=40),
        "Title": st.column_config.TextColumn(width=220),
        "Author": st.column_config.TextColumn(width=140),
        "Format": st.column_config.TextColumn(width=120),
        "Genre": st.column_config.TextColumn(width=100),
        **moved_columns(measure, currency),
        "Units returned": st.column_config.NumberColumn(format="localized", width=110),
        "ISBN": st.column_config.TextColumn(width=120),
    }


def moved_columns(measure: str, currency: str) -> Mapping[str, Any]:
    """How a measure, what it was and how far it moved are shown."""
    label, number = MEASURES[measure], "accounting" if measure in MONEY else "localized"
    unit = f" ({currency})" if measure in MONEY else ""
    return {
        label: st.column_config.NumberColumn(f"{label}{unit}", format=number, width=140),
        "Before": st.column_config.NumberColumn(format=number, width=110),
        "Change": st.column_config.NumberColumn(format="%+.1f %%", width=90),
    }


def moved(label: str, member: str, now: Any, before: Any, measure: str) -> Row:
    """A member's line: its measure, what it was, and the change in per cent where there is one."""
    previous = None if before is None else {measure: before}
    return {label: member, **_moved({measure: now, "previous": previous}, measure)}


def book_label(row: BookRow, rows: Sequence[BookRow]) -> str:
    """The title, with its format where another of the rows has that title too."""
    twins = [other for other in rows if other["title"] == row["title"]]
    return f"{row['title']} ({book_format(row)})" if len(twins) > 1 else row["title"]


def book_format(row: BookRow) -> str:
    """The format in words."""
    return words.plain(row["format"] or "unknown")


def place_label(members: Mapping[str, Any]) -> str:
    """A member with what it is part of, its own name first; once where its name says that already."""
    names = [words.plain(str(member)) for member in members.values() if member is not None]
    own = names[-1]
    return ", ".join([own, *(name for name in reversed(names[:-1]) if not own.startswith(name))])


def _moved(row: Mapping[str, Any], measure: str) -> Row:
    previous = row.get("previous")
    if previous is None:
        return {MEASURES[measure]: row[measure]}
    before = previous[measure]
    change = 100 * (row[measure] / before - 1) if before and before > 0 and row[measure] is not None else None
    return {MEASURES[measure]: row[measure], "Before": before, "Change": change}
