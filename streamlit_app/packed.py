"""Streamlit's own scripts and styles, compressed once and kept: a first page load is a third of its size.

Streamlit sends them as they are, and what is compressed anew for each reader costs more than it saves. Nothing else is
compressed: pages come by websocket, and what a reader downloads holds no secret and is small.
"""

import gzip
import posixpath

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = "/static/"
TYPES = (
    "text/javascript",
    "application/javascript",
    "text/css",
    "application/json",
    "image/svg+xml",
    "application/wasm",
)
LEVEL = 6
SMALLEST = 1_000
PackedAnswer = tuple[list[tuple[bytes, bytes]], bytes]


class PackedAssets:
    """Answers requests for assets from memory, compressed, to whoever takes gzip; they are files of an installed package."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packed: dict[str, PackedAnswer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _may_be_packed(scope):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self._packed:
            answer = await _whole(self._app, scope, receive)
            if answer is None or not _is_worth_it(answer):
                await self._app(scope, receive, send)
                return
            headers, body = answer
            self._packed[path] = await run_in_threadpool(_pack, headers, body)
        headers, body = self._packed[path]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _may_be_packed(scope: Scope) -> bool:
    headers, path = Headers(scope=scope), scope["path"]
    # A file has one such spelling, so no more is kept than there are files.
    is_asset = path.startswith(FOLDER) and path == posixpath.normpath(path)
    return (
        scope["method"] == "GET"
        and is_asset
        and "gzip" in headers.get("accept-encoding", "")
        and "range" not in headers
    )


async def _whole(app: ASGIApp, scope: Scope, receive: Receive) -> PackedAnswer | None:
    """Headers and body of a success; None for any other answer."""
    started: Message = {}
    body: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            body.append(message.get("body", b""))

    # Without conditions: an answer that says "not modified" has nothing to keep.
    headers = [(name, value) for name, value in scope["headers"] if not name.startswith(b"if-")]
    await app({**scope, "headers": headers, "extensions": {}}, receive, keep)
    return (started["headers"], b"".join(body)) if started.get("status") == 200 else None


def _is_worth_it(answer: PackedAnswer) -> bool:
    headers, body = answer
    kind = Headers(raw=headers).get("content-type", "").partition(";")[0]
    return kind in TYPES and len(body) >= SMALLEST


def _pack(headers: list[tuple[bytes, bytes]], body: bytes) -> PackedAnswer:
    packed = gzip.compress(body, LEVEL, mtime=0)
    kept = [(name, value) for name, value in headers if name not in (b"content-length", b"etag", b"accept-ranges")]
    about = {b"content-encoding": b"gzip", b"content-length": str(len(packed)).encode(), b"vary": b"Accept-Encoding"}
    return [*kept, *about.items()], packed
