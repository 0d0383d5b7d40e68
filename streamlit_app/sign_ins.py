"""Who has signed in: a client of the API per browser, kept in this process and found by an id that only the browser's cookie has.

The tokens stay here. Tabs of one browser share one client, so they never use a refresh token twice.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from api.client import ApiError, Client

# As long as the API's refresh token is good for: who stays away longer has to sign in anyway.
IDLE_SECONDS = 12 * 3600
MOST = 5_000


@dataclass
class SignIn:
    """One browser that has signed in."""

    client: Client
    end: Callable[[], None]
    seen_at: float


class SignIns:
    """Opens, finds and ends sign-ins; those left alone for too long are forgotten, and beyond `most` the oldest."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, SignIn] = {}

    def open(self, client: Client, end: Callable[[], None] | None = None) -> str:
        """The id of a new sign-in; it is known to the caller alone. `end` ends the session elsewhere than at the API."""
        sign_in_id = secrets.token_urlsafe(32)
        with self._lock:
            self._forget_old()
            self._found[_hash(sign_in_id)] = SignIn(client, end or client.sign_out, self._clock())
        return sign_in_id

    def find(self, sign_in_id: str) -> Client | None:
        """The client of a sign-in; from now on its time runs anew."""
        with self._lock:
            found = self._found.get(_hash(sign_in_id))
            if found is None or self._is_old(found):
                return None
            found.seen_at = self._clock()
            return found.client

    def end(self, client: Client) -> None:
        """Sign out where the session was opened, and here: every tab of that browser is signed out with its next click."""
        with self._lock:
            ended = [found for found in self._found.values() if found.client is client]
            self._found = {key: found for key, found in self._found.items() if found.client is not client}
        for found in ended:
            # Where it has ended already, or whoever opened it is away, nobody has its tokens any more.
            with suppress(ApiError):
                found.end()
            found.client.forget()

    def _forget_old(self) -> None:
        by_age = sorted(self._found.items(), key=lambda item: item[1].seen_at, reverse=True)[: self._most - 1]
        self._found = {key: found for key, found in by_age if not self._is_old(found)}

    def _is_old(self, found: SignIn) -> bool:
        return self._clock() - found.seen_at > IDLE_SECONDS


def _hash(sign_in_id: str) -> str:
    return hashlib.sha256(sign_in_id.encode("utf-8", "surrogatepass")).hexdigest()


SIGN_INS = SignIns()
