"""How long to wait after failed sign-ins, kept in the database so that a restart forgives nothing.

Failures are counted per address, per user and address together, and per user. Only the first two keep a user's own address out,
so nobody can lock others out from elsewhere: an address that the user has signed in from is not held to the third.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from api.auth.schema import SIGN_IN_FAILURE
from api.database import alone, writing

LONGEST_WAIT_SECONDS = 900
FORGIVEN_AFTER_SECONDS = 3600


@dataclass(frozen=True)
class Subject:
    """What failures are counted for, and how many pass before each costs twice the wait of the one before."""

    name: str
    free_tries: int


class Backoff:
    """Counts failures and says how long to wait."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._clock = clock

    def subjects(self, username: str, address: str, is_known_address: bool) -> list[Subject]:
        """What a try counts for."""
        user = username[:64]
        own = [Subject(f"address {address}", 20), Subject(f"pair {user} {address}", 5)]
        return own if is_known_address else [*own, Subject(f"user {user}", 50)]

    def claim(self, subjects: list[Subject]) -> int:
        """Count a try as failed before it is made, so that many at once are as few as one by one.

        Returns 0 where it may be made, else the seconds to wait, and nothing is counted.
        """
        now = int(self._clock())
        mine = SIGN_IN_FAILURE.c.subject.in_([subject.name for subject in subjects])
        with writing(self._engine) as connection:
            alone(connection, "sign-in failures")
            rows = connection.execute(sa.select(SIGN_IN_FAILURE).where(mine)).mappings()
            found = {row["subject"]: row for row in rows}
            wait = max((row["blocked_until"] - now for row in found.values()), default=0)
            if wait > 0:
                return int(wait)
            for subject in subjects:
                before = found.get(subject.name)
                is_recent = before is not None and before["last_at"] > now - FORGIVEN_AFTER_SECONDS
                failures = before["failures"] + 1 if before is not None and is_recent else 1
                values = {
                    "failures": failures,
                    "last_at": now,
                    "blocked_until": now + _wait(failures - subject.free_tries),
                }
                if before is None:
                    connection.execute(SIGN_IN_FAILURE.insert().values(subject=subject.name, **values))
                else:
                    this = SIGN_IN_FAILURE.c.subject == subject.name
                    connection.execute(SIGN_IN_FAILURE.update().where(this).values(**values))
            return 0

    def forgive(self, subjects: list[Subject]) -> None:
        """A try succeeded: forget its user's failures, and take back the one that was counted for the address."""
        with writing(self._engine) as connection:
            alone(connection, "sign-in failures")
            for subject in subjects:
                mine = SIGN_IN_FAILURE.c.subject == subject.name
                if subject.name.startswith("pair "):
                    connection.execute(SIGN_IN_FAILURE.delete().where(mine))
                else:
                    one_less = {"failures": SIGN_IN_FAILURE.c.failures - 1, "blocked_until": 0}
                    connection.execute(SIGN_IN_FAILURE.update().where(mine).values(**one_less))
            long_ago = int(self._clock()) - 2 * FORGIVEN_AFTER_SECONDS
            connection.execute(SIGN_IN_FAILURE.delete().where(SIGN_IN_FAILURE.c.last_at < long_ago))


def _wait(beyond: int) -> int:
    """1 s after the last free try, twice as long after each further one."""
    return 0 if beyond < 0 else min(LONGEST_WAIT_SECONDS, 2 ** min(beyond, 16))
