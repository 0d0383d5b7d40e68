"""One reader on one page: who they are, what they chose, and what the page asks for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import streamlit as st

from api.client import Client, Interval, Me, Published, Window
from streamlit_app import address_bar, answers, words
from streamlit_app.address import api_url
from streamlit_app.answers import Answers
from streamlit_app.questions import Question
from streamlit_app.selection import Selection

Routes = Mapping[str, Any]


@dataclass
class Visit:
    """A reader on a page. `routes` are Streamlit's pages by slug; `published` is None where nothing is published yet."""

    client: Client
    me: Me
    slug: str
    routes: Routes
    published: Published | None

    def may(self, endpoint: str) -> bool:
        """Whether the reader may ask an endpoint."""
        return endpoint in self.me["endpoints"]

    def link(self, slug: str, label: str, selection: Selection | None = None, icon: str = "", **own: str) -> None:
        """A link to a page that says the selection; `label` is Markdown. On paper there is none."""
        if address_bar.is_print():
            return
        said = {**(selection.parameters if selection else {}), **{name: [value] for name, value in own.items()}}
        st.page_link(self.routes[slug], label=label, icon=icon or None, query_params=said)


@dataclass
class SalesVisit(Visit):
    """A reader on a page about sales, all of one publication. `asked` notes what the page shows, in order."""

    published: Published
    selection: Selection
    window: Window
    interval: Interval
    asked: dict[Question[Any], None] = field(default_factory=dict)

    def ask(self, *questions: Question[Any]) -> Answers:
        """Answers of the page's publication, got in parallel; each is cited and can be exported at the end of the page.

        Raises ApiError, of kind `publication-gone` where the page must start over.
        """
        self.asked |= dict.fromkeys(questions)
        return self.look_up(*questions)

    def look_up(self, *questions: Question[Any]) -> Answers:
        """The same for what the page needs and does not show."""
        return answers.ask(self.client, api_url(), self.me["view"], self.published["publication"], questions)

    @property
    def filters(self) -> Mapping[str, tuple[str, ...]]:
        """The filters in force."""
        return self.selection.filters

    @property
    def comparison(self) -> str:
        """The kind of comparison as the API names it; empty for none."""
        return "" if self.selection.compare == "none" else self.selection.compare

    @property
    def compared_with(self) -> str:
        """What the days are compared with, in words."""
        days = words.day_count(self.window.day_count)
        kinds = {"52_weeks": "the same weekdays 52 weeks before", "year": "the same days a year before"}
        return kinds.get(self.selection.compare, days)

    @property
    def currency(self) -> str:
        """What money is in."""
        return self.published["currency"]

    @property
    def data_from(self) -> date | None:
        """The first day with data."""
        return day_of(self.published["data_from"])

    @property
    def data_through(self) -> date | None:
        """The last day with data."""
        return day_of(self.published["data_through"])

    def own(self, name: str) -> str:
        """A parameter of the page's own, or nothing."""
        return address_bar.own(name)


def day_of(iso: str | None) -> date | None:
    """The day that the API names, if any."""
    return date.fromisoformat(iso) if iso else None
