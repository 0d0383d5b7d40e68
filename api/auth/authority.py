"""Who may come in: set-up of the first administrator, sign-in, refresh, and who a token is of."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Engine

from api.auth import passwords, tokens
from api.auth.accounts import ADMIN, Account, AccountError, Accounts
from api.auth.backoff import Backoff, Subject
from api.auth.jws import TokenError
from api.auth.keys import KeyRing
from api.auth.oidc import Issuer, open_issuer
from api.auth.schema import ACCOUNTS
from api.auth.sessions import Opened, SessionError, Sessions
from api.database import migrate, open_database
from jobs_config.settings import Settings
from jobs_config.state import StateFolder
from warehouse.permissions import load_permissions
from warehouse.scope import EVERYTHING, Scope

SETUP_CODE = "setup_code"
NO_ACCOUNT = 0


class UnauthenticatedError(Exception):
    """The request does not say who it is of, or says it wrongly; `reason` is for the audit only."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RefusedSignInError(Exception):
    """Name and password, set-up code or refresh token are not good; why is not told."""


class TooManyTriesError(Exception):
    """Too many tries have failed; `seconds` is how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many failed tries; ask again in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Caller:
    """Who a request is of, with role and scope as they are now; a stranger of the company's issuer has no session of ours."""

    account_id: int
    username: str
    role: str
    scope: Scope
    session_id: str

    @property
    def view(self) -> str:
        """The same for all who see the same: what an answer may be kept under."""
        permissions = load_permissions()
        columns = sorted(permissions.columns_of(self.role))
        in_sql = (permissions.tables_of(self.role), sorted(permissions.functions_of(self.role)))
        seen = repr((columns, in_sql, self.scope.regions, self.scope.publishers))
        return hashlib.sha256(seen.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Tokens:
    """What a client keeps of a session."""

    access: str
    refresh: str


class Authority:
    """Over one accounts database and one folder of keys."""

    def __init__(
        self, engine: Engine, keys: KeyRing, setup_code: Callable[[], str], issuer: Issuer | None = None
    ) -> None:
        self.engine = engine
        self.accounts = Accounts(engine)
        self.sessions = Sessions(engine)
        self.keys = keys
        self._backoff = Backoff(engine)
        self._setup_code = setup_code
        self._issuer = issuer
        self._is_set_up = False

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def is_set_up(self) -> bool:
        """Whether there is an administrator. There always will be: the last one can neither leave nor be demoted."""
        self._is_set_up = self._is_set_up or self.accounts.has_admin()
        return self._is_set_up

    def set_up(self, code: str, username: str, password: str, address: str) -> Account:
        """The first administrator, for whoever has the code of the server's own folder. Raises AccountError when set-up is over."""
        if self.is_set_up():
            raise AccountError("an administrator exists already, so set-up is over")
        subjects = self._backoff.subjects("", address, is_known_address=True)
        self._claim(subjects)
        if not hmac.compare_digest(code.encode("utf-8", "surrogatepass"), self._setup_code().encode()):
            raise RefusedSignInError
        self._backoff.forgive(subjects)
        passwords.refuse_weak(password, username)
        return self.accounts.add(username, ADMIN, EVERYTHING, password, only_as_first=True)

    def sign_in(self, username: str, password: str, address: str) -> Tokens:
        """Tokens of a new session. Raises RefusedSignInError, alike in words and time whatever is wrong, or TooManyTriesError."""
        username = username.strip().lower()
        is_known = self.sessions.has_signed_in_from(username, address)
        subjects = self._backoff.subjects(username, address, is_known)
        self._claim(subjects)
        found = self.accounts.password_hash(username)
        if not passwords.matches(password, found[1] if found else None) or found is None:
            raise RefusedSignInError
        self._backoff.forgive(subjects)
        return self._tokens(self.sessions.open(found[0], address))

    def open_session(self, username: str, address: str) -> Tokens:
        """Tokens of a new session of an account, for whoever has the installation's folder. Raises NoAccountError, AccountError."""
        account = self.accounts.find(username)
        if account.is_disabled:
            raise AccountError(f"{username!r} is disabled; `booksales users enable {username}` changes that")
        return self._tokens(self.sessions.open(account.account_id, address))

    def refresh(self, refresh_token: str) -> Tokens:
        """The next tokens of a session. Raises RefusedSignInError; a token used before ends its session."""
        try:
            return self._tokens(self.sessions.refresh(refresh_token))
        except SessionError as error:
            raise RefusedSignInError from error

    def caller(self, authorization: str) -> Caller:
        """Who the value of the Authorization header is of. Raises UnauthenticatedError."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("no bearer token")
        if self._issuer is not None and self._issuer.has_issued(token):
            return _stranger(self._issuer, token)
        try:
            said = tokens.verify(self.keys, token)
            account = self.sessions.account(said.session_id)
        except (TokenError, SessionError) as error:
            raise UnauthenticatedError(str(error)) from error
        if str(account.account_id) != said.account_id:
            raise UnauthenticatedError("another user's session")
        return Caller(account.account_id, account.username, account.role, account.scope, said.session_id)

    def change_password(self, caller: Caller, current: str, new: str, address: str) -> None:
        """Another password of the caller's own; every session ends. Raises RefusedSignInError, PasswordRuleError, AccountError."""
        _require_account(caller)
        subjects = self._backoff.subjects(caller.username, address, is_known_address=True)
        self._claim(subjects)
        found = self.accounts.password_hash(caller.username)
        if found is None or not passwords.matches(current, found[1]):
            raise RefusedSignInError
        self._backoff.forgive(subjects)
        passwords.refuse_weak(new, caller.username)
        self.accounts.set_password(caller.username, new, "another password")

    def sign_out(self, caller: Caller) -> None:
        """End the caller's session. Raises AccountError for a stranger."""
        _require_account(caller)
        self.sessions.end(caller.session_id, "signed out")

    def _claim(self, subjects: list[Subject]) -> None:
        if wait := self._backoff.claim(subjects):
            raise TooManyTriesError(wait)

    def _tokens(self, opened: Opened) -> Tokens:
        return Tokens(tokens.issue(self.keys, opened.account_id, opened.session_id), opened.refresh_token)


def open_authority(state: StateFolder, settings: Settings) -> Authority:
    """The authority of an installation, its database brought up to date."""
    engine = open_database(settings.control_url or state.accounts_url)
    migrate(engine, ACCOUNTS)
    keys = KeyRing(state.token_keys, tokens.LIFE_SECONDS + tokens.LEEWAY_SECONDS)
    return Authority(engine, keys, lambda: state.secret(SETUP_CODE), open_issuer(settings))


def _stranger(issuer: Issuer, token: str) -> Caller:
    try:
        found = issuer.verify(token)
    except TokenError as error:
        raise UnauthenticatedError(f"the issuer's token: {error}") from error
    return Caller(NO_ACCOUNT, found.username, found.role, found.scope, session_id="")


def _require_account(caller: Caller) -> None:
    if caller.account_id == NO_ACCOUNT:
        raise AccountError(
            f"{caller.username!r} signs in at the company's issuer, so it has no session or password here"
        )


def setup_code_file(state: StateFolder) -> Path:
    """The file with the code of the first administrator's set-up, made if need be."""
    state.secret(SETUP_CODE)
    return state.root / "secrets" / SETUP_CODE
