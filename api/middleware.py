"""Around every request: an id in and out, safe headers, one log line, no foreign Host or Origin, no stack trace."""

import logging
import re
import time
import uuid
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import FOREIGN_HOST, FOREIGN_ORIGIN, INTERNAL, problem
from jobs_config.log_setup import log_event
from jobs_config.loopback import refusal

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

HSTS_SECONDS = 365 * 24 * 3600

logger = logging.getLogger(__name__)


class RequestContext:
    """Outermost: gives the request its id, the response its headers, the log its line, and a failure its body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get("X-Request-ID", ""))
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                # An answer that may be kept says so itself.
                headers.setdefault("Cache-Control", "no-store")
                headers.update({**SAFE_HEADERS, "X-Request-ID": request_id})
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            logger.exception("api.failed", extra={"fields": {"path": scope["path"], "request_id": request_id}})
            if not status:
                detail = f"the server's log has the reason under request id {request_id}"
                await problem(INTERNAL, detail, scope)(scope, receive, send_with_headers)
        milliseconds = round(1000 * (time.perf_counter() - began), 1)
        log_event(
            logger,
            "api.request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=milliseconds,
            request_id=request_id,
        )


class OwnHostsOnly:
    """Refuses requests that name another host or come from another site's page."""

    def __init__(self, app: ASGIApp, allowed: Collection[str] = ()) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = refusal(scope["headers"], self._allowed) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
            return
        status, reason = refused
        kind = FOREIGN_HOST if status == FOREIGN_HOST.status else FOREIGN_ORIGIN
        await problem(kind, reason, scope)(scope, receive, send)


def _request_id(given: str) -> str:
    """The caller's id where it is short and plain, else a new one."""
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
