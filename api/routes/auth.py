"""Set-up, sign-in, and what an account may do with itself."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Form, Request, Response
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from api.auth.authority import Tokens
from api.auth.tokens import LIFE_SECONDS
from api.callers import address_of, authority_of, caller_of
from api.params import RequestBody, Text, Username
from api.rendering import render
from api.routes.users import shown
from api.shapes.accounts import Jwks, Me, SessionTokens, User
from api.shapes.bodies import Done
from api.view import MODEL, PERMISSIONS

router = APIRouter(tags=["accounts"])

DONE = {"status": "done"}


class TokenForm(RequestBody):
    """An OAuth 2 request: by password, or by the refresh token of the answer before."""

    grant_type: Literal["password", "refresh_token"]
    username: Text | None = None
    password: Text | None = None
    refresh_token: Text | None = None

    @model_validator(mode="after")
    def belongs_together(self) -> Self:
        by_password = self.username is not None and self.password is not None and self.refresh_token is None
        by_token = self.refresh_token is not None and self.username is None and self.password is None
        if not (by_password if self.grant_type == "password" else by_token):
            raise PydanticCustomError(
                "grant", "give username and password, or with grant_type=refresh_token that token"
            )
        return self


class Setup(RequestBody):
    """The first administrator; `code` is in a file of the server's own folder."""

    code: Text
    username: Username
    password: Text


class NewPassword(RequestBody):
    """Another password of one's own."""

    current: Text
    new: Text


@router.post("/api/auth/setup/", name="setup", operation_id="setup", response_model=User, status_code=201)
def setup(request: Request, body: Setup) -> Response:
    """Make the first administrator, once."""
    account = authority_of(request).set_up(body.code, body.username, body.password, address_of(request))
    return render(shown(account), status=201)


@router.post("/api/auth/token/", name="token", operation_id="token", response_model=SessionTokens)
def token(request: Request, form: Annotated[TokenForm, Form()]) -> Response:
    """Sign in, or go on with a session: an access token of 15 minutes and a refresh token for one use."""
    authority = authority_of(request)
    if form.grant_type == "password":
        assert form.username is not None and form.password is not None
        tokens = authority.sign_in(form.username, form.password, address_of(request))
        request.state.note.is_of(form.username.strip().lower())
        return _tokens(tokens)
    assert form.refresh_token is not None
    return _tokens(authority.refresh(form.refresh_token))


@router.post("/api/auth/sign-out/", name="sign-out", operation_id="sign_out", response_model=Done)
def sign_out(request: Request) -> Response:
    """End this session: its tokens are refused from now on."""
    authority_of(request).sign_out(caller_of(request))
    return render(DONE)


@router.post("/api/auth/password/", name="password", operation_id="change_password", response_model=Done)
def change_password(request: Request, body: NewPassword) -> Response:
    """Change one's own password; every session ends, this one too."""
    authority_of(request).change_password(caller_of(request), body.current, body.new, address_of(request))
    return render(DONE)


@router.get("/api/auth/me/", name="me", operation_id="me", response_model=Me)
def me(request: Request) -> Response:
    """Who asks, and what they may see."""
    caller = caller_of(request)
    return render(
        {
            "username": caller.username,
            "role": caller.role,
            "regions": caller.scope.regions,
            "publishers": caller.scope.publishers,
            "endpoints": sorted(PERMISSIONS.endpoints_of(caller.role)),
            "metrics": PERMISSIONS.metrics_of(caller.role, MODEL),
            "view": caller.view,
        }
    )


@router.get("/.well-known/jwks.json", name="jwks", operation_id="jwks", response_model=Jwks)
def jwks(request: Request) -> Response:
    """The public keys that verify access tokens, for services that take them too."""
    return render(authority_of(request).keys.jwks())


def _tokens(tokens: Tokens) -> Response:
    return render(
        {
            "access_token": tokens.access,
            "token_type": "Bearer",
            "expires_in": LIFE_SECONDS,
            "refresh_token": tokens.refresh,
        }
    )
