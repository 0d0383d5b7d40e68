"""Around every request but probes: an entry before the work says who wants what and whether they may, one after what became of it."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.audit.log import AuditLog
from api.auth.authority import Caller
from api.problems import BUSY, BUSY_SECONDS, problem
from api.routing import PROBES, Endpoints

ALLOWED = "allowed"


class AuditUnavailableError(Exception):
    """The entry could not be written, so the work is not begun."""


class Note:
    """What the audit learns about one request while it goes on."""

    def __init__(self, log: AuditLog, scope: Scope) -> None:
        self._log = log
        self._began = time.perf_counter()
        self._intent: int | None = None
        self._said: dict[str, Any] = {}
        address = scope["client"][0] if scope.get("client") else None
        self._about = {
            "request_id": scope["state"]["request_id"],
            "address": address,
            "method": scope["method"],
            "endpoint": scope["state"]["endpoint"],
            "path": scope["path"],
        }

    async def begin(self, caller: Caller | None, decision: str) -> None:
        """Write the intent. Raises AuditUnavailableError."""
        who = {"username": caller.username, "role": caller.role} if caller else {}
        record = {**self._about, **who, "kind": "intent", "decision": decision}
        try:
            self._intent = await asyncio.wrap_future(self._log.submit(record))
        except Exception as error:
            raise AuditUnavailableError from error

    def says(self, columns: Iterable[str] = (), rows: int | None = None, publication: int | None = None) -> None:
        """What the answer shows: names of columns, how many rows, of which publication. Never a value."""
        self._said = {"columns": " ".join(dict.fromkeys(columns)), "row_count": rows, "publication": publication}

    def is_of(self, username: str) -> None:
        """A sign-in turned out to be of this account."""
        self._said["username"] = username

    async def end(self, status: int) -> None:
        """Write the outcome."""
        if self._intent is None:
            await self.begin(None, "refused")
        duration = round(1e6 * (time.perf_counter() - self._began))
        self._log.submit(
            {
                "kind": "outcome",
                "request_id": self._about["request_id"],
                "intent_seq": self._intent,
                "status": status or 500,
                "duration": duration,
                **self._said,
            }
        )


class Audited:
    """Gives each request its note, and ends it whatever happens."""

    def __init__(self, app: ASGIApp, log: AuditLog, endpoints: Endpoints) -> None:
        self._app = app
        self._log = log
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        endpoint = scope["state"]["endpoint"] = self._endpoints.of(scope)
        if endpoint in PROBES:
            await self._app(scope, receive, send)
            return
        note, status = Note(self._log, scope), 0
        scope["state"]["note"] = note

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        except AuditUnavailableError:
            detail = "the audit cannot be written, so nothing is done; ask again later"
            refused = problem(BUSY, detail, scope, headers={"Retry-After": str(BUSY_SECONDS)})
            await refused(scope, receive, send_and_see)
            return
        finally:
            await _end(note, status)


async def _end(note: Note, status: int) -> None:
    try:
        await note.end(status)
    except AuditUnavailableError:
        return
