"""Before every request: is there an administrator, who asks, and may they? What the matrix does not open stays shut."""

import logging
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.audited import ALLOWED
from api.auth.authority import Authority, Caller, UnauthenticatedError
from api.problems import CHALLENGE, FORBIDDEN, HOW_TO_SIGN_IN, NOT_FOUND, NOT_SET_UP, NOT_SIGNED_IN, Kind, problem
from api.routing import PROBES
from jobs_config.errors import ConfigError
from jobs_config.log_setup import log_event
from warehouse.permissions import load_permissions

PERMISSIONS = load_permissions()
WHILE_NOT_SET_UP = frozenset({"setup"})

logger = logging.getLogger(__name__)


class Refusal(Exception):
    """The request stops at the gate, with this answer."""

    def __init__(
        self, kind: Kind, detail: str, headers: dict[str, str] | None = None, caller: Caller | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers
        self.caller = caller


class Gate:
    """Lets in who may, with `caller` in the request's state, and refuses everybody else."""

    def __init__(self, app: ASGIApp, authority: Authority) -> None:
        self._app = app
        self._authority = authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["state"]["endpoint"] in PROBES:
            await self._app(scope, receive, send)
            return
        state, tokens = scope["state"], Headers(scope=scope).getlist("authorization")
        try:
            caller = await run_in_threadpool(self._admit, state["endpoint"], tokens)
        except Refusal as refusal:
            await state["note"].begin(refusal.caller, refusal.kind.name)
            await problem(refusal.kind, refusal.detail, scope, headers=refusal.headers)(scope, receive, send)
            return
        await state["note"].begin(caller, ALLOWED)
        state["caller"] = caller
        await self._app(scope, receive, send)

    def _admit(self, endpoint: str, authorization: list[str]) -> Caller | None:
        """Who is let in; None for anybody at a public endpoint. Raises Refusal."""
        if endpoint not in WHILE_NOT_SET_UP and not self._authority.is_set_up():
            raise Refusal(
                NOT_SET_UP,
                "there is no administrator yet: run `booksales users add NAME --role admin`, or POST /api/auth/setup/ "
                "with the code from the server's folder",
            )
        if endpoint in PERMISSIONS.public:
            return None
        try:
            if len(authorization) != 1:
                raise UnauthenticatedError("no token, or several")
            caller = self._authority.caller(authorization[0])
        except UnauthenticatedError as error:
            log_event(logger, "api.not_signed_in", reason=error.reason)
            raise Refusal(NOT_SIGNED_IN, HOW_TO_SIGN_IN, CHALLENGE) from error
        if not endpoint:
            # A route that is not known here is shut, whatever the application would make of it.
            raise Refusal(NOT_FOUND, "nothing is at this path; /openapi.json lists what there is", caller=caller)
        if endpoint not in PERMISSIONS.endpoints_of(caller.role):
            raise Refusal(FORBIDDEN, f"this needs another role than {caller.role}", caller=caller)
        return caller


def require_entries(routes: Sequence[Route]) -> None:
    """Raise ConfigError for a route that the matrix does not name: nobody would have said who may use it."""
    listed = {name for names in PERMISSIONS.endpoints.values() for name in names}
    missing = sorted({route.name for route in routes} - listed)
    if missing:
        raise ConfigError(f"warehouse/permissions.yaml: no entry for endpoint {', '.join(missing)}; say who may use it")
