"""What every answer is wrapped in, and what a refusal says."""

from typing import Generic, TypeVar

from typing_extensions import TypedDict

Data = TypeVar("Data")

Number = int | float

# `from` is a word of Python's own, so the functional form.
Comparison = TypedDict(
    "Comparison", {"kind": str, "from": str, "until": str, "is_like_for_like": bool, "is_complete": bool}
)


class SeenScope(TypedDict):
    """What the caller is narrowed to; an empty list: not narrowed."""

    regions: list[str]
    publishers: list[str]


Meta = TypedDict(
    "Meta",
    {
        "from": str,
        "until": str,
        "days": int,
        "interval": str | None,
        "filters": dict[str, list[str | int]],
        "scope": SeenScope,
        "is_complete": bool,
        "comparison": Comparison | None,
        "next": int | None,
        "data_from": str | None,
        "data_through": str | None,
        "loaded_at": str,
        "publication": int,
        "currency": str,
        "time_zone": str,
        "answered_by": list[str],
    },
)


class Body(TypedDict, Generic[Data]):
    """Every success: the answer, and what it is about."""

    data: Data
    meta: Meta


class Done(TypedDict):
    """It is done."""

    status: str


class Table(TypedDict):
    """A page of rows; `row_count` counts all, and `meta.next` leads on where `is_truncated`."""

    rows: list[dict[str, str | int | float | None]]
    row_count: int
    is_truncated: bool


class Fault(TypedDict):
    """One thing wrong with a request."""

    parameter: str
    message: str


class Problem(TypedDict):
    """Every failure (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Fault]
    request_id: str
