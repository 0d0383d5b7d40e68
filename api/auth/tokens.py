"""Access tokens: signed JSON of fifteen minutes that names a session. What it may is in the database, not in the token."""

import base64
import json
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt

from api.auth.keys import ALGORITHM, KeyRing

LIFE_SECONDS = 900
LEEWAY_SECONDS = 10
LONGEST = 2_048
ISSUER, AUDIENCE, TYPE = "booksales", "booksales-api", "at+jwt"
CLAIMS = {"iss": str, "aud": str, "sub": str, "sid": str, "jti": str, "iat": int, "nbf": int, "exp": int}

_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")


class TokenError(Exception):
    """The token is not one of ours, or no longer good; the reason is for the audit only."""


@dataclass(frozen=True)
class AccessToken:
    """What a good token says."""

    account_id: str
    session_id: str
    expires_at: int


def issue(keys: KeyRing, account_id: int, session_id: str) -> str:
    """A new access token of a session."""
    key, now = keys.signing(), int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(account_id),
        "sid": session_id,
        "jti": secrets.token_hex(8),
        "iat": now,
        "nbf": now,
        "exp": now + LIFE_SECONDS,
    }
    return jwt.encode(claims, key.private, ALGORITHM, {"kid": key.kid, "typ": TYPE})


def verify(keys: KeyRing, token: str) -> AccessToken:
    """What a token of ours says. Raises TokenError for every other one: form, key, signature, claims and times are checked."""
    header, claims = _parts(token)
    if set(header) != {"alg", "typ", "kid"} or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise TokenError("foreign header")
    key = keys.verifying(header["kid"]) if isinstance(header["kid"], str) else None
    if key is None:
        raise TokenError("unknown key")
    if {name: type(value) for name, value in claims.items()} != CLAIMS:
        raise TokenError("foreign claims")
    try:
        jwt.decode(
            token,
            key.private.public_key(),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": list(CLAIMS)},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise TokenError(type(error).__name__) from error
    if not claims["iat"] <= claims["exp"] <= claims["iat"] + LIFE_SECONDS:
        raise TokenError("foreign life")
    return AccessToken(claims["sub"], claims["sid"], claims["exp"])


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, before any is believed: three parts in the only spelling that base64url has for them."""
    match = _SHAPE.fullmatch(token) if len(token) <= LONGEST else None
    if match is None:
        raise TokenError("no token")
    for part in match.groups():
        if base64.urlsafe_b64encode(_decoded(part)).rstrip(b"=").decode() != part:
            raise TokenError("another spelling")
    return _json(match[1]), _json(match[2])


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise TokenError("no base64") from error


def _json(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_decoded(part), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise TokenError("no JSON") from error
    if not isinstance(value, dict):
        raise TokenError("no JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: of two values one reader takes the first, another the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found
