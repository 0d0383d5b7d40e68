"""SQL of an analyst's own. The API decides what is allowed, and its words say what is not."""

from functools import partial

import streamlit as st

from api.client import CSV, XLSX, ApiError
from streamlit_app import words
from streamlit_app.visit import SalesVisit

EXAMPLE = """select region, sum(net_reporting_amount) as net_revenue
from fact_sales join dim_region using (region_key)
where in_default_totals
group by region
order by net_revenue desc"""
LIMITS = (100, 1_000, 10_000)
ASKED = "_sql_asked"
REFUSED = (403, 409, 422, 503, 504)


def draw(visit: SalesVisit) -> None:
    """Draw the form, and the answer to what was sent last."""
    st.caption("One SELECT over the tables in your sight, read-only. The filters above do not apply; your scope does.")
    with st.form("sql-form"):
        sql = st.text_area("SQL", EXAMPLE, height=180, key="sql-text")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            limit = st.selectbox("Rows at most", LIMITS, index=1, key="sql-limit", width=160)
            if st.form_submit_button("Run", type="primary", icon=":material/play_arrow:"):
                st.session_state[ASKED] = (sql, limit)
    if ASKED in st.session_state:
        _answer(visit, *st.session_state[ASKED])


def _answer(visit: SalesVisit, sql: str, limit: int) -> None:
    publication = visit.published["publication"]
    try:
        answer = visit.client.sql(sql, limit, publication)
    except ApiError as error:
        if error.status not in REFUSED:
            raise
        st.warning(words.escaped(str(error)), title="This was not run", icon=":material/block:")
        return
    rows, is_cut = answer["data"]["rows"], answer["data"]["is_truncated"]
    st.caption(f"the first {len(rows):,} rows, there are more" if is_cut else f"all {len(rows):,} rows")
    names = [column["name"] for column in answer["data"]["columns"]]
    st.dataframe(rows, hide_index=True, column_order=names, alt=f"Answer of {len(rows)} rows", key="sql_table")
    with st.container(horizontal=True):
        for label, ending, kind in (("CSV", "csv", CSV), ("XLSX", "xlsx", XLSX)):
            st.download_button(
                label,
                data=partial(visit.client.sql_export, sql, kind, limit, publication),
                file_name=f"sql.{ending}",
                mime=kind,
                on_click="ignore",
                icon=":material/download:",
                key=f"sql-{ending}",
            )
