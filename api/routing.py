"""Which route a request is for, and what its path names."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

PROBES = frozenset({"healthz", "readyz", "prometheus"})
ENCODED_SLASH = re.compile("%2F", re.IGNORECASE)


class Name(Convertor[str]):
    """A path parameter `{…:name}`: one part of the path, which may have slashes of its own where they are encoded."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return ENCODED_SLASH.sub("/", value)

    def to_string(self, value: str) -> str:
        return value.replace("/", "%2F")


register_url_convertor("name", Name())


class EncodedSlashes:
    """Leaves `%2F` in a path as it is: once it is decoded, nobody can tell it from a slash that parts the path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1")
        if scope["type"] == "http" and ENCODED_SLASH.search(raw):
            scope["path"] = "%2F".join(unquote(part) for part in ENCODED_SLASH.split(raw))
        await self._app(scope, receive, send)


class Endpoints:
    """The routes that are served; a path that is not among them is answered by nobody."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes

    def of(self, scope: Scope) -> str:
        """The name of the route, also where only its method is wrong; empty where there is none."""
        partial = ""
        for route in self._routes:
            match = route.matches(scope)[0]
            if match == Match.FULL:
                return route.name
            if match == Match.PARTIAL and not partial:
                partial = route.name
        return partial
