"""The one body of every failure: application/problem+json."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.answers import UnknownMemberError
from api.asking import PublicationGoneError
from api.auth.accounts import AccountError, NoAccountError
from api.auth.authority import RefusedSignInError, TooManyTriesError
from api.auth.passwords import BusyError, PasswordRuleError
from api.rendering import NotAcceptableError
from api.shapes import Fault, Problem
from api.view import HiddenColumnError
from warehouse.publication import NoPublicationError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 30
BUSY_SECONDS = 5


@dataclass(frozen=True)
class Kind:
    """A kind of failure: its name in `type`, its status and its title never change."""

    name: str
    status: int
    title: str


INVALID = Kind("invalid-parameters", 422, "The parameters are not valid")
NOT_FOUND = Kind("not-found", 404, "There is nothing at this path")
METHOD = Kind("method-not-allowed", 405, "The path does not take this method")
GONE = Kind("publication-gone", 410, "The publication no longer serves")
FOREIGN_HOST = Kind("foreign-host", 421, "The request is for another host")
FOREIGN_ORIGIN = Kind("foreign-origin", 403, "The request comes from another site")
NOT_PUBLISHED = Kind("not-published", 503, "Nothing is published yet")
NOT_SET_UP = Kind("not-set-up", 503, "There is no administrator yet")
NOT_SIGNED_IN = Kind("not-signed-in", 401, "The request is of nobody")
SIGN_IN_REFUSED = Kind("sign-in-refused", 401, "The sign-in is refused")
FORBIDDEN = Kind("not-permitted", 403, "The account may not do this")
TOO_MANY_TRIES = Kind("too-many-tries", 429, "Too many tries have failed")
NOT_POSSIBLE = Kind("not-possible", 409, "Things do not stand so that this could be done")
NO_USER = Kind("no-such-user", 404, "There is no account of that name")
NOT_ACCEPTABLE = Kind("not-acceptable", 406, "There is no answer of that type")
BUSY = Kind("busy", 503, "The server is busy")
INTERNAL = Kind("internal", 500, "The server failed")

KINDS = (
    INVALID,
    NOT_FOUND,
    METHOD,
    GONE,
    FOREIGN_HOST,
    FOREIGN_ORIGIN,
    NOT_PUBLISHED,
    NOT_SET_UP,
    NOT_SIGNED_IN,
    SIGN_IN_REFUSED,
    FORBIDDEN,
    TOO_MANY_TRIES,
    NOT_POSSIBLE,
    NO_USER,
    NOT_ACCEPTABLE,
    BUSY,
    INTERNAL,
)


def problem(
    kind: Kind, detail: str, scope: Scope, errors: list[Fault] | None = None, headers: dict[str, str] | None = None
) -> Response:
    """A failure as a response. `detail` is for people: what was found, what would do; never the server's inside."""
    body = Problem(
        type=f"urn:booksales:problem:{kind.name}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=scope["path"],
        errors=errors or [],
        request_id=scope.get("state", {}).get("request_id", ""),
    )
    return Response(orjson.dumps(body), kind.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every failure of the application with a problem."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(NoPublicationError, _not_published)
    app.add_exception_handler(PublicationGoneError, _gone)
    app.add_exception_handler(RefusedSignInError, _refused_sign_in)
    app.add_exception_handler(TooManyTriesError, _too_many_tries)
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(AccountError, _said_by(NOT_POSSIBLE))
    app.add_exception_handler(NoAccountError, _said_by(NO_USER))
    app.add_exception_handler(HiddenColumnError, _said_by(FORBIDDEN))
    app.add_exception_handler(NotAcceptableError, _said_by(NOT_ACCEPTABLE))
    app.add_exception_handler(UnknownMemberError, _unknown_member)
    app.add_exception_handler(PasswordRuleError, _said_by(INVALID))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(found) for found in error.errors()]
    return problem(
        INVALID, "; ".join(f"{fault['parameter']}: {fault['message']}" for fault in faults), request.scope, faults
    )


def _fault(found: Any) -> Fault:
    # pydantic's own record may hold values that JSON cannot carry, so only text goes out, and not much of it.
    parameter = ".".join(str(part) for part in found["loc"][1:]) or "parameters"
    given = f" (found {str(found['input'])[:60]!r})" if isinstance(found.get("input"), str | int) else ""
    return Fault(parameter=parameter, message=f"{found['msg']}{given}")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = next((kind for kind in (NOT_FOUND, METHOD) if kind.status == error.status_code), None)
    if kind is None:
        kind = Kind(re.sub(r"\W+", "-", str(error.detail).lower()), error.status_code, str(error.detail))
    detail = f"{request.method} {request.url.path}: {kind.title.lower()}; /openapi.json lists what there is"
    return problem(kind, detail, request.scope, headers=dict(error.headers or {}))


async def _not_published(request: Request, error: Exception) -> Response:
    # The error names a folder of this machine; what a caller needs to know is what to run.
    detail = "nothing is published yet; run `booksales reload`, then ask again"
    return problem(NOT_PUBLISHED, detail, request.scope, headers={"Retry-After": str(RETRY_SECONDS)})


async def _gone(request: Request, error: Exception) -> Response:
    return problem(GONE, str(error), request.scope)


async def _refused_sign_in(request: Request, error: Exception) -> Response:
    return problem(SIGN_IN_REFUSED, "the credentials are not good, or no longer", request.scope)


async def _too_many_tries(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyTriesError)
    return problem(TOO_MANY_TRIES, str(error), request.scope, headers={"Retry-After": str(error.seconds)})


async def _busy(request: Request, error: Exception) -> Response:
    detail = "too many sign-ins at once; ask again in a few seconds"
    return problem(BUSY, detail, request.scope, headers={"Retry-After": str(BUSY_SECONDS)})


def _said_by(kind: Kind) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Answers with the error's own words, which are made for people."""

    async def answered(request: Request, error: Exception) -> Response:
        return problem(kind, str(error), request.scope)

    return answered


async def _unknown_member(request: Request, error: Exception) -> Response:
    assert isinstance(error, UnknownMemberError)
    fault = Fault(parameter=error.parameter, message=str(error))
    return problem(INVALID, f"{error.parameter}: {error}", request.scope, [fault])
