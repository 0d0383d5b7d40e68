"""The dashboard's pages in the order of the menu: the one place that says which there are and what each of them needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streamlit_app.views import (
    admin,
    calendar,
    customers,
    data_health,
    explore,
    genres,
    lab,
    overview,
    regions,
    returns,
    titles,
)


@dataclass(frozen=True)
class Page:
    """A page at `/<slug>`. `show` draws it for a `Visit`, a page about sales for a `SalesVisit`.

    `needs` is the endpoint without which the page is nothing: whoever may not ask it is not shown the page. So the matrix of
    permissions decides here too. `parameters` are the page's own in a link, beside those of the filters.
    """

    slug: str
    title: str
    icon: str
    show: Callable[[Any], None]
    needs: str = "summary"
    is_about_sales: bool = True
    parameters: tuple[str, ...] = ()


PAGES = (
    Page("overview", "Overview", ":material/monitoring:", overview.show),
    Page(
        "titles",
        "Titles",
        ":material/menu_book:",
        titles.show,
        needs="top-books",
        parameters=("isbn", "search", "after"),
    ),
    Page("genres", "Genres", ":material/category:", genres.show, needs="breakdown"),
    Page("regions", "Regions & channels", ":material/public:", regions.show, needs="breakdown"),
    Page("calendar", "Calendar", ":material/calendar_month:", calendar.show, needs="timeseries"),
    Page("returns", "Returns & price", ":material/assignment_return:", returns.show, needs="breakdown"),
    Page("customers", "Customers", ":material/groups:", customers.show, needs="customers", is_about_sales=False),
    Page(
        "explore",
        "Explore",
        ":material/query_stats:",
        explore.show,
        needs="query",
        parameters=("part", "metric", "by"),
    ),
    Page(
        "health",
        "Data health",
        ":material/verified:",
        data_health.show,
        needs="freshness",
        is_about_sales=False,
        parameters=("run",),
    ),
    Page("lab", "Lab", ":material/science:", lab.show, needs="generate-test-data", is_about_sales=False),
    Page(
        "admin",
        "Admin",
        ":material/admin_panel_settings:",
        admin.show,
        needs="users",
        is_about_sales=False,
        parameters=("part",),
    ),
)
