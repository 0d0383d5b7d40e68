"""Answers to SQL of one's own."""

from typing_extensions import TypedDict

from api.shapes.bodies import SeenScope


class SqlColumn(TypedDict):
    """A column of an answer, with its type in DuckDB's words."""

    name: str
    type: str


class SqlTable(TypedDict):
    """The first rows of an answer; `is_truncated` where there are more than were asked for."""

    columns: list[SqlColumn]
    rows: list[dict[str, str | int | float | bool | None]]
    is_truncated: bool


class SqlMeta(TypedDict):
    """What the answer is of; `answered_by` names the tables."""

    scope: SeenScope
    data_from: str | None
    data_through: str | None
    loaded_at: str
    publication: int
    currency: str
    time_zone: str
    answered_by: list[str]


class SqlBody(TypedDict):
    """The answer to a question in SQL."""

    data: SqlTable
    meta: SqlMeta
