"""Which route a request is for."""

from collections.abc import Sequence

from starlette.routing import Match, Route
from starlette.types import Scope

PROBES = frozenset({"healthz", "readyz", "prometheus"})


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
