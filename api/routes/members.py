"""What filters may name: the members of each dimension that are in sight."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asking import Asking
from api.params import MembersQuery, Pinned, WindowQuery, refuse_repeated
from api.routes.analytics import PREFIX
from api.shapes.analytics import MemberList
from api.shapes.bodies import Body

router = APIRouter(prefix=PREFIX, tags=["analytics"], dependencies=[Depends(refuse_repeated)])


@router.get("/members/", name="members", operation_id="members", response_model=Body[dict[str, MemberList]])
@router.get("/members", name="members", include_in_schema=False, response_model=None)
def members(request: Request, query: Annotated[MembersQuery, Query()], pinned: Pinned = None) -> Response:
    """The values that filters may take, whatever the window: those in sight, in order."""
    asking = Asking(request, WindowQuery.model_validate({}), pinned)
    data = {name: _listed(asking, name, query) for name in query.of}
    return asking.respond("members", data, lambda: _lines(data))


def _listed(asking: Asking, name: str, query: MembersQuery) -> dict[str, Any]:
    # One more than asked for tells whether there are more.
    found = asking.answers.members(name, query.limit + 1, query.search)
    return {"members": found[: query.limit], "is_truncated": len(found) > query.limit}


def _lines(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"filter": name, "member": member} for name, listed in data.items() for member in listed["members"]]
