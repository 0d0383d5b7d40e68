"""Signed tokens before anything in them is believed: three parts in the only spelling that base64url has for them."""

import base64
import json
import re
from typing import Any

_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class TokenError(Exception):
    """The token is nobody's, or no longer good; the reason is for the audit only."""


def parts(token: str, longest: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token. Raises TokenError for what is none; the signature is not looked at."""
    match = _SHAPE.fullmatch(token) if len(token) <= longest else None
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
