"""Passwords: argon2id, the same time for users that are not there, and never many hashes at once."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from jobs_config.errors import BooksalesError

SHORTEST, LONGEST = 12, 256
# A hash takes 64 MiB and a core for a quarter of a second.
AT_ONCE = 2
PATIENCE_SECONDS = 5.0

_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(AT_ONCE)


class PasswordRuleError(BooksalesError):
    """A new password does not follow the rules; the message says which."""


class BusyError(Exception):
    """Too many sign-ins are being checked."""


def refuse_weak(password: str, username: str) -> None:
    """Raise PasswordRuleError for a password that is too short, too long, or made of the user's name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRuleError(f"a password has {SHORTEST} to {LONGEST} characters, this one {len(password)}")
    if username.casefold() in password.casefold() and len(password) < len(username) + SHORTEST:
        raise PasswordRuleError("a password is not the user's name with a few characters more")
    if len(set(password)) < 5:
        raise PasswordRuleError("a password has at least 5 different characters")


def generated_password() -> str:
    """A new password of 120 random bits."""
    return secrets.token_urlsafe(15)


def hashed(password: str) -> str:
    """The hash to keep."""
    with _slot():
        return _hasher.hash(password)


def matches(password: str, known_hash: str | None) -> bool:
    """Whether the password belongs to the hash; without a hash it takes the same time and never does."""
    with _slot():
        try:
            return _hasher.verify(known_hash or _hash_of_nobody(), password) and known_hash is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


_nobody: list[str] = []


def _hash_of_nobody() -> str:
    if not _nobody:
        _nobody.append(_hasher.hash(secrets.token_hex(16)))
    return _nobody[0]


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=PATIENCE_SECONDS):
        raise BusyError("too many sign-ins at once; ask again in a few seconds")
    try:
        yield
    finally:
        _slots.release()
