"""Data health: can the numbers be trusted? How fresh they are, what ran, what failed, where numbers come from, what they mean."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from api.client import Freshness
from streamlit_app import address_bar, lineage, messages, runs, words
from streamlit_app.visit import Visit

MOST_RUNS = 50
RUN = "run"


def show(visit: Visit) -> None:
    """Draw the page."""
    if visit.published is None:
        messages.nothing_published()
    else:
        _freshness(visit.client.freshness())
    if visit.may("runs"):
        _runs(visit)
    else:
        st.caption("Runs, quality and quarantine are shown to engineers.")
    with st.expander("Where numbers come from", icon=":material/account_tree:"):
        graph = visit.client.lineage()
        st.mermaid_chart(
            lineage.diagram(graph), alt=f"Lineage of {len(graph['tables'])} tables, from the shop to the rollups"
        )
        st.dataframe(lineage.rows_of(graph), hide_index=True, alt="Lineage as a table", key="lineage_table")
    with st.expander("What numbers mean", icon=":material/dictionary:"):
        metrics = visit.client.dictionary()["metrics"]
        rows = [
            {"Metric": each["label"], "Meaning": each["meaning"], "Unit": each["unit"], "Name": each["name"]}
            for each in metrics
        ]
        st.dataframe(rows, hide_index=True, alt="Metric dictionary", key="dictionary_table")


def _freshness(freshness: Freshness) -> None:
    loaded, due = datetime.fromisoformat(freshness["loaded_at"]), datetime.fromisoformat(freshness["due_at"])
    if freshness["is_late"]:
        st.warning(
            f"New data was promised by {words.moment(freshness['due_at'])}, {ago(datetime.now(UTC) - due)} ago.",
            title="The data is late",
            icon=":material/schedule:",
        )
    else:
        st.success(
            f"The next load is due by {words.moment(freshness['due_at'])}.",
            title="The data is fresh",
            icon=":material/check_circle:",
        )
    last = freshness["last_run"]
    with st.grid(4, min_column_width=200, gap="small"):
        st.metric("Data through", words.iso_day(freshness["data_through"]), border=True)
        st.metric(
            "Loaded", f"{ago(datetime.now(UTC) - loaded)} ago", border=True, help=words.moment(freshness["loaded_at"])
        )
        st.metric("Promised every", f"{freshness['promised_hours']} h", border=True)
        st.metric("Last run", f"{last['kind']}: {runs.said(last['state'])}" if last else "none yet", border=True)


def _runs(visit: Visit) -> None:
    newest = visit.client.runs(MOST_RUNS)["runs"]
    st.subheader("Runs", anchor=False)
    if not newest:
        st.info(
            "Nothing has run yet. `booksales reload` makes the first run.",
            title="No runs yet",
            icon=":material/hourglass_empty:",
        )
        return
    st.dataframe([runs.row_of(run) for run in newest], hide_index=True, alt="Newest runs", key="runs_table")
    labels = {str(run["run_seq"]): f"{run['run_seq']} · {run['kind']} · {runs.said(run['state'])}" for run in newest}
    asked = address_bar.own(RUN)
    if asked and asked not in labels:
        st.warning(
            f"There is no run “{words.escaped(words.shortened(asked, 40))}” among the newest {len(newest)}; this is the newest.",
            icon=":material/link_off:",
        )
    st.session_state[RUN] = asked if asked in labels else next(iter(labels))
    chosen = st.selectbox(
        "Run to look into", list(labels), format_func=labels.__getitem__, key=RUN, on_change=_choose_run, width=360
    )
    runs.draw(visit, visit.client.run(int(chosen)))
    trend = visit.client.quality_trend()
    if len(trend["runs"]) > 1:
        runs.draw_trend(trend)


def _choose_run() -> None:
    st.query_params[RUN] = st.session_state[RUN]


def ago(age: timedelta) -> str:
    """An age in one unit: `3 h`, `12 days`."""
    hours = age.total_seconds() / 3600
    if hours < 1:
        return f"{max(0, round(hours * 60))} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:,.0f} days"
