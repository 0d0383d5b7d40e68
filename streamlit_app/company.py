"""Readers who sign in at the company's own issuer, by its authorization code with PKCE (decision 37).

What comes of it is an access token, which the API verifies; nothing of it is believed here.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException, Session

from api.client import ApiError
from jobs_config.errors import ConfigError
from jobs_config.loopback import require_private_way
from jobs_config.settings import Settings, load_settings

BACK = "/sign-in/company/back"
SECRET_VARIABLE = "BOOKSALES_OIDC_CLIENT_SECRET"  # noqa: S105  where it is, not what it is
DESCRIBED_AT = "/.well-known/openid-configuration"
DESCRIBED_SECONDS = 3_600
TIMEOUT_SECONDS = 5
# From the form to the issuer, through its own questions, and back.
PATIENCE_SECONDS = 600
MOST_BEGUN = 1_000


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
    """A sign-in on its way through the issuer's pages."""

    target: str
    verifier: str
    redirect_uri: str
    at: float


class IssuedTokens:
    """A reader's tokens. They are renewed and taken back where they come from; one thread at a time.

    Raises KeyError where the session got none.
    """

    def __init__(self, session: OAuth2Session, endpoints: Endpoints) -> None:
        self._session = session
        self._endpoints = endpoints
        self.access = str(session.token["access_token"])

    def renew(self) -> str:
        """The next access token. Raises ApiError of kind `not-signed-in` where the issuer gives none."""
        if not self._session.token.get("refresh_token"):
            raise ApiError("the issuer gave no token to renew with", "not-signed-in")
        try:
            self._session.refresh_token(self._endpoints.token, allow_redirects=False)
            self.access = str(self._session.token["access_token"])
            return self.access
        except (RequestException, AuthlibBaseError, ValueError, KeyError) as error:
            raise ApiError(f"the issuer renews no token ({type(error).__name__})", "not-signed-in") from error

    def revoke(self) -> None:
        """Have the issuer take the refresh token back, where it takes any. Raises ApiError where it does not answer."""
        token = self._session.token.get("refresh_token")
        if not token or not self._endpoints.revocation:
            return
        try:
            self._session.revoke_token(self._endpoints.revocation, token, "refresh_token", allow_redirects=False)
        except (RequestException, AuthlibBaseError) as error:
            raise ApiError(f"the issuer takes no token back ({type(error).__name__})", "unreachable") from error


class CompanySignIn:
    """The issuer, and the sign-ins that have begun there and have not come back."""

    def __init__(self, settings: Settings, secret: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._secret = secret
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: dict[str, Begun] = {}
        self._described: tuple[float, Endpoints] | None = None

    def begin(self, target: str, own_address: str) -> tuple[str, str]:
        """The issuer's page to go to, and the state that says which browser it was. Raises IssuerError."""
        endpoints = self._endpoints()
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        redirect_uri = f"{self._settings.dashboard_url or own_address}{BACK}"
        # `audience` is how some issuers are told which API the token is for; others leave it alone.
        address, _ = self._session(redirect_uri).create_authorization_url(
            endpoints.authorization, state=state, code_verifier=verifier, audience=self._settings.oidc_audience
        )
        with self._lock:
            self._begun = dict(list(self._begun.items())[1 - MOST_BEGUN :])
            self._begun[state] = Begun(target, verifier, redirect_uri, self._clock())
        return address, state

    def finish(self, state: str, code: str) -> tuple[IssuedTokens, str]:
        """The reader's tokens, and where they wanted to go. A state is good for once. Raises IssuerError."""
        with self._lock:
            begun = self._begun.pop(state, None)
        if begun is None or self._clock() - begun.at > PATIENCE_SECONDS:
            raise IssuerError("That took too long. Please begin anew.")
        endpoints, session = self._endpoints(), self._session(begun.redirect_uri)
        try:
            session.fetch_token(
                endpoints.token,
                grant_type="authorization_code",
                code=code,
                code_verifier=begun.verifier,
                allow_redirects=False,
            )
            return IssuedTokens(session, endpoints), begun.target
        except (RequestException, AuthlibBaseError, ValueError, KeyError, TypeError) as error:
            raise IssuerError(f"The company's issuer gave no token ({type(error).__name__}). Try again.") from error

    def _session(self, redirect_uri: str) -> OAuth2Session:
        session = OAuth2Session(
            self._settings.oidc_client_id,
            self._secret or None,
            scope=self._settings.oidc_scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_SECONDS,
        )
        # As with the issuer's keys: no proxy of the environment.
        session.trust_env = False
        return session

    def _endpoints(self) -> Endpoints:
        """What the issuer says of itself, asked for once an hour. Raises IssuerError."""
        described = self._described
        if described is None or self._clock() - described[0] > DESCRIBED_SECONDS:
            described = self._described = self._clock(), self._asked()
        return described[1]

    def _asked(self) -> Endpoints:
        issuer = self._settings.oidc_issuer
        try:
            with Session() as session:
                session.trust_env = False
                answer = session.get(
                    f"{issuer.rstrip('/')}{DESCRIBED_AT}", timeout=TIMEOUT_SECONDS, allow_redirects=False
                )
                answer.raise_for_status()
                return _endpoints_of(answer.json(), issuer)
        except (RequestException, ConfigError, ValueError, KeyError, TypeError) as error:
            raise IssuerError(f"The company's issuer cannot be asked ({type(error).__name__}). Try again.") from error


@cache
def company_sign_in() -> CompanySignIn | None:
    """The issuer of the settings, none where readers sign in by accounts only. Raises ConfigError."""
    settings = load_settings()
    if not settings.oidc_client_id:
        return None
    require_private_way("oidc_issuer", settings.oidc_issuer)
    return CompanySignIn(settings, os.environ.get(SECRET_VARIABLE, ""))


def _endpoints_of(described: dict[str, Any], issuer: str) -> Endpoints:
    if described["issuer"] != issuer:
        raise ValueError("it says that it is another")
    revocation = described.get("revocation_endpoint")
    return Endpoints(
        require_private_way("authorization_endpoint", described["authorization_endpoint"]),
        require_private_way("token_endpoint", described["token_endpoint"]),
        require_private_way("revocation_endpoint", revocation) if revocation else "",
    )
