"""Around every request and websocket of the dashboard: no foreign Host or Origin, safe headers."""

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobs_config.loopback import refusal

# Streamlit's page needs inline scripts and styles and evaluates its charts' code; nothing comes from another site.
CONTENT_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: data: blob:",
        "worker-src 'self' blob:",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)

SAFE_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    # Not `no-referrer`: the form to sign in would be sent without an Origin to know it by.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Refuses what is not of this machine, and marks what goes out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = refusal(scope["headers"]) if scope["type"] in ("http", "websocket") else None
        if refused is None:
            await self._app(scope, receive, _with_safe_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            status, reason = refused
            await PlainTextResponse(reason, status)(scope, receive, _with_safe_headers(send))


def _with_safe_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(SAFE_HEADERS)
        await send(message)

    return send_with_headers
