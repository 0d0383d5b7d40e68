"""What pages know: answers of the API, kept by publication, so that a page never mixes two."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from api.client import (
    Body,
    BookRow,
    Client,
    GenreRow,
    Interval,
    Measure,
    Published,
    Ranking,
    RegionRow,
    Summary,
    Timeseries,
    Window,
)
from streamlit_app.address import api_url

TILE_METRICS = ("net_revenue", "net_units", "average_selling_price", "return_rate", "orders", "active_titles")
BARS = 10


@dataclass(frozen=True)
class Overview:
    """Everything the overview shows, all of one publication."""

    summary: Body[Summary]
    series: Body[Timeseries]
    books: Body[Ranking[BookRow]]
    regions: Body[Ranking[RegionRow]]
    genres: Body[Ranking[GenreRow]]


def publication(client: Client) -> Published:
    """The publication that serves now. Raises ApiError where the API does not answer or has none."""
    return client.publication()


def overview(client: Client, publication: int, window: Window, interval: Interval, measure: Measure) -> Overview:
    """The overview of a window. Raises ApiError, of kind `publication-gone` where the page must start over."""
    # What is kept is for all who see the same, and asked anew who that is: a change of role holds at once.
    me = client.me()
    return _overview(api_url(), me["view"], publication, window, interval, measure, client)


@st.cache_data(max_entries=200, show_spinner=False)
def _overview(
    url: str, view: str, publication: int, window: Window, interval: Interval, measure: Measure, _client: Client
) -> Overview:
    client = _client
    questions: list[Callable[..., Any]] = [
        partial(client.summary, comparison="previous_period"),
        partial(client.timeseries, interval=interval, metrics=TILE_METRICS),
        partial(client.top_books, limit=BARS, measure=measure),
        partial(client.sales_by_region, limit=BARS, measure=measure),
        partial(client.sales_by_genre, limit=BARS, measure=measure),
    ]
    with ThreadPoolExecutor(len(questions)) as pool:
        answers = [pool.submit(question, window, publication=publication) for question in questions]
        return Overview(*(answer.result() for answer in answers))
