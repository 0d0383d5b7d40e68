"""Regions and channels: where are we sold? From countries to regions to stores, and by channel at every level."""

from streamlit_app import members, panels
from streamlit_app.selection import Selection
from streamlit_app.visit import SalesVisit


def show(visit: SalesVisit) -> None:
    """Draw the level that the filters are at, and the channels of what is sold there."""
    country, region = visit.selection.only("country"), visit.selection.only("region")
    panels.breadcrumbs(visit, way(visit.selection))
    if region:
        is_drawn = members.level(visit, "store", f"Stores of {region}", is_last=True)
    elif country:
        is_drawn = members.level(visit, "region", f"Regions of {country}")
    else:
        is_drawn = members.level(visit, "country", "Countries")
    if is_drawn:
        members.share_of(visit, "channel", "Channels")


def way(selection: Selection) -> list[tuple[str, Selection]]:
    """From all countries down to where the filters are; every other filter stays on the way up."""
    top = selection.narrowed(country=(), region=(), store=())
    places = [("All countries", top)]
    if selection.only("country"):
        places.append((selection.only("country"), selection.narrowed(region=(), store=())))
    if selection.only("region"):
        places.append((selection.only("region"), selection.narrowed(store=())))
    return places
