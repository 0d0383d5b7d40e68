"""Tokens of the company's own issuer: verified by its published keys, their claims mapped to a role and a scope (decision 28).

What is not mapped is refused: an issuer that adds a group or drops a claim opens nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jwt

from api.auth import jws
from api.auth.accounts import checked_member, checked_role
from api.auth.jwks import RemoteKeys
from api.auth.jws import TokenError
from jobs_config.errors import ConfigError
from jobs_config.loopback import require_private_way
from jobs_config.settings import Settings
from warehouse.permissions import load_permissions
from warehouse.scope import Scope

LONGEST = 8_192
LEEWAY_SECONDS = 10
# Entra ID gives tokens of 60 to 90 minutes, which its users cannot change.
LONGEST_LIFE_SECONDS = 5_400
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
# A header with another name asks for a key or a rule of the token's own.
HEADER = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
EVERYTHING = "*"
PREFIX = "oidc:"
MOST_MEMBERS = 200

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+|-]{0,58}")
SUBJECT = "sub"


@dataclass(frozen=True)
class Stranger:
    """Who a token of the issuer is of: a name that no account of ours can have, a role, and a scope."""

    username: str
    role: str
    scope: Scope


class Issuer:
    """One issuer, as the settings describe it."""

    def __init__(self, settings: Settings, keys: RemoteKeys) -> None:
        self._settings = settings
        self._keys = keys
        self._roles = _mapping(settings.oidc_roles)

    def has_issued(self, token: str) -> bool:
        """Whether the token says that it is of this issuer; nothing is verified."""
        try:
            return bool(jws.parts(token, LONGEST)[1].get("iss") == self._settings.oidc_issuer)
        except TokenError:
            return False

    def verify(self, token: str) -> Stranger:
        """Who a token is of. Raises TokenError: form, key, signature, audience, times and mapped claims are checked."""
        header, claims = jws.parts(token, LONGEST)
        if not set(header) <= HEADER or str(header.get("typ", "jwt")).lower() not in TYPES:
            raise TokenError("foreign header")
        key = self._keys.find(header["kid"]) if isinstance(header.get("kid"), str) else None
        if key is None or header.get("alg") not in key.algorithms:
            raise TokenError("unknown key")
        try:
            jwt.decode(
                token,
                key.key,
                algorithms=list(key.algorithms),
                audience=self._settings.oidc_audience,
                issuer=self._settings.oidc_issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "aud", "sub", "exp", "iat"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise TokenError(type(error).__name__) from error
        times = [claims["iat"], claims["exp"]]
        if any(type(moment) is not int for moment in times) or not 0 <= times[1] - times[0] <= LONGEST_LIFE_SECONDS:
            raise TokenError("foreign life")
        return Stranger(self._name(claims), self._role(claims), self._scope(claims))

    def _name(self, claims: dict[str, Any]) -> str:
        claim = self._settings.oidc_name_claim
        name = _claim(claims, claim)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise TokenError("no name")
        # Two subjects may differ by their letters' case alone; an address or a name of somebody does not.
        return f"{PREFIX}{name if claim == SUBJECT else name.lower()}"

    def _role(self, claims: dict[str, Any]) -> str:
        """The highest role that a group of the token stands for."""
        groups = _texts(_claim(claims, self._settings.oidc_role_claim))
        found = {self._roles[group] for group in groups if group in self._roles}
        if not found:
            raise TokenError("no role is mapped")
        return max(found, key=load_permissions().roles.index)

    def _scope(self, claims: dict[str, Any]) -> Scope:
        regions, publishers = (
            self._members(claims, name)
            for name in (self._settings.oidc_region_claim, self._settings.oidc_publisher_claim)
        )
        return Scope(regions, publishers)

    def _members(self, claims: dict[str, Any], name: str) -> tuple[str, ...]:
        """What the claim narrows to. A claim that is looked for and not there narrows to nothing, so it is refused."""
        if not name:
            return ()
        members = _texts(_claim(claims, name))
        if not 0 < len(members) <= MOST_MEMBERS:
            raise TokenError("no scope is mapped")
        if EVERYTHING in members:
            return ()
        try:
            return tuple(sorted({checked_member(member) for member in members}))
        except ConfigError as error:
            raise TokenError("foreign scope") from error


def open_issuer(settings: Settings) -> Issuer | None:
    """The issuer of the settings, none where they name none. Raises ConfigError for a role that is none, and for an unsafe address."""
    if not settings.oidc_issuer:
        return None
    return Issuer(settings, RemoteKeys(require_private_way("oidc_jwks_url", settings.oidc_jwks_url)))


def _mapping(text: str) -> dict[str, str]:
    """`group=role` by commas. Raises ConfigError for a role that is none."""
    pairs = (pair.rpartition("=") for pair in text.split(","))
    return {group.strip(): checked_role(role.strip()) for group, _, role in pairs}


def _claim(claims: dict[str, Any], name: str) -> Any:
    """A claim by its name, or by the way to it: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _texts(value: Any) -> tuple[str, ...]:
    """A text, or a list of texts; nothing of another kind."""
    values: Iterable[Any] = [value] if isinstance(value, str) else value if isinstance(value, list) else ()
    found = tuple(values)
    return found if all(isinstance(text, str) for text in found) else ()
