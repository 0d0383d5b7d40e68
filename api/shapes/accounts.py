"""Who is signed in, and who may."""

from typing_extensions import TypedDict


class SessionTokens(TypedDict):
    """Tokens of a session, as OAuth 2 names them; the refresh token is good for one use."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str


class User(TypedDict):
    """An account. A kind of scope with an empty list is not narrowed."""

    username: str
    role: str
    is_disabled: bool
    regions: list[str]
    publishers: list[str]
    created_at: str


class NewUser(User):
    """An account with the password made for it, which is shown this once; null where one was given."""

    password: str | None


class UserList(TypedDict):
    """A page of accounts; `next` goes into `after` for the page that follows, null on the last."""

    users: list[User]
    next: str | None


class Me(TypedDict):
    """Who asks, and what they may: `view` is the same for all who see the same."""

    username: str
    role: str
    regions: list[str]
    publishers: list[str]
    endpoints: list[str]
    metrics: list[str]
    view: str


class Jwks(TypedDict):
    """The public keys of access tokens."""

    keys: list[dict[str, str]]
