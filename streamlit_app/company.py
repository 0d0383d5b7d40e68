"""Readers who sign in at the company's own issuer, by its authorization code with PKCE (decision 37).

What comes of it is an access token, which the API verifies; nothing of it is believed here.
"""

import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from cryptography.fernet import Fernet, InvalidToken
from requests import RequestException, Session

from api.client import ApiError
from jobs_config.errors import ConfigError
from jobs_config.log_setup import log_event
from jobs_config.loopback import require_private_way
from jobs_config.settings import Settings, load_settings

BACK = "/sign-in/company/back"
SECRET_VARIABLE = "BOOKSALES_OIDC_CLIENT_SECRET"  # noqa: S105  where it is, not what it is
# As for the API, which fetches the issuer's keys by Python's own means.
AUTHORITIES_VARIABLE = "SSL_CERT_FILE"
DESCRIBED_AT = "/.well-known/openid-configuration"
DESCRIBED_SECONDS, PAUSE_SECONDS = 3_600, 15
TIMEOUT_SECONDS = 5
# From the form to the issuer, through its own questions, and back.
PATIENCE_SECONDS = 600
# A cookie holds 4 KB, and a reader's way may be longer.
LONGEST_TARGET = 2_000
UNAUTHENTICATED = 401

logger = logging.getLogger(__name__)

Asking = TypeVar("Asking", bound=Session)


class IssuerError(Exception):
    """The issuer does not answer, answers what it must not, or refuses; the message is for the reader."""


@dataclass(frozen=True)
class Endpoints:
    """Where the issuer is asked for what; `revocation` is empty where it takes nothing back."""

    authorization: str
    token: str
    revocation: str


@dataclass(frozen=True)
class Begun:
    """A sign-in on its way through the issuer's pages: where it begins, and what the browser keeps until it is back."""

    address: str
    state: str
    sealed: str


class IssuedTokens:
    """A reader's tokens. They are renewed and taken back where they come from; one thread at a time.

    Raises KeyError where the session got none.
    """

    def __init__(self, session: OAuth2Session, endpoints: Endpoints) -> None:
        self._session = session
        self._endpoints = endpoints
        self.access = str(session.token["access_token"])

    def renew(self) -> str:
        """The next access token. Raises ApiError, of status 401 where the issuer gives none any more."""
        if not self._session.token.get("refresh_token"):
            raise ApiError("the issuer gave no token to renew with", "not-signed-in", UNAUTHENTICATED)
        try:
            self._session.refresh_token(self._endpoints.token, allow_redirects=False)
            self.access = str(self._session.token["access_token"])
            return self.access
        except RequestException as error:
            raise ApiError(f"the company's issuer does not answer ({type(error).__name__})", "no-issuer") from error
        except (AuthlibBaseError, ValueError, KeyError) as error:
            raise ApiError(f"the issuer renews no token: {error}", "not-signed-in", UNAUTHENTICATED) from error
        finally:
            # No connection is kept for the hours that a sign-in lasts.
            self._session.close()

    def revoke(self) -> None:
        """Have the issuer take the refresh token back, where it takes any. Raises ApiError where it does not."""
        token = self._session.token.get("refresh_token")
        if not token or not self._endpoints.revocation:
            return
        try:
            answer = self._session.revoke_token(
                self._endpoints.revocation, token, "refresh_token", allow_redirects=False
            )
            answer.raise_for_status()
        except (RequestException, AuthlibBaseError) as error:
            log_event(logger, "dashboard.issuer_revokes_not", reason=str(error)[:200])
            raise ApiError(f"the issuer takes no token back ({type(error).__name__})", "no-issuer") from error
        finally:
            self._session.close()


class CompanySignIn:
    """The issuer, as the dashboard asks it. What has begun is kept by the browsers themselves, sealed."""

    def __init__(self, settings: Settings, secret: str = "", clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._secret = secret
        self._clock = clock
        self._seal = Fernet(Fernet.generate_key())
        self._lock = threading.Lock()
        self._described: Endpoints | None = None
        self._described_at = self._tried_at = float("-inf")

    def begin(self, target: str, own_address: str) -> Begun:
        """The way to the issuer for a reader who wants to go to `target`. Raises IssuerError."""
        endpoints = self._endpoints()
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        redirect_uri = f"{self._settings.dashboard_url or own_address}{BACK}"
        # `audience` is how some issuers are told which API the token is for; others leave it alone.
        address, _ = self._session(redirect_uri).create_authorization_url(
            endpoints.authorization, state=state, code_verifier=verifier, audience=self._settings.oidc_audience
        )
        kept = [state, verifier, redirect_uri, target if len(target) <= LONGEST_TARGET else "/"]
        sealed = self._seal.encrypt_at_time(json.dumps(kept).encode(), int(self._clock()))
        return Begun(address, state, sealed.decode())

    def finish(self, sealed: str, state: str, code: str) -> tuple[IssuedTokens, str]:
        """The reader's tokens, and where they wanted to go. Raises IssuerError."""
        begun_state, verifier, redirect_uri, target = self._opened(sealed)
        if not secrets.compare_digest(begun_state.encode(), state.encode()):
            raise IssuerError("That sign-in was not begun here. Please begin anew.")
        endpoints, session = self._endpoints(), self._session(redirect_uri)
        try:
            session.fetch_token(
                endpoints.token,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                allow_redirects=False,
            )
            return IssuedTokens(session, endpoints), target
        except (RequestException, AuthlibBaseError, ValueError, KeyError, TypeError) as error:
            log_event(logger, "dashboard.issuer_gave_no_token", reason=str(error)[:200])
            raise IssuerError(
                f"The company's issuer gave no token ({type(error).__name__}). Please try again."
            ) from error
        finally:
            session.close()

    def _opened(self, sealed: str) -> list[str]:
        try:
            text = self._seal.decrypt_at_time(sealed.encode(), PATIENCE_SECONDS, int(self._clock()))
        except InvalidToken as error:
            raise IssuerError("That took too long, or was not begun here. Please begin anew.") from error
        opened: list[str] = json.loads(text)
        return opened

    def _session(self, redirect_uri: str) -> OAuth2Session:
        session = OAuth2Session(
            self._settings.oidc_client_id,
            self._secret or None,
            scope=self._settings.oidc_scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_SECONDS,
        )
        return _without_proxies(session)

    def _endpoints(self) -> Endpoints:
        """What the issuer says of itself; one thread asks, and what is known holds while it does not answer. Raises IssuerError."""
        with self._lock:
            now = self._clock()
            if now - self._described_at > DESCRIBED_SECONDS and now - self._tried_at > PAUSE_SECONDS:
                self._tried_at = now
                self._ask(now)
            if self._described is None:
                raise IssuerError("The company's issuer cannot be asked. Please try again in a while.")
            return self._described

    def _ask(self, now: float) -> None:
        issuer = self._settings.oidc_issuer
        try:
            with _without_proxies(Session()) as session:
                address = f"{issuer.rstrip('/')}{DESCRIBED_AT}"
                answer = session.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
                answer.raise_for_status()
                self._described, self._described_at = _endpoints_of(answer.json(), issuer), now
        except (RequestException, ConfigError, ValueError, KeyError, TypeError, AttributeError) as error:
            log_event(logger, "dashboard.issuer_not_described", issuer=issuer, reason=repr(error)[:200])


@cache
def company_sign_in() -> CompanySignIn | None:
    """The issuer of the settings, none where readers sign in by accounts only. Raises ConfigError."""
    settings = load_settings()
    if not settings.oidc_client_id:
        return None
    require_private_way("oidc_issuer", settings.oidc_issuer)
    return CompanySignIn(settings, os.environ.get(SECRET_VARIABLE, ""))


def _without_proxies(session: Asking) -> Asking:
    # As with the issuer's keys: no proxy of the environment, and the authorities that Python's own means believe.
    session.trust_env = False
    session.verify = os.environ.get(AUTHORITIES_VARIABLE) or True
    return session


def _endpoints_of(described: dict[str, Any], issuer: str) -> Endpoints:
    if described["issuer"] != issuer:
        raise ValueError(f"it says that it is {described['issuer']!r}")
    revocation = described.get("revocation_endpoint")
    return Endpoints(
        require_private_way("authorization_endpoint", described["authorization_endpoint"]),
        require_private_way("token_endpoint", described["token_endpoint"]),
        require_private_way("revocation_endpoint", revocation) if revocation else "",
    )
