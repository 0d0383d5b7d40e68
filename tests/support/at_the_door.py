"""A browser before the dashboard's door, with some page behind it."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from streamlit_app import door
from streamlit_app.guard import Guard

BASE = "http://127.0.0.1:8601"
PAGE = {"Accept": "text/html"}


async def page(request: Request) -> PlainTextResponse:
    """What lies behind the door."""
    return PlainTextResponse("the page")


def browser_at_the_door() -> TestClient:
    """The browser; it follows no redirect by itself."""
    routes = [*door.routes(), Route("/{path:path}", page)]
    app = Starlette(routes=routes, middleware=[Middleware(Guard), Middleware(door.Door)])
    return TestClient(app, base_url=BASE, follow_redirects=False)
