"""The public keys of somebody else's issuer, fetched from its JWKS address and kept for a while."""

import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from jobs_config.log_setup import log_event

KEPT_SECONDS = 300
# An unknown key is looked for no more often than that, so that strangers' tokens do not make us ask all the time.
PAUSE_SECONDS = 15
# Where the issuer does not answer, what is known goes on to hold for so long.
STALE_SECONDS = 3_600
TIMEOUT_SECONDS = 5
MOST_BYTES = 1 << 20
SHORTEST_RSA_BITS = 2_048
# Per kind of key and curve: what it may sign with. A shared secret (`oct`) is no key of an issuer's.
ALGORITHMS = {("RSA", ""): ("RS256", "PS256"), ("EC", "P-256"): ("ES256",), ("OKP", "Ed25519"): ("EdDSA",)}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublicKey:
    """A key, and the algorithms it verifies."""

    key: Any
    algorithms: tuple[str, ...]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class RemoteKeys:
    """Keys by their kid. One thread fetches, the others wait for it."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, PublicKey] = {}
        self._fetched_at = self._tried_at = float("-inf")
        # No proxy of the environment, and no way to another address than the one that was named.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)

    def find(self, kid: str) -> PublicKey | None:
        """The key of that kid, where the issuer has it now or had it a few minutes ago."""
        with self._lock:
            now = self._clock()
            is_due = now - self._fetched_at > KEPT_SECONDS or kid not in self._keys
            if is_due and now - self._tried_at > PAUSE_SECONDS:
                self._tried_at = now
                self._fetch(now)
            if now - self._fetched_at > STALE_SECONDS:
                self._keys = {}
            return self._keys.get(kid)

    def _fetch(self, now: float) -> None:
        try:
            with self._opener.open(self._url, timeout=TIMEOUT_SECONDS) as answer:
                text = answer.read(MOST_BYTES + 1)
            if len(text) > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES} bytes")
            self._keys, self._fetched_at = _public_keys(json.loads(text)), now
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log_event(logger, "api.issuer_keys_not_fetched", url=self._url, reason=str(error)[:200])


def _public_keys(document: dict[str, Any]) -> dict[str, PublicKey]:
    """Those of a JWKS that may verify a token; what is of another kind or use is left out."""
    found = {}
    for jwk in document["keys"]:
        allowed = ALGORITHMS.get((jwk.get("kty", ""), jwk.get("crv", "")), ())
        algorithms = tuple(name for name in allowed if jwk.get("alg", name) == name)
        if isinstance(jwk.get("kid"), str) and algorithms and jwk.get("use", "sig") == "sig":
            key = _loaded(jwk, algorithms[0])
            if key is not None:
                found[jwk["kid"]] = PublicKey(key, algorithms)
    return found


def _loaded(jwk: dict[str, Any], algorithm: str) -> Any:
    public = {name: value for name, value in jwk.items() if name != "d"}
    try:
        key = jwt.PyJWK(public, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        log_event(logger, "api.issuer_key_unreadable", kid=str(jwk.get("kid"))[:80], reason=str(error)[:200])
        return None
    return None if isinstance(key, RSAPublicKey) and key.key_size < SHORTEST_RSA_BITS else key
