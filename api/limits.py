"""Bounds on what comes in: size of a body, requests at once, requests a minute; and what is told to Prometheus on the way."""

import asyncio
import threading
import time
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import BUSY, TOO_LARGE, TOO_MANY_REQUESTS, problem
from api.prometheus import Measures
from api.routing import PROBES

MOST_BODY_BYTES = 64 * 1024
WINDOW_SECONDS = 60
MOST_COUNTED = 10_000


class Rate:
    """Requests of each caller in the minute that is going on. 0 a minute: no bound."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.time) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, int] = {}

    def count(self, caller: str) -> tuple[int, int]:
        """Requests that are left after this one, below 0 where it is one too many; seconds until they begin anew."""
        now = self._clock()
        with self._lock:
            minute = int(now // WINDOW_SECONDS)
            if minute != self._minute or len(self._counts) > MOST_COUNTED:
                self._minute, self._counts = minute, {}
            self._counts[caller] = self._counts.get(caller, 0) + 1
            return self.per_minute - self._counts[caller], WINDOW_SECONDS - int(now % WINDOW_SECONDS)


class Bounded:
    """Before everything that costs: refuses what is too large or too much at once, and measures the rest."""

    def __init__(self, app: ASGIApp, at_once: int, measures: Measures) -> None:
        self._app = app
        self._at_once = at_once
        self._measures = measures
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["state"]["endpoint"] in PROBES:
            await self._app(scope, receive, send)
            return
        if self._running >= self._at_once:
            await self._refuse(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._running += 1
        self._measures.running.set(self._running)
        try:
            await self._app(scope, receive, send_and_see)
        finally:
            self._running -= 1
            self._measures.running.set(self._running)
            self._measures.request(scope, status, time.perf_counter() - began)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._measures.request(scope, BUSY.status, 0)
        detail = f"{self._at_once} requests are being answered; ask again in a second"
        await problem(BUSY, detail, scope, headers={"Retry-After": "1"})(scope, receive, send)


class BoundedBody:
    """Refuses a body of more than 64 KiB, whether it says so or not, before it is read to the end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdigit() or int(said) > MOST_BODY_BYTES:
            await _too_large(scope, receive, send)
            return
        body, is_whole = b"", False
        while not is_whole:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            is_whole = not message.get("more_body", False)
            if len(body) > MOST_BODY_BYTES:
                await _too_large(scope, receive, send)
                return
        await self._app(scope, _again(body, receive), send)


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    await problem(TOO_LARGE, f"a body has at most {MOST_BODY_BYTES} bytes", scope)(scope, receive, send)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body, once more from the beginning; then what else comes."""
    given = asyncio.Event()

    async def receive_body() -> Message:
        if given.is_set():
            return await receive()
        given.set()
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body


class Rated:
    """Behind the gate: refuses who asks too often, and says in each answer how much is left."""

    def __init__(self, app: ASGIApp, rate: Rate) -> None:
        self._app = app
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._rate.per_minute or scope["state"]["endpoint"] in PROBES:
            await self._app(scope, receive, send)
            return
        left, seconds = self._rate.count(_caller(scope))
        headers = {
            "RateLimit-Limit": str(self._rate.per_minute),
            "RateLimit-Remaining": str(max(left, 0)),
            "RateLimit-Reset": str(seconds),
        }

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        if left < 0:
            detail = f"{self._rate.per_minute} requests a minute; ask again in {seconds} s"
            refused = problem(TOO_MANY_REQUESTS, detail, scope, headers={"Retry-After": str(seconds)})
            await refused(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _caller(scope: Scope) -> str:
    caller = scope["state"].get("caller")
    address = scope["client"][0] if scope.get("client") else "unknown"
    return f"user {caller.username}" if caller else f"address {address}"
