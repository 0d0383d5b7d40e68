"""A company's issuer that signs people in: Authlib's authorization server on loopback, with PKCE, renewal and revocation."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Flask, jsonify, request
from own_issuer import OwnIssuer
from werkzeug.serving import make_server

CLIENT_ID, SECRET = "dashboard", "of the dashboard alone"


@dataclass
class Registered(ClientMixin):
    """The dashboard, as the issuer has it written down."""

    secret: str = ""
    redirect_uri: str = ""

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == ("client_secret_basic" if self.secret else "none")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


@dataclass
class Code(AuthorizationCodeMixin):
    """A code that was given out."""

    code: str
    person: dict[str, Any]
    redirect_uri: str
    scope: str
    code_challenge: str | None
    code_challenge_method: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Refresh(TokenMixin):
    """A refresh token that was given out."""

    person: dict[str, Any]
    scope: str

    def check_client(self, client: Registered) -> bool:
        return True

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Kept:
    """What the issuer has: who sits before its pages, and what it has given out."""

    person: dict[str, Any] | None = None
    client: Registered = field(default_factory=Registered)
    gives_refresh_tokens: bool = True
    fails: bool = False
    described_times: int = 0
    renewals: int = 0
    codes: dict[str, Code] = field(default_factory=dict)
    refresh: dict[str, Refresh] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    described: dict[str, Any] = field(default_factory=dict)


@contextmanager
def code_issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Kept]]:
    """The issuer's address and what it has. Whoever comes to its page is `Kept.person`, and refuses where that is None."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # to the server: it is on loopback
    kept, signer, app = Kept(), OwnIssuer(), Flask(__name__)
    web = make_server("127.0.0.1", 0, app, threaded=True)
    url = f"http://127.0.0.1:{web.server_port}"
    kept.described = {
        "issuer": url,
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "revocation_endpoint": f"{url}/revoke",
    }
    server = AuthorizationServer(
        app, query_client=lambda name: kept.client if name == CLIENT_ID else None, save_token=_saver(kept)
    )
    server.register_token_generator("default", _generator(kept, signer, url))
    server.register_grant(_code_grant(kept), [CodeChallenge(required=True)])
    server.register_grant(_refresh_grant(kept))
    server.register_endpoint(_revocation(kept))

    @app.get("/.well-known/openid-configuration")
    def described() -> Any:
        kept.described_times += 1
        return jsonify(kept.described)

    @app.before_request
    def failed() -> Any:
        if kept.fails and request.path != "/keys":
            kept.described_times += request.path.startswith("/.well-known")
            return "not now", 503
        return None

    @app.get("/keys")
    def keys() -> Any:
        return jsonify({"keys": list(signer.published.values())})

    @app.get("/authorize")
    def authorize() -> Any:
        kept.asked.append(dict(request.args))
        grant = server.get_consent_grant(end_user=kept.person)
        return server.create_authorization_response(request=None, grant_user=kept.person, grant=grant)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.post("/revoke")
    def revoke() -> Any:
        return server.create_endpoint_response("revocation")

    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield url, kept
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


def _saver(kept: Kept) -> Any:
    def save(token: dict[str, Any], asked: Any) -> None:
        if "refresh_token" in token:
            kept.refresh[token["refresh_token"]] = Refresh(asked.user, token["scope"])

    return save


def _generator(kept: Kept, signer: OwnIssuer, url: str) -> Any:
    def generate(
        grant_type: str,
        client: Registered,
        user: dict[str, Any],
        scope: str,
        include_refresh_token: bool = True,
        **_: Any,
    ) -> dict[str, Any]:
        given = {
            "token_type": "Bearer",
            "access_token": signer.token(iss=url, **user),
            "expires_in": 600,
            "scope": scope,
        }
        if kept.gives_refresh_tokens and include_refresh_token:
            given["refresh_token"] = f"refresh-{len(kept.refresh)}-{id(given)}"
        return given

    return generate


def _code_grant(kept: Kept) -> type[AuthorizationCodeGrant]:
    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "none"]  # noqa: RUF012  Authlib's own attribute

        def save_authorization_code(self, code: str, request: Any) -> None:
            said = request.payload.data
            kept.codes[code] = Code(
                code,
                request.user,
                request.payload.redirect_uri,
                request.payload.scope,
                said.get("code_challenge"),
                said.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, client: Registered) -> Code | None:
            return kept.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del kept.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return authorization_code.person

    return Grant


def _refresh_grant(kept: Kept) -> type[RefreshTokenGrant]:
    class Grant(RefreshTokenGrant):
        INCLUDE_NEW_REFRESH_TOKEN = True
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "none"]  # noqa: RUF012

        def authenticate_refresh_token(self, refresh_token: str) -> Refresh | None:
            kept.renewals += 1
            return kept.refresh.pop(refresh_token, None)

        def authenticate_user(self, refresh_token: Refresh) -> dict[str, Any]:
            return refresh_token.person

        def revoke_old_credential(self, refresh_token: Refresh) -> None:
            """It was good for once."""

    return Grant


def _revocation(kept: Kept) -> type[RevocationEndpoint]:
    class Endpoint(RevocationEndpoint):
        CLIENT_AUTH_METHODS = ["client_secret_basic", "none"]  # noqa: RUF012

        def query_token(self, token_string: str, token_type_hint: str) -> Refresh | None:
            return kept.refresh.pop(token_string, None)

        def revoke_token(self, token: Refresh, request: Any) -> None:
            """It is gone already."""

    return Endpoint
