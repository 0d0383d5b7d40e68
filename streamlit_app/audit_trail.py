"""The audit, for administrators: who asked what, and whether what is written is as it was."""

from typing import Any

import streamlit as st

from api.client import AuditVerdict
from streamlit_app import words
from streamlit_app.visit import Visit

PAGE = 100
BEFORE = "_audit_before"


def draw(visit: Visit) -> None:
    """Draw the verdict where it is asked for, and a page of entries."""
    if st.button("Verify the chain", icon=":material/verified_user:", key="verify"):
        _verdict(visit.client.verify_audit())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        username = st.text_input("User", key="audit-user", on_change=_from_the_newest, width=220)
        endpoint = st.text_input("Endpoint", key="audit-endpoint", on_change=_from_the_newest, width=220)
        st.button("Newest", icon=":material/first_page:", on_click=_from_the_newest)
    narrowed = {name: value for name, value in (("username", username), ("endpoint", endpoint)) if value}
    page = visit.client.audit(st.session_state.get(BEFORE), PAGE, **narrowed)
    if not page["entries"]:
        st.info("No entry is of that user and endpoint.", icon=":material/search_off:")
        return
    rows = [_row(dict(entry)) for entry in page["entries"]]
    st.dataframe(rows, hide_index=True, alt=f"{len(rows)} entries of the audit", key="audit_table")
    if page["next"] is not None:
        st.button("Earlier", icon=":material/chevron_right:", on_click=_go_before, args=(page["next"],))


def _verdict(verdict: AuditVerdict) -> None:
    if verdict["is_sound"]:
        st.success(
            f"{verdict['entries']:,} entries up to {verdict['newest_seq']:,} are as they were written; "
            f"{verdict['anchors']:,} heads kept outside the database agree.",
            title="The audit is sound",
            icon=":material/verified_user:",
        )
    else:
        st.error(
            "\n".join(f"- {words.escaped(fault)}" for fault in verdict["faults"]),
            title="The audit is not as it was written",
            icon=":material/gpp_bad:",
        )


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "Number": entry["seq"],
        "At": words.moment(entry["at"]),
        "User": entry["username"] or "nobody",
        "Endpoint": entry["endpoint"] or "–",
        "Decision": entry["decision"],
        "Status": entry["status"],
        "Milliseconds": entry["milliseconds"],
        "Rows": entry["row_count"],
        "Columns": ", ".join(entry["columns"]),
        "From": entry["address"],
    }


def _from_the_newest() -> None:
    st.session_state.pop(BEFORE, None)


def _go_before(seq: int) -> None:
    st.session_state[BEFORE] = seq
