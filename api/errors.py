"""From an error to the problem that is answered."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.answers import UnknownMemberError
from api.asking import NotModifiedError, kept_by
from api.auth.accounts import AccountError, NoAccountError
from api.auth.authority import RefusedSignInError, TooManyTriesError, UnauthenticatedError
from api.auth.passwords import BusyError, PasswordRuleError
from api.auth.saved_views import NoSavedViewError, SavedViewError
from api.jobs import JobError, NoJobError, PlatformAwayError
from api.ledger import NoRunError
from api.problems import (
    BUSY,
    BUSY_SECONDS,
    CHALLENGE,
    DAMAGED,
    FORBIDDEN,
    GONE,
    HOW_TO_SIGN_IN,
    INVALID,
    METHOD,
    NO_JOB,
    NO_RUN,
    NO_USER,
    NO_VIEW,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    NOT_POSSIBLE,
    NOT_PUBLISHED,
    NOT_SIGNED_IN,
    PLATFORM_AWAY,
    RETRY_SECONDS,
    SIGN_IN_REFUSED,
    TOO_COSTLY,
    TOO_LONG,
    TOO_MANY_TRIES,
    WAREHOUSE_AWAY,
    Kind,
    problem,
)
from api.rendering import JSON, NotAcceptableError
from api.shapes.bodies import Fault
from api.sql.check import SqlError
from api.sql.sandbox import NotServedError, SqlBusyError, SqlFaultError, SqlTooLongError, SqlTooMuchError
from api.view import HiddenColumnError
from jobs_config.log_setup import log_event
from warehouse.publication import (
    DamagedPublicationError,
    NoAnswerError,
    NoPublicationError,
    PublicationGoneError,
    QuestionTimeoutError,
)

logger = logging.getLogger(__name__)

SECRETS = frozenset({"password", "current", "new", "code", "refresh_token"})

# FastAPI's own answer to a body that is no text.
UNREADABLE = 400


def install(app: FastAPI) -> None:
    """Answer every failure of the application with a problem."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(NoPublicationError, _not_published)
    app.add_exception_handler(DamagedPublicationError, _damaged)
    app.add_exception_handler(NoAnswerError, _no_answer)
    app.add_exception_handler(PublicationGoneError, _gone)
    app.add_exception_handler(NotModifiedError, _not_modified)
    app.add_exception_handler(UnauthenticatedError, _not_signed_in)
    app.add_exception_handler(RefusedSignInError, _refused_sign_in)
    app.add_exception_handler(TooManyTriesError, _too_many_tries)
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(SqlError, _sql)
    app.add_exception_handler(SqlFaultError, _sql)
    app.add_exception_handler(QuestionTimeoutError, _said_by(TOO_LONG))
    app.add_exception_handler(SqlTooLongError, _said_by(TOO_LONG))
    app.add_exception_handler(SqlTooMuchError, _said_by(TOO_COSTLY))
    app.add_exception_handler(SqlBusyError, _busy)
    app.add_exception_handler(NotServedError, _said_by(NOT_POSSIBLE))
    app.add_exception_handler(JobError, _said_by(NOT_POSSIBLE))
    app.add_exception_handler(PlatformAwayError, _platform_away)
    app.add_exception_handler(NoJobError, _said_by(NO_JOB))
    app.add_exception_handler(NoRunError, _said_by(NO_RUN))
    app.add_exception_handler(SavedViewError, _said_by(NOT_POSSIBLE))
    app.add_exception_handler(NoSavedViewError, _said_by(NO_VIEW))
    app.add_exception_handler(AccountError, _said_by(NOT_POSSIBLE))
    app.add_exception_handler(NoAccountError, _said_by(NO_USER))
    app.add_exception_handler(HiddenColumnError, _said_by(FORBIDDEN))
    app.add_exception_handler(NotAcceptableError, _said_by(NOT_ACCEPTABLE))
    app.add_exception_handler(UnknownMemberError, _unknown_member)
    app.add_exception_handler(PasswordRuleError, _said_by(INVALID))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_of_another_type(request, found) or _fault(found) for found in error.errors()]
    return problem(
        INVALID, "; ".join(f"{fault['parameter']}: {fault['message']}" for fault in faults), request.scope, faults
    )


def _of_another_type(request: Request, found: Any) -> Fault | None:
    """That the body was not looked into because of its type, where that is so."""
    given = request.headers.get("content-type", "")
    if tuple(found["loc"]) != ("body",) or given.partition(";")[0].strip().lower() == JSON:
        return None
    return Fault(parameter="Content-Type", message=f"send the body as {JSON} (found {given[:60]!r})")


def _fault(found: Any) -> Fault:
    # pydantic's own record may hold values that JSON cannot carry, so only text goes out, and not much of it.
    parameter = ".".join(str(part) for part in found["loc"][1:]) or "parameters"
    is_shown = isinstance(found.get("input"), str | int) and not SECRETS.intersection(map(str, found["loc"]))
    given = f" (found {str(found['input'])[:60]!r})" if is_shown else ""
    return Fault(parameter=parameter, message=f"{found['msg']}{given}")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == UNREADABLE:
        fault = Fault(parameter="body", message="cannot be read; send what its Content-Type says, in UTF-8")
        return problem(INVALID, f"body: {fault['message']}", request.scope, [fault])
    kind = next((kind for kind in (NOT_FOUND, METHOD) if kind.status == error.status_code), None)
    if kind is None:
        kind = Kind(re.sub(r"\W+", "-", str(error.detail).lower()), error.status_code, str(error.detail))
    detail = f"{request.method} {request.url.path}: {kind.title.lower()}; /openapi.json lists what there is"
    return problem(kind, detail, request.scope, headers=dict(error.headers or {}))


async def _not_published(request: Request, error: Exception) -> Response:
    # The error names a folder of this machine; what a caller needs to know is what to run.
    detail = "nothing is published yet; run `booksales reload`, then ask again"
    return problem(NOT_PUBLISHED, detail, request.scope, headers={"Retry-After": str(RETRY_SECONDS)})


async def _damaged(request: Request, error: Exception) -> Response:
    log_event(logger, "api.publication_damaged", reason=str(error))
    detail = (
        "the publication that should serve cannot be read; `booksales rollback` serves one that is kept, "
        "`booksales publish` builds another"
    )
    return problem(DAMAGED, detail, request.scope, headers={"Retry-After": str(RETRY_SECONDS)})


async def _no_answer(request: Request, error: Exception) -> Response:
    # The error names hosts and tables; a caller can only wait.
    logger.error("warehouse.away", extra={"fields": {"reason": str(error)}})
    detail = "the warehouse does not answer; ask again in a while"
    return problem(WAREHOUSE_AWAY, detail, request.scope, headers={"Retry-After": str(RETRY_SECONDS)})


async def _platform_away(request: Request, error: Exception) -> Response:
    # The error names accounts and machines; a caller can only wait, or ask whoever runs the platform.
    logger.error("platform.away", extra={"fields": {"reason": str(error)}})
    detail = "the platform that runs jobs does not answer, or does not let the API in; the server's log has the reason"
    return problem(PLATFORM_AWAY, detail, request.scope, headers={"Retry-After": str(RETRY_SECONDS)})


async def _gone(request: Request, error: Exception) -> Response:
    return problem(GONE, f"{error}; ask again without X-Data-Version", request.scope)


async def _not_modified(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotModifiedError)
    return Response(None, 304, kept_by(error.etag))


async def _not_signed_in(request: Request, error: Exception) -> Response:
    return problem(NOT_SIGNED_IN, HOW_TO_SIGN_IN, request.scope, headers=CHALLENGE)


async def _refused_sign_in(request: Request, error: Exception) -> Response:
    return problem(SIGN_IN_REFUSED, "the credentials are not good, or no longer", request.scope)


async def _too_many_tries(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyTriesError)
    return problem(TOO_MANY_TRIES, str(error), request.scope, headers={"Retry-After": str(error.seconds)})


async def _busy(request: Request, error: Exception) -> Response:
    return problem(BUSY, str(error), request.scope, headers={"Retry-After": str(BUSY_SECONDS)})


def _said_by(kind: Kind) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Answers with the error's own words, which are made for people."""

    async def answered(request: Request, error: Exception) -> Response:
        return problem(kind, str(error), request.scope)

    return answered


async def _sql(request: Request, error: Exception) -> Response:
    fault = Fault(parameter="sql", message=str(error))
    return problem(INVALID, f"sql: {error}", request.scope, [fault])


async def _unknown_member(request: Request, error: Exception) -> Response:
    assert isinstance(error, UnknownMemberError)
    fault = Fault(parameter=error.parameter, message=str(error))
    return problem(INVALID, f"{error.parameter}: {error}", request.scope, [fault])
