"""Lab: a shop that does not exist, generated to one's own size. What it will cost is said before, how it goes while it runs."""

import streamlit as st

from api.client import ApiError, Job
from streamlit_app import estimates, job_panel, session, words
from streamlit_app.visit import Visit

KIND = "generate-test-data"
MOST_SALES = 20_000_000
MOST_DAMAGED = 10.0
OUTCOME = "_lab_outcome"
JOBS_LOOKED_AT = 200


def show(visit: Visit) -> None:
    """Draw the page."""
    st.caption(
        "Fills the embedded shop with test data; the same numbers make the same shop. A shop of your own is never written to. "
        "What is generated is seen here after the next reload."
    )
    jobs = visit.client.jobs(JOBS_LOOKED_AT)
    _outcome()
    _form(visit, jobs)
    newest = next((job for job in jobs if job["kind"] in (KIND, "reload")), None)
    if newest:
        job_panel.follow(visit.client, newest["job_id"])


def _form(visit: Visit, jobs: list[Job]) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            sales = int(st.number_input("Sale lines", 1, MOST_SALES, 100_000, step=100_000, key="lab-sales", width=200))
            years = int(st.number_input("Years", 1, 50, 5, key="lab-years", width=120))
            seed = int(st.number_input("Seed", 0, 2**31, 7, key="lab-seed", width=140))
            percent = st.number_input(
                "Damaged, %", 0.0, MOST_DAMAGED, 0.0, step=0.1, key="lab-faults", width=140,
                help="This share of books and sales has faults, for you to see what is put aside and how it is said.",
            )  # fmt: skip
        replaces = st.checkbox("Wipe the generated shop that is there", key="lab-replace")
        _preview(sales, years, jobs)
        is_under_way = any(job["state"] in job_panel.UNDER_WAY for job in jobs)
        with st.container(horizontal=True):
            st.button(
                "Generate",
                type="primary",
                icon=":material/play_arrow:",
                disabled=is_under_way,
                key="lab-generate",
                on_click=_start,
                args=(visit, "analytics/generate-test-data"),
                kwargs={
                    "sales": sales,
                    "years": years,
                    "seed": seed,
                    "faults": round(percent / 100, 6),
                    "replace": replaces,
                },
            )
            st.button(
                "Reload the warehouse",
                icon=":material/sync:",
                disabled=is_under_way,
                key="lab-reload",
                on_click=_start,
                args=(visit, "jobs/reload"),
            )


def _preview(sales: int, years: int, jobs: list[Job]) -> None:
    estimate = estimates.generation(sales, jobs)
    with st.grid(3, min_column_width=220, gap="small"):
        st.metric("Sale lines, returns included", words.whole(sales), border=True)
        st.metric("On an average business day", words.whole(estimates.a_day(sales, years)), border=True)
        with st.container(border=True, height="stretch"):
            st.markdown(f"**Time to generate**  \n{estimate.said}")
    st.caption(
        "The shape is a bookshop's: a few titles carry half of the units, launches peak in their first weeks, December doubles "
        "a week, trade returns come months later. What came out stands in the job's last lines."
    )


def _start(visit: Visit, path: str, **body: float | bool) -> None:
    try:
        job = visit.client.start_job(path, **body)
        st.session_state[OUTCOME] = ("started", job["kind"])
    except ApiError as error:
        if error.kind != session.NOT_SIGNED_IN:
            st.session_state[OUTCOME] = ("refused", str(error))


def _outcome() -> None:
    kind, said = st.session_state.pop(OUTCOME, ("", ""))
    if kind == "started":
        st.toast(f"{words.escaped(said)} has begun", icon=":material/play_arrow:")
    elif kind == "refused":
        st.error(words.escaped(said), title="Nothing is started", icon=":material/block:")
