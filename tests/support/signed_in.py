"""Accounts for tests that need to be somebody, made without the quarter of a second that a password costs."""

import time

from argon2 import PasswordHasher

from api.auth.accounts import scope_of
from api.auth.authority import Authority, Tokens, open_authority
from api.auth.schema import ACCOUNT, ACCOUNT_SCOPE
from api.database import writing
from jobs_config.settings import Settings
from jobs_config.state import StateFolder

NO_PASSWORD = "!"
PASSWORD = "correct horse battery"
# A hash says how it was made; this one was made in no time.
QUICK_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
Members = tuple[tuple[str, str], ...]


def authority(state: StateFolder) -> Authority:
    """The authority of a state folder, as a second process has it."""
    return open_authority(state, Settings())


def account(of: Authority, role: str, members: Members = (), username: str = "", has_password: bool = False) -> str:
    """The name of an account of that role and scope (kind, member), made if need be."""
    name = username or f"{role}-{abs(hash(members)) % 10**8}" if members else username or role
    password_hash = QUICK_HASH if has_password else NO_PASSWORD
    with writing(of.engine) as connection:
        if not connection.execute(ACCOUNT.select().where(ACCOUNT.c.username == name)).first():
            values = {"username": name, "role": role, "is_disabled": False, "created_at": int(time.time())}
            key = connection.execute(
                ACCOUNT.insert().values(password_hash=password_hash, **values)
            ).inserted_primary_key
            assert key is not None
            rows = [{"account_id": key[0], "kind": kind, "member": member} for kind, member in members]
            if rows:
                connection.execute(ACCOUNT_SCOPE.insert(), rows)
    assert scope_of(members) == of.accounts.find(name).scope
    return name


def tokens(of: Authority, role: str = "viewer", members: Members = (), username: str = "") -> Tokens:
    """Tokens of a new session of somebody of that role and scope; there is an administrator from then on."""
    account(of, "admin")
    return of.open_session(account(of, role, members, username), "tests")


def bearer(of: Authority, role: str = "viewer", members: Members = (), username: str = "") -> dict[str, str]:
    """The header of a request of somebody of that role and scope."""
    return {"Authorization": f"Bearer {tokens(of, role, members, username).access}"}
