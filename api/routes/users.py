"""Accounts, for administrators."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth.accounts import Account
from api.auth.passwords import generated_password, refuse_weak
from api.callers import authority_of
from api.params import Members, RequestBody, Role, Text, Username
from api.rendering import render
from api.shapes.accounts import NewUser, User, UserList
from warehouse.scope import Scope

router = APIRouter(prefix="/api/users", tags=["users"])

PAGE = 100


class UserQuery(BaseModel):
    """Which page of the list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: Username | None = Field(None, description="the last name of the page before: `next` of its answer")
    limit: int = Field(PAGE, ge=1, le=1_000)


class AddedUser(RequestBody):
    """A new account. Without a password one is made and shown in the answer, this once."""

    username: Username
    role: Role
    regions: Members = ()
    publishers: Members = ()
    password: Text | None = None


class ChangedUser(RequestBody):
    """What is to change; what is left out stays."""

    role: Role | None = None
    is_disabled: bool | None = None
    regions: Members | None = None
    publishers: Members | None = None


def shown(account: Account, **more: object) -> dict[str, Any]:
    """An account as it goes out."""
    return {
        **account.described,
        "created_at": datetime.fromtimestamp(account.created_at, UTC),
        **more,
    }


@router.get("/", name="users", operation_id="users", response_model=UserList)
def users(request: Request, query: Annotated[UserQuery, Query()]) -> Response:
    """Accounts in order of their names, a page at a time."""
    page = authority_of(request).accounts.page(query.after or "", query.limit + 1)
    following = page[query.limit - 1].username if len(page) > query.limit else None
    return render({"users": [shown(account) for account in page[: query.limit]], "next": following})


@router.post("/", name="add-user", operation_id="add_user", response_model=NewUser, status_code=201)
def add_user(request: Request, body: AddedUser) -> Response:
    """Make an account."""
    password = body.password or generated_password()
    refuse_weak(password, body.username)
    scope = Scope(body.regions, body.publishers)
    account = authority_of(request).accounts.add(body.username, body.role, scope, password)
    return render(shown(account, password=None if body.password else password), status=201)


@router.patch("/{username}/", name="change-user", operation_id="change_user", response_model=User)
def change_user(request: Request, username: Username, body: ChangedUser) -> Response:
    """Change role or scope, disable or enable; it holds from the account's next request on."""
    accounts = authority_of(request).accounts
    scope = None
    if body.regions is not None or body.publishers is not None:
        now = accounts.find(username).scope
        scope = Scope(
            now.regions if body.regions is None else body.regions,
            now.publishers if body.publishers is None else body.publishers,
        )
    return render(shown(accounts.change(username, body.role, scope, body.is_disabled)))


@router.post("/{username}/reset/", name="reset-user", operation_id="reset_user", response_model=NewUser)
def reset_user(request: Request, username: Username) -> Response:
    """Another password, made and shown this once; every session of the account ends."""
    accounts, password = authority_of(request).accounts, generated_password()
    accounts.set_password(username, password, "password reset")
    return render(shown(accounts.find(username), password=password))
