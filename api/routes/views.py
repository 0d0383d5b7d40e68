"""Saved views: what each user keeps for themselves."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from api.auth.saved_views import SavedViews
from api.callers import authority_of, caller_of
from api.params import RequestBody
from api.rendering import render
from api.shapes.bodies import Done
from api.shapes.trust import SavedView, SavedViewList

router = APIRouter(prefix="/api/views", tags=["accounts"])

LONGEST_QUERY = 8_000


def _of_visible_letters(name: str) -> str:
    if not name.isprintable() or name != name.strip() or "/" in name:
        raise PydanticCustomError(
            "name", "Input should be letters that can be seen, without / and without spaces around them"
        )
    return name


ViewName = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_of_visible_letters)]


class NewView(RequestBody):
    """A page of the dashboard by the name in its address, and the query that its address has, without the `?`."""

    name: ViewName
    page: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    query: Annotated[str, Field(max_length=LONGEST_QUERY, pattern=r"^[\x21-\x7e]*$")] = ""


@router.get("/", name="views", operation_id="views", response_model=SavedViewList)
def views(request: Request) -> Response:
    """One's own saved views, in order of their names."""
    return render({"views": [_shown(row) for row in _views(request).of(caller_of(request).username)]})


@router.post("/", name="views", operation_id="save_view", response_model=SavedView, status_code=201)
def save_view(request: Request, body: NewView) -> Response:
    """Save a view; one's own of the same name is replaced."""
    saved = _views(request).save(caller_of(request).username, body.name, body.page, body.query)
    return render(_shown(saved), status=201)


@router.delete("/{name}/", name="views", operation_id="delete_view", response_model=Done)
def delete_view(request: Request, name: Annotated[ViewName, Path()]) -> Response:
    """Delete one of one's own views."""
    _views(request).delete(caller_of(request).username, name)
    return render({"status": "done"})


def _views(request: Request) -> SavedViews:
    return SavedViews(authority_of(request).engine)


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "page": row["page"],
        "query": row["query"],
        "saved_at": datetime.fromtimestamp(row["saved_at"], UTC),
    }
