"""The one body of every failure: application/problem+json, and the kinds of failure there are."""

from dataclasses import dataclass

import orjson
from fastapi import Response
from starlette.types import Scope

from api.shapes.bodies import Fault, Problem

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 30
HOW_TO_SIGN_IN = "sign in at /api/auth/token/ and send the access token"
CHALLENGE = {"WWW-Authenticate": "Bearer"}
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
GONE = Kind("publication-gone", 410, "The publication is gone")
FOREIGN_HOST = Kind("foreign-host", 421, "The request is for another host")
FOREIGN_ORIGIN = Kind("foreign-origin", 403, "The request comes from another site")
NOT_PUBLISHED = Kind("not-published", 503, "Nothing is published yet")
DAMAGED = Kind("publication-damaged", 503, "The publication cannot be read")
WAREHOUSE_AWAY = Kind("warehouse-away", 503, "The warehouse does not answer")
NOT_SET_UP = Kind("not-set-up", 503, "There is no administrator yet")
NOT_SIGNED_IN = Kind("not-signed-in", 401, "The request is of nobody")
SIGN_IN_REFUSED = Kind("sign-in-refused", 401, "The sign-in is refused")
FORBIDDEN = Kind("not-permitted", 403, "The account may not do this")
TOO_MANY_TRIES = Kind("too-many-tries", 429, "Too many tries have failed")
NOT_POSSIBLE = Kind("not-possible", 409, "Things do not stand so that this could be done")
NO_USER = Kind("no-such-user", 404, "There is no account of that name")
NOT_ACCEPTABLE = Kind("not-acceptable", 406, "There is no answer of that type")
BUSY = Kind("busy", 503, "The server is busy")
TOO_LARGE = Kind("body-too-large", 413, "The body is too large")
TOO_MANY_REQUESTS = Kind("too-many-requests", 429, "Too many requests in a minute")
TOO_LONG = Kind("took-too-long", 504, "The answer took too long")
TOO_COSTLY = Kind("too-costly", 422, "The answer takes more than it may")
PLATFORM_AWAY = Kind("platform-away", 503, "The platform that runs jobs does not answer")
NO_JOB = Kind("no-such-job", 404, "There is no job of that number")
NO_RUN = Kind("no-such-run", 404, "There is no run of that number")
NO_VIEW = Kind("no-such-view", 404, "There is no saved view of that name")
INTERNAL = Kind("internal", 500, "The server failed")

KINDS = (
    INVALID,
    NOT_FOUND,
    METHOD,
    GONE,
    FOREIGN_HOST,
    FOREIGN_ORIGIN,
    NOT_PUBLISHED,
    DAMAGED,
    WAREHOUSE_AWAY,
    NOT_SET_UP,
    NOT_SIGNED_IN,
    SIGN_IN_REFUSED,
    FORBIDDEN,
    TOO_MANY_TRIES,
    NOT_POSSIBLE,
    NO_USER,
    NOT_ACCEPTABLE,
    BUSY,
    TOO_LARGE,
    TOO_MANY_REQUESTS,
    TOO_LONG,
    TOO_COSTLY,
    PLATFORM_AWAY,
    NO_JOB,
    NO_RUN,
    NO_VIEW,
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
