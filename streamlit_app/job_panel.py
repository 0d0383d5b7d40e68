"""Jobs that were started through the API: the list, and one that is followed as it goes and can be cancelled."""

import streamlit as st

from api.client import ApiError, Client, Job
from streamlit_app import session, words
from streamlit_app.visit import Visit

MOST_JOBS = 50
UNDER_WAY = ("running", "cancelling")
EVERY_SECONDS = 2.0


def draw_list(visit: Visit) -> None:
    """Draw the newest jobs, and the newest of them in full."""
    jobs = visit.client.jobs(MOST_JOBS)
    if not jobs:
        st.info("No job has been started through the API yet.", title="No jobs yet", icon=":material/hourglass_empty:")
        return
    st.dataframe([_row(job) for job in jobs], hide_index=True, alt=f"{len(jobs)} jobs", key="jobs_table")
    follow(visit.client, jobs[0]["job_id"])


def follow(client: Client, job_id: str) -> None:
    """Draw a job; while it is under way it is looked at again by itself, and when it ends the page is drawn anew."""
    job = client.job(job_id)
    is_under_way = job["state"] in UNDER_WAY

    @st.fragment(run_every=EVERY_SECONDS if is_under_way else None)
    def panel() -> None:
        try:
            now = client.job(job_id) if is_under_way else job
        except ApiError as error:
            if error.kind == session.NOT_SIGNED_IN:
                st.rerun()
            st.caption(words.escaped(str(error)))
            return
        _draw(client, now)
        if is_under_way and now["state"] not in UNDER_WAY:
            st.rerun()

    panel()


def _draw(client: Client, job: Job) -> None:
    icon = "running" if job["state"] in UNDER_WAY else "complete" if job["state"] in ("done", "attention") else "error"
    label = f"{job['kind']}: {job['state']}"
    with st.status(words.escaped(label), state=icon, expanded=True):  # type: ignore[arg-type]
        st.caption(f"started {words.moment(job['started_at'])} by {words.escaped(job['started_by'])}")
        if job["log_end"]:
            st.code("\n".join(job["log_end"]), language=None, wrap_lines=True)
        if job["state"] == "running":
            st.button(
                "Cancel",
                icon=":material/cancel:",
                key=f"cancel-{job['job_id']}",
                on_click=_cancel,
                args=(client, job["job_id"]),
            )


def _cancel(client: Client, job_id: str) -> None:
    try:
        client.cancel_job(job_id)
    except ApiError as error:
        st.toast(words.escaped(str(error)), icon=":material/error:")


def _row(job: Job) -> dict[str, object]:
    asked = ", ".join(f"{name} {value}" for name, value in job["arguments"].items() if value not in (None, False))
    return {
        "Kind": job["kind"],
        "State": job["state"],
        "Asked for": asked,
        "By": job["started_by"],
        "Started": words.moment(job["started_at"]),
        "Finished": words.moment(job["finished_at"]) if job["finished_at"] else "–",
        "Exit code": job["exit_code"],
    }
