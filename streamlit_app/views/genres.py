"""Genres: what is our mix? From genres to subgenres to the books of one."""

from streamlit_app import members, panels
from streamlit_app.selection import Selection
from streamlit_app.views import titles
from streamlit_app.visit import SalesVisit


def show(visit: SalesVisit) -> None:
    """Draw the level that the filters are at."""
    genre, subgenre = visit.selection.only("genre"), visit.selection.only("subgenre")
    panels.breadcrumbs(visit, way(visit.selection))
    if subgenre:
        titles.ranking(visit, f"Books of {subgenre}")
    elif genre:
        members.level(visit, "subgenre", f"Subgenres of {genre}")
    else:
        members.level(visit, "genre", "Genres")


def way(selection: Selection) -> list[tuple[str, Selection]]:
    """From all genres down to where the filters are; every other filter stays on the way up."""
    top = selection.narrowed(genre=(), subgenre=())
    places = [("All genres", top)]
    if selection.only("genre"):
        places.append((selection.only("genre"), selection.narrowed(subgenre=())))
    if selection.only("subgenre"):
        places.append((selection.only("subgenre"), selection))
    return places
