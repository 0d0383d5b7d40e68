"""Accounts: who there is, what role and scope they have, and whether they may sign in."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from api.auth.passwords import hashed
from api.auth.schema import ACCOUNT, ACCOUNT_SCOPE, SESSION
from api.database import alone, writing
from jobs_config.errors import BooksalesError, ConfigError
from warehouse.permissions import load_permissions
from warehouse.scope import KINDS, Scope

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
ADMIN = "admin"
LONGEST_MEMBER = 500


class AccountError(BooksalesError):
    """The change is not possible as things stand; nothing is changed."""


class NoAccountError(ConfigError):
    """There is no account of that name."""


@dataclass(frozen=True)
class Account:
    """One user."""

    account_id: int
    username: str
    role: str
    is_disabled: bool
    scope: Scope
    created_at: int

    @property
    def described(self) -> dict[str, object]:
        """Who it is and what it may see, as plain values."""
        return {
            "username": self.username,
            "role": self.role,
            "is_disabled": self.is_disabled,
            "regions": self.scope.regions,
            "publishers": self.scope.publishers,
        }


class Accounts:
    """Reads and changes accounts. What is changed holds for the next request, whatever token it brings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def has_admin(self) -> bool:
        """Whether anybody can administer: until then the API answers nothing else."""
        with self._engine.connect() as connection:
            return _admins(connection) > 0

    def find(self, username: str) -> Account:
        """The account of that name. Raises NoAccountError."""
        with self._engine.connect() as connection:
            return _account(connection, _row(connection, username))

    def password_hash(self, username: str) -> tuple[int, str] | None:
        """Id and password hash of an account that may sign in."""
        asked = sa.select(ACCOUNT.c.account_id, ACCOUNT.c.password_hash).where(
            ACCOUNT.c.username == username, ~ACCOUNT.c.is_disabled
        )
        with self._engine.connect() as connection:
            row = connection.execute(asked).one_or_none()
        return (row[0], row[1]) if row else None

    def page(self, after: str = "", limit: int = 1000) -> list[Account]:
        """Accounts in order of their names, from the one after `after`."""
        asked = sa.select(ACCOUNT).where(ACCOUNT.c.username > after).order_by(ACCOUNT.c.username).limit(limit)
        with self._engine.connect() as connection:
            return [_account(connection, row) for row in connection.execute(asked).mappings().all()]

    def add(self, username: str, role: str, scope: Scope, password: str, only_as_first: bool = False) -> Account:
        """A new account. Raises AccountError where the name is taken, or an admin exists and this one had to be the first."""
        checked_username(username), checked_role(role)
        password_hash = hashed(password)
        with writing(self._engine) as connection:
            # Two changes at once could each see the other's administrator.
            alone(connection, "accounts")
            if only_as_first and _admins(connection):
                raise AccountError("an administrator exists already, so set-up is over")
            values = {
                "username": username,
                "password_hash": password_hash,
                "role": role,
                "is_disabled": False,
                "created_at": int(time.time()),
            }
            try:
                connection.execute(ACCOUNT.insert().values(**values))
            except sa.exc.IntegrityError as error:
                raise AccountError(f"there is an account {username!r} already") from error
            row = _row(connection, username)
            _write_scope(connection, row["account_id"], scope)
            return _account(connection, row)

    def change(
        self, username: str, role: str | None = None, scope: Scope | None = None, is_disabled: bool | None = None
    ) -> Account:
        """Change what is given. A disabled account's sessions end. Raises AccountError for the last administrator."""
        with writing(self._engine) as connection:
            # Two changes at once could each see the other's administrator.
            alone(connection, "accounts")
            row = _row(connection, username)
            values = {"role": role and checked_role(role), "is_disabled": is_disabled}
            given = {name: value for name, value in values.items() if value is not None}
            if given:
                connection.execute(_update(row).values(**given))
            if not _admins(connection):
                raise AccountError(f"{username!r} is the last administrator; make another one first")
            if scope is not None:
                connection.execute(ACCOUNT_SCOPE.delete().where(ACCOUNT_SCOPE.c.account_id == row["account_id"]))
                _write_scope(connection, row["account_id"], scope)
            if is_disabled:
                end_sessions(connection, row["account_id"], "disabled")
            return _account(connection, _row(connection, username))

    def set_password(self, username: str, password: str, reason: str) -> None:
        """Another password; every session ends, for the reason given."""
        password_hash = hashed(password)
        with writing(self._engine) as connection:
            row = _row(connection, username)
            connection.execute(_update(row).values(password_hash=password_hash))
            end_sessions(connection, row["account_id"], reason)


def end_sessions(connection: Connection, account_id: int, reason: str) -> None:
    """End every session of an account within a transaction."""
    still_open = (SESSION.c.account_id == account_id) & SESSION.c.ended_at.is_(None)
    connection.execute(SESSION.update().where(still_open).values(ended_at=int(time.time()), end_reason=reason))


def checked_username(username: str) -> str:
    """The name, where it is one. Raises ConfigError."""
    if not USERNAME.fullmatch(username):
        raise ConfigError(
            f"a user's name is 2 to 64 of a-z, 0-9, '.', '_', '@' and '-', a letter or digit first; found {username[:70]!r}"
        )
    return username


def checked_role(role: str) -> str:
    """The role, where it is one of the matrix. Raises ConfigError naming those there are."""
    roles = load_permissions().roles
    if role not in roles:
        raise ConfigError(f"no role {role[:40]!r}; there are {', '.join(roles)}")
    return role


def checked_member(member: str) -> str:
    """A member of a scope, where it can be kept. Raises ConfigError."""
    if not 0 < len(member) <= LONGEST_MEMBER or not member.isprintable():
        raise ConfigError(
            f"a scope names a region or publisher in 1 to {LONGEST_MEMBER} characters, not {member[:70]!r}"
        )
    return member


def _update(row: RowMapping) -> sa.Update:
    return ACCOUNT.update().where(ACCOUNT.c.account_id == row["account_id"])


def _admins(connection: Connection) -> int:
    may_administer = (ACCOUNT.c.role == ADMIN) & ~ACCOUNT.c.is_disabled
    return int(connection.execute(sa.select(sa.func.count()).select_from(ACCOUNT).where(may_administer)).scalar_one())


def _row(connection: Connection, username: str) -> RowMapping:
    row = connection.execute(sa.select(ACCOUNT).where(ACCOUNT.c.username == username)).mappings().one_or_none()
    if row is None:
        raise NoAccountError(f"no user {username[:70]!r}; `booksales users list` shows those there are")
    return row


def _account(connection: Connection, row: RowMapping) -> Account:
    asked = sa.select(ACCOUNT_SCOPE.c.kind, ACCOUNT_SCOPE.c.member).where(
        ACCOUNT_SCOPE.c.account_id == row["account_id"]
    )
    scope = scope_of([(kind, member) for kind, member in connection.execute(asked)])
    return Account(row["account_id"], row["username"], row["role"], row["is_disabled"], scope, row["created_at"])


def scope_of(members: Sequence[tuple[str, str]]) -> Scope:
    """The scope of rows (kind, member)."""
    regions, publishers = (tuple(sorted(name for kind, name in members if kind == wanted)) for wanted in KINDS)
    return Scope(regions, publishers)


def _write_scope(connection: Connection, account_id: int, scope: Scope) -> None:
    rows = [
        {"account_id": account_id, "kind": kind, "member": checked_member(member)}
        for kind in KINDS
        for member in dict.fromkeys(scope.members(kind))
    ]
    if rows:
        connection.execute(ACCOUNT_SCOPE.insert(), rows)
