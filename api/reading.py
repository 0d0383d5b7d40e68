"""The publication that a request reads: the same one in all its questions, held until the answer is made."""

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from warehouse.warehouses import Reading, Warehouse

STATE = "reading"


def reading_of(request: Request, pinned: int | None = None) -> Reading:
    """The publication that served when the request first asked, or an earlier one that it pins.

    Raises NoPublicationError, DamagedPublicationError, PublicationGoneError where the pinned one cannot be read.
    """
    state: dict[str, object] = request.scope["state"]
    found = state.get(STATE)
    if found is None:
        warehouse: Warehouse = request.app.state.warehouse
        label = f"request {state['request_id']}"
        found = warehouse.current(label) if pinned is None else warehouse.earlier(pinned, label)
        state[STATE] = found
    return found  # type: ignore[return-value]


class Released:
    """Gives back what a request's reading holds, however the request ends: of a remote warehouse, a connection."""

    def __init__(self, app: ASGIApp, is_remote: bool) -> None:
        self._app = app
        self._is_remote = is_remote

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_remote:
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            reading: Reading | None = scope.get("state", {}).get(STATE)
            if reading is not None:
                await run_in_threadpool(reading.release)
