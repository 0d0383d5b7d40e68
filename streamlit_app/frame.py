"""What stands around every page: menu, filters, how fresh the data is, where its numbers come from, and what went wrong."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from api.client import ApiError, Client, Me, Published
from streamlit_app import address_bar, citations, filter_bar, messages, panels, ranges, saved_views, session, words
from streamlit_app.address import api_url
from streamlit_app.answers import ask
from streamlit_app.pages import PAGES, Page
from streamlit_app.questions import members
from streamlit_app.selection import CUSTOM, FILTERS, Selection, read, with_members
from streamlit_app.visit import Routes, SalesVisit, Visit, day_of

# Long enough that nothing below jumps while the page is on its way.
SKELETON_HEIGHT = 900
# The last day with data is yesterday, or the day before until the daily run is through.
FRESH_DAYS = 2
# Parameters that are a page's own are no fault of another page's link.
OWN_PARAMETERS = (address_bar.PRINT, *(name for page in PAGES for name in page.parameters))


def show(page: Page, routes: Routes) -> None:
    """Draw the page for whoever is signed in."""
    client = session.require()
    try:
        me, published = _begin(client)
        _draw(page, Visit(client, me, page.slug, routes, published))
    except ApiError as error:
        if error.kind == session.NOT_SIGNED_IN:
            session.forget()
        if error.kind in (session.NOT_SIGNED_IN, "publication-gone"):
            st.rerun()
        messages.failure(error)


def _begin(client: Client) -> tuple[Me, Published | None]:
    """Who asks is asked anew each time, so a change of role holds at once; and so is which publication serves."""
    with ThreadPoolExecutor(2) as pool:
        me, published = pool.submit(client.me), pool.submit(client.publication)
        try:
            return me.result(), published.result()
        except ApiError as error:
            if error.kind != messages.NOT_PUBLISHED:
                raise
            return me.result(), None


def _draw(page: Page, visit: Visit) -> None:
    selection, refused = read(address_bar.parameters(), OWN_PARAMETERS)
    if not address_bar.is_print():
        _menu(visit, selection)
    head = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom")
    head.title(page.title, anchor=False, width="content")
    if visit.published:
        _freshness(head.container(horizontal=True, width="content", vertical_alignment="center"), visit.published)
    if not visit.may(page.needs):
        messages.not_for_you(page.title, visit.me["role"])
    elif not page.is_about_sales:
        page.show(visit)
    elif visit.published is None:
        messages.nothing_published()
    else:
        _draw_sales(page, visit, visit.published, selection, refused)


def _draw_sales(page: Page, visit: Visit, published: Published, selection: Selection, refused: list[str]) -> None:
    first, last = day_of(published["data_from"]), day_of(published["data_through"])
    named = members(filter_bar.LISTED)
    found = ask(visit.client, api_url(), visit.me["view"], published["publication"], [named])[named]["data"]
    whole = {name: listed["members"] for name, listed in found.items() if not listed["is_truncated"]}
    selection, unknown = with_members(selection, whole)
    if not address_bar.is_print():
        filter_bar.draw(selection, {name: listed["members"] for name, listed in found.items()})
        filter_bar.chips(selection)
    messages.refused([*refused, *unknown], selection, OWN_PARAMETERS)
    window = ranges.window_of(selection, first, last, published["retail_week_start"])
    filter_bar.say_window(window)
    if window is None:
        if last is None and selection.range != CUSTOM:
            messages.nothing_sold()
        return
    interval = ranges.interval_of(selection, window)
    sales = SalesVisit(
        visit.client,
        visit.me,
        page.slug,
        visit.routes,
        published,
        selection=selection,
        window=window,
        interval=interval,
    )
    panels.open_picked(sales)
    st.caption(about(sales))
    with st.skeleton(height=SKELETON_HEIGHT):
        page.show(sales)
    citations.draw(sales)


def _menu(visit: Visit, selection: Selection) -> None:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="menu"):
        for page in PAGES:
            if not visit.may(page.needs):
                continue
            if page.slug == visit.slug and not address_bar.others():
                # Where one is, marked as such; it leads nowhere else.
                said = selection.parameters
                st.page_link(visit.routes[page.slug], label=page.title, icon=page.icon, query_params=said)
            else:
                visit.link(page.slug, page.title, selection, page.icon)
        st.space("stretch")
        saved_views.draw(visit)
        st.button(
            f"Sign out {words.escaped(visit.me['username'])}",
            icon=":material/logout:",
            on_click=session.sign_out,
            type="tertiary",
        )


def _freshness(place: DeltaGenerator, published: Published) -> None:
    last = day_of(published["data_through"])
    age = (today() - last).days if last else 0
    if age > FRESH_DAYS:
        place.badge(f"{age:,} days old", icon=":material/schedule:", color="orange")
    place.caption(fresh(published), width="content")


def today() -> date:
    """The day, by the clock of this machine in UTC."""
    return datetime.now(UTC).date()


def fresh(published: Published) -> str:
    """How fresh the data is: the last business day, when it was loaded, and as what."""
    last = day_of(published["data_through"])
    through = words.day(last) if last else "no day"
    return (
        f"Data through **{through}** · loaded {words.moment(published['loaded_at'])} · "
        f"publication {published['publication']}"
    )


def about(visit: SalesVisit) -> str:
    """What the numbers of a page are of: days, comparison, filters, money and time zone."""
    selection = visit.selection
    compared = "" if selection.compare == "none" else f"compared with {visit.compared_with}"
    filters = [
        f"{FILTERS[name]}: {', '.join(words.escaped(words.plain(value)) for value in values)}"
        for name, values in selection.filters.items()
    ]
    money = f"{visit.published['currency']} without tax, business days in {visit.published['time_zone']}"
    parts = [f"**{words.days(visit.window.first, visit.window.last)}**", compared, *filters, money]
    return " · ".join(part for part in parts if part)
