"""A question of the reader's own: metrics by dimensions, as the address says it and as widgets change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from api.client import Dictionary
from streamlit_app import words

METRIC, BY = "metric", "by"
DEFAULT_METRICS, DEFAULT_BY = ("net_revenue", "net_units"), ("genre",)
MOST_DIMENSIONS = 4
TIMES = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class OwnQuestion:
    """What is asked; names are the API's, `labels` what people call them."""

    metrics: tuple[str, ...]
    by: tuple[str, ...]
    labels: Mapping[str, str]
    units: Mapping[str, str]

    @property
    def order_by(self) -> str | None:
        """Times come in their order; else the first metric decides, largest first."""
        return None if not self.by or self.by[0] in TIMES else self.metrics[0]


def choose(dictionary: Dictionary) -> OwnQuestion | None:
    """Draw the choice, beginning with what the address says; None where no metric is chosen."""
    metrics = {each["name"]: each["label"] for each in dictionary["metrics"]}
    dimensions = {each["name"]: each["label"] for each in dictionary["dimensions"] if each["can_group"]}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = _several("Metrics", METRIC, metrics, DEFAULT_METRICS, len(metrics))
        by = _several("By", BY, dimensions, DEFAULT_BY, MOST_DIMENSIONS)
    if not chosen:
        st.info("Choose at least one metric.", icon=":material/functions:")
        return None
    units = {each["name"]: each["unit"] for each in dictionary["metrics"]}
    return OwnQuestion(chosen, by, {**dimensions, **metrics}, units)


def _several(label: str, name: str, options: Mapping[str, str], default: Sequence[str], most: int) -> tuple[str, ...]:
    asked = list(dict.fromkeys(st.query_params.get_all(name)))
    unknown = [value for value in asked if value and value not in options]
    if unknown:
        found = ", ".join(words.escaped(words.shortened(value, 40)) for value in unknown[:5])
        st.warning(
            f"The link asks for {label.lower()} “{found}”, which is not there, or not for you.",
            icon=":material/link_off:",
        )
    # An empty value says "none", no value at all the default.
    wanted = asked or default
    known = [value for value in wanted if value in options][:most]
    st.session_state[name] = known
    found_now = st.multiselect(
        label,
        list(options),
        format_func=options.__getitem__,
        max_selections=most,
        key=name,
        on_change=_say,
        args=(name,),
        width=420,
    )
    return tuple(found_now)


def _say(name: str) -> None:
    st.query_params[name] = st.session_state[name] or [""]
