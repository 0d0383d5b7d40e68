"""Sessions and their refresh tokens: each is good for one use, and a second use ends the session."""

import hashlib
import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from api.auth.accounts import Account, scope_of
from api.auth.schema import ACCOUNT, ACCOUNT_SCOPE, REFRESH_TOKEN, SESSION
from api.database import writing

REFRESH_SECONDS = 12 * 3600
LONGEST_SESSION_SECONDS = 30 * 24 * 3600
# Ended sessions stay that long, so that an old token is told from an unknown one.
KEPT_SECONDS = 2 * LONGEST_SESSION_SECONDS


class SessionError(Exception):
    """The refresh token or session is not good; `reason` is for the audit only."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Opened:
    """A session with its newest refresh token, which is nowhere else in the clear."""

    session_id: str
    account_id: int
    refresh_token: str


class Sessions:
    """Opens, refreshes and ends sessions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, account_id: int, address: str) -> Opened:
        """A new session of an account."""
        session_id, now = secrets.token_hex(16), int(time.time())
        with writing(self._engine) as connection:
            _forget_old(connection, now)
            connection.execute(
                SESSION.insert().values(
                    session_id=session_id, account_id=account_id, address=address, created_at=now, end_reason=""
                )
            )
            return Opened(session_id, account_id, _new_token(connection, session_id, now))

    def refresh(self, token: str) -> Opened:
        """The session with its next refresh token. Raises SessionError; a token that was used before ends its session."""
        now, token_hash = int(time.time()), _hash(token)
        with writing(self._engine) as connection:
            row = _session_of(connection, token_hash)
            fault = _fault(row, now)
            if row is not None and fault == "reused":
                _end(connection, row["session_id"], now, "a refresh token was used twice")
            elif row is not None and not fault:
                is_mine = (REFRESH_TOKEN.c.token_hash == token_hash) & REFRESH_TOKEN.c.used_at.is_(None)
                if connection.execute(REFRESH_TOKEN.update().where(is_mine).values(used_at=now)).rowcount == 1:
                    return Opened(row["session_id"], row["account_id"], _new_token(connection, row["session_id"], now))
                fault = "reused"
                _end(connection, row["session_id"], now, "a refresh token was used twice")
        # Outside the transaction, which must keep what it has ended.
        raise SessionError(fault)

    def end(self, session_id: str, reason: str) -> None:
        """End a session: its tokens are refused from the next request on."""
        with writing(self._engine) as connection:
            _end(connection, session_id, int(time.time()), reason)

    def account(self, session_id: str) -> Account:
        """Who a session is of, as the database knows them now. Raises SessionError where it has ended or they may not sign in."""
        asked = (
            sa.select(ACCOUNT, SESSION.c.ended_at, ACCOUNT_SCOPE.c.kind, ACCOUNT_SCOPE.c.member)
            .join(SESSION, SESSION.c.account_id == ACCOUNT.c.account_id)
            .outerjoin(ACCOUNT_SCOPE, ACCOUNT_SCOPE.c.account_id == ACCOUNT.c.account_id)
            .where(SESSION.c.session_id == session_id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(asked).mappings().all()
        if not rows:
            raise SessionError("unknown session")
        if rows[0]["ended_at"] is not None or rows[0]["is_disabled"]:
            raise SessionError("ended session")
        scope = scope_of([(row["kind"], row["member"]) for row in rows if row["kind"]])
        first = rows[0]
        return Account(first["account_id"], first["username"], first["role"], False, scope, first["created_at"])

    def has_signed_in_from(self, username: str, address: str) -> bool:
        """Whether the user has had a session from that address."""
        asked = (
            sa.select(SESSION.c.session_id)
            .join(ACCOUNT, SESSION.c.account_id == ACCOUNT.c.account_id)
            .where(ACCOUNT.c.username == username, SESSION.c.address == address)
            .limit(1)
        )
        with self._engine.connect() as connection:
            return connection.execute(asked).first() is not None


def _session_of(connection: Connection, token_hash: str) -> RowMapping | None:
    asked = (
        sa.select(REFRESH_TOKEN, SESSION.c.account_id, SESSION.c.created_at, SESSION.c.ended_at, ACCOUNT.c.is_disabled)
        .join(SESSION, SESSION.c.session_id == REFRESH_TOKEN.c.session_id)
        .join(ACCOUNT, ACCOUNT.c.account_id == SESSION.c.account_id)
        .where(REFRESH_TOKEN.c.token_hash == token_hash)
    )
    return connection.execute(asked).mappings().one_or_none()


def _fault(row: RowMapping | None, now: int) -> str:
    if row is None:
        return "unknown"
    if row["ended_at"] is not None or row["is_disabled"]:
        return "ended"
    if row["used_at"] is not None:
        return "reused"
    is_old = row["expires_at"] <= now or row["created_at"] + LONGEST_SESSION_SECONDS <= now
    return "expired" if is_old else ""


def _new_token(connection: Connection, session_id: str, now: int) -> str:
    token = secrets.token_urlsafe(32)
    connection.execute(
        REFRESH_TOKEN.insert().values(token_hash=_hash(token), session_id=session_id, expires_at=now + REFRESH_SECONDS)
    )
    return token


def _end(connection: Connection, session_id: str, now: int, reason: str) -> None:
    is_open = (SESSION.c.session_id == session_id) & SESSION.c.ended_at.is_(None)
    connection.execute(SESSION.update().where(is_open).values(ended_at=now, end_reason=reason))


def _forget_old(connection: Connection, now: int) -> None:
    old = sa.select(SESSION.c.session_id).where(SESSION.c.created_at < now - KEPT_SECONDS)
    connection.execute(REFRESH_TOKEN.delete().where(REFRESH_TOKEN.c.session_id.in_(old)))
    connection.execute(SESSION.delete().where(SESSION.c.created_at < now - KEPT_SECONDS))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
