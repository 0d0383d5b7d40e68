"""Analysts' own SQL."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.asking import answered_from, in_cells
from api.cache import AnswerCache
from api.callers import caller_of
from api.params import Pinned, RequestBody
from api.reading import reading_of
from api.rendering import JSON, accepted, render, render_table
from api.routes.analytics import PREFIX
from api.shapes.sql import SqlBody
from api.sql.check import Checked, checked, sight_of
from api.sql.sandbox import NotServedError, Sandbox, SqlAnswer
from api.view import View, view_of
from warehouse.narrowed import statements
from warehouse.warehouses import Reading

MOST_ROWS = 10_000
LONGEST = 10_000

router = APIRouter(prefix=PREFIX, tags=["analytics"])


class SqlQuestion(RequestBody):
    """One SELECT."""

    sql: Annotated[str, Field(min_length=1, max_length=LONGEST, description="one SELECT, in DuckDB's dialect")]
    limit: int = Field(1_000, ge=1, le=MOST_ROWS, description="how many rows at most; more are told in `is_truncated`")


@router.post("/sql/", name="sql", operation_id="sql", response_model=SqlBody)
def sql(request: Request, question: SqlQuestion, pinned: Pinned = None) -> Response:
    """One SELECT over the tables, columns and rows in sight, answered in a process of its own with bounds on time and memory."""
    media_type, reading = accepted(request), reading_of(request, pinned)
    view = view_of(caller_of(request))
    asked = checked(question.sql, sight_of(view.role, view.scope))
    answer = _answer(request, reading, view, asked, question.limit)
    number = reading.publication.generation
    request.state.note.says(asked.columns, len(answer.rows), number)
    about = _about(reading, view, asked)
    if media_type == JSON:
        response = render({"data": _shown(answer), "meta": about})
    else:
        names = [name for name, _ in answer.columns]
        told = in_cells({**about, "is_truncated": answer.is_truncated})
        response = render_table(media_type, f"sql_{number}", answer.rows, told, names)
    response.headers["X-Data-Version"] = str(number)
    return response


def _answer(request: Request, reading: Reading, view: View, asked: Checked, limit: int) -> SqlAnswer:
    cache: AnswerCache = request.app.state.cache
    sandbox: Sandbox = request.app.state.sandbox
    seen = sight_of(view.role, view.scope).tables

    def ask() -> SqlAnswer:
        if reading.serving_file is None:
            raise NotServedError("this warehouse has its own users, roles and SQL: ask it by a sign-in there")
        return sandbox.answer(reading.serving_file, partial(statements, seen, view.scope), asked.sql, limit)

    # A key that no question of our own can have: those have parameters of other names.
    key = (reading.publication.generation, view.key, asked.sql, (("sql limit", limit),))
    with sandbox.admitted():
        return cache.answer(key, ask, lambda answer: answer.rows)


def _shown(answer: SqlAnswer) -> dict[str, Any]:
    columns = [{"name": name, "type": kind} for name, kind in answer.columns]
    return {"columns": columns, "rows": answer.rows, "is_truncated": answer.is_truncated}


def _about(reading: Reading, view: View, asked: Checked) -> dict[str, Any]:
    scope = {"regions": view.scope.regions, "publishers": view.scope.publishers}
    return {"scope": scope, **answered_from(reading.publication, asked.tables)}
