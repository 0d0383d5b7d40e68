"""Runs of the pipeline: the list, and one run with its rows, its quality and what it put aside."""

import streamlit as st

from api.client import QualityTrend, QuarantinedTable, Run, RunDetail
from streamlit_app import panels, words
from streamlit_app.charts import bars
from streamlit_app.visit import Visit

# States of runs that say little by themselves.
STATES = {"unchanged": "nothing had changed"}


def draw_trend(trend: QualityTrend) -> None:
    """Draw whether quality gets better or worse: rows put aside run by run, and each expectation that found any."""
    over = trend["runs"]
    st.subheader("Quality over the last runs", anchor=False)
    st.caption(
        f"{len(over)} runs that checked anything, oldest first; {len(trend['expectations'])} expectations found rows."
    )
    labels = [f"{run['run_seq']} {run['kind']}{' (failed)' if run['state'] == 'failed' else ''}" for run in over]
    aside = [run["rows_quarantined"] for run in over]
    texts = [
        f"{run['rows_quarantined']:,} of {run['rows_read']:,} rows put aside; "
        f"{run['expectations_failed']} of {run['expectations']} expectations found rows; {words.moment(run['started_at'])}"
        for run in over
    ]
    if any(aside):
        alt = f"Rows put aside in the last {len(over)} runs; the newest put aside {aside[-1]:,}"
        panels.chart(bars.columns(labels, aside, texts, "run"), alt, key="quality_trend")
    else:
        st.caption("None of them put a row aside.")
    rows = [
        {
            "Table": each["table_name"],
            "Expectation": each["expectation"],
            "Level": each["level"],
            "Newest": each["failed_rows"][-1],
            # A list with a hole in it is not drawn at all.
            "Over the runs": [count or 0 for count in each["failed_rows"]],
        }
        for each in trend["expectations"]
    ]
    if rows:
        st.dataframe(
            rows,
            hide_index=True,
            column_config={
                "Newest": st.column_config.NumberColumn(
                    help="rows that failed in the newest run; empty where it did not look"
                ),
                "Over the runs": st.column_config.BarChartColumn(help="rows that failed, run by run", y_min=0),
            },
            alt=f"{len(rows)} expectations over the last runs",
            key="expectations_table",
        )


def draw(visit: Visit, run: RunDetail) -> None:
    """Draw one run."""
    left, right = st.columns(2)
    with left:
        st.markdown("**Rows, table by table**")
        if run["steps"]:
            st.dataframe(
                accounting(run), hide_index=True, alt=f"Row accounting of run {run['run_seq']}", key="steps_table"
            )
        else:
            st.caption("The run did no work on a table.")
    with right:
        st.markdown("**Quality: what expectations found**")
        results = visit.client.quality(run["run_seq"])["results"]
        failed = [each for each in results if each["failed_rows"]]
        st.caption(f"{len(results) - len(failed)} of {len(results)} expectations found nothing.")
        rows = [
            {
                "Table": each["table_name"],
                "Expectation": each["expectation"],
                "Level": each["level"],
                "Failed": each["failed_rows"],
                "Checked": each["checked_rows"],
            }
            for each in failed
        ]
        if rows:
            st.dataframe(
                rows, hide_index=True, alt=f"Expectations of run {run['run_seq']} that found rows", key="quality_table"
            )
    _aside(visit.client.quarantine(run["run_seq"])["tables"])
    if st.button("Show what is aside of this run", icon=":material/inventory_2:", key="set-aside"):
        _records(visit, run["run_seq"])


def _aside(tables: list[QuarantinedTable]) -> None:
    count = sum(table["rows_quarantined"] for table in tables)
    if count:
        rules = "; ".join(f"{table['table_name']}: {table['rows_quarantined']:,} ({_rules(table)})" for table in tables)
        st.warning(words.escaped(rules), title=f"{count:,} rows were put aside", icon=":material/inventory_2:")


def _records(visit: Visit, run_seq: int) -> None:
    """What is aside still, masked; reading the lake takes seconds, so only where it is asked for."""
    with st.spinner("Reading the lake…", show_time=True):
        records = visit.client.set_aside(run_seq)
    rows = [
        {
            "Table": record["table_name"],
            "Reasons": "; ".join(record["reasons"]),
            "Key": record["row_key"],
            "Record, masked": record["record"],
        }
        for record in records
    ]
    if rows:
        st.dataframe(rows, hide_index=True, alt=f"{len(rows)} records that are aside, masked", key="set_aside_table")
    else:
        st.caption("Nothing of this run is aside any more.")


def _rules(table: QuarantinedTable) -> str:
    told = ", ".join(f"{rule['expectation']} {rule['failed_rows']:,}" for rule in table["rules"])
    return told or "rules of a file, see the runbook"


def accounting(run: RunDetail) -> list[dict[str, object]]:
    """Rows of each table: read, written and put aside, and what is left over where a job keeps its grain."""
    return [
        {
            "Table": step["table_name"],
            "Read": step["rows_read"],
            "Written": step["rows_written"],
            "Quarantined": step["rows_quarantined"],
            "Seconds": round(step["seconds"], 1),
        }
        for step in run["steps"]
    ]


def row_of(run: Run) -> dict[str, object]:
    """A run as a row of a table."""
    return {
        "Run": run["run_seq"],
        "Kind": run["kind"],
        "State": said(run["state"]),
        "Started": words.moment(run["started_at"]),
        "Finished": words.moment(run["finished_at"]) if run["finished_at"] else "–",
        "Detail": run["detail"],
    }


def said(state: str) -> str:
    """A run's state in words."""
    return STATES.get(state, state)
