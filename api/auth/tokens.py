"""Access tokens: signed JSON of fifteen minutes that names a session. What it may is in the database, not in the token."""

import secrets
import time
from dataclasses import dataclass

import jwt

from api.auth import jws
from api.auth.jws import TokenError
from api.auth.keys import ALGORITHM, KeyRing

LIFE_SECONDS = 900
LEEWAY_SECONDS = 10
LONGEST = 2_048
ISSUER, AUDIENCE, TYPE = "booksales", "booksales-api", "at+jwt"
CLAIMS = {"iss": str, "aud": str, "sub": str, "sid": str, "jti": str, "iat": int, "nbf": int, "exp": int}


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
    header, claims = jws.parts(token, LONGEST)
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
