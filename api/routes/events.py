"""Feasts and trade events, to be drawn on a series."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asking import Asking
from api.params import EventsQuery, Pinned, refuse_repeated
from api.routes.analytics import PREFIX
from api.shapes.analytics import Event
from api.shapes.bodies import Body
from warehouse.events import plan_events

router = APIRouter(prefix=PREFIX, tags=["analytics"], dependencies=[Depends(refuse_repeated)])


@router.get("/events/", name="events", operation_id="events", response_model=Body[list[Event]])
@router.get("/events", name="events", include_in_schema=False, response_model=None)
def events(request: Request, query: Annotated[EventsQuery, Query()], pinned: Pinned = None) -> Response:
    """The feasts and trade events of the window, in order."""
    asking = Asking(request, query, pinned)
    found = asking.answers.looked_up(plan_events(asking.window.first, asking.window.until))
    return asking.respond("events", found, lambda: found)
