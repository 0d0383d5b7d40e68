"""Admin: who may come in and what they may see, how much they ask, who asked what, and the jobs."""

import streamlit as st

from streamlit_app import accounts, audit_trail, job_panel, parts, words
from streamlit_app.visit import Visit

PARTS = {"users": "Users", "activity": "Activity", "audit": "Audit", "jobs": "Jobs"}
ACTIVITY_DAYS = 30


def show(visit: Visit) -> None:
    """Draw the page."""
    part = parts.choose(PARTS, "Part of the page")
    if part == "users":
        accounts.draw(visit)
    elif part == "activity":
        _activity(visit)
    elif part == "audit":
        audit_trail.draw(visit)
    else:
        job_panel.draw_list(visit)


def _activity(visit: Visit) -> None:
    users = visit.client.activity(ACTIVITY_DAYS)["users"]
    st.caption(f"The last {ACTIVITY_DAYS} days, the busiest first.")
    rows = [
        {
            "User": user["username"],
            "Requests": user["requests"],
            "Refused": user["refused"],
            "Rows": user["row_count"],
            "Last seen": words.moment(user["last_at"]),
        }
        for user in users
    ]
    st.dataframe(rows, hide_index=True, alt="Activity by user", key="activity_table")
