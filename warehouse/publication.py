"""What a publication is made of, whatever the warehouse, and what it says about itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime


class PublicationError(Exception):
    """Nothing was published: a check failed or the warehouse could not be written. The version before still serves."""


class RollbackError(Exception):
    """The generation asked for is not kept; what served still serves."""


class NoPublicationError(Exception):
    """The warehouse has no publication yet."""


class PublicationGoneError(Exception):
    """The publication that was asked for by its number is not kept, or was taken back by a rollback."""


class QuestionTimeoutError(Exception):
    """The question took longer than it may, and was interrupted."""


class DamagedPublicationError(Exception):
    """There is a publication, and it cannot be read."""


class NoAnswerError(DamagedPublicationError):
    """The server that holds the publication does not answer, or not as it should."""


class DamagedPointerError(DamagedPublicationError, NoPublicationError):
    """It is not known which publication serves; to whoever publishes the next, that is as good as none."""


@dataclass(frozen=True)
class Pointer:
    """Which generation serves, which run made it, and whether it is pinned: then a publication does not take its place."""

    generation: int
    run_seq: int
    pinned: bool = False


@dataclass(frozen=True)
class TableExport:
    """The Parquet files of one gold table at one lake version, with the totals its rows must have.

    `row_count` is in rows of the whole table; `sums` maps a column to its total, exact, as text (`"123.45"`). With `days`, only rows
    of these business dates differ from the generation that the new one starts from: `files` hold them, and `sums` are over them.
    """

    files: Sequence[str]
    lake_version: int
    row_count: int
    sums: dict[str, str] = field(default_factory=dict)
    days: Sequence[date] | None = None


@dataclass(frozen=True)
class Base:
    """A generation that a new one can start from as a copy: what it was made of, how many copies it is from a whole build."""

    generation: int
    publication: "Publication"
    lake_versions: dict[str, int]
    increments: int
    last_sale_date: date | None


@dataclass(frozen=True)
class Publication:
    """One consistent version of every table, as the warehouse tells it to readers."""

    generation: int
    run_seq: int
    published_at: datetime
    snapshot_at: datetime
    data_from: date | None
    data_through: date | None
    reporting_currency: str
    time_zone: str
    retail_week_start: str
    sale_count: int


def gone(generation: int) -> str:
    """What to say of a publication that nobody can read any more."""
    return f"publication {generation} is not kept"


def to_roll_back_to(asked: int | None, served: int, kept: Sequence[int]) -> int:
    """The generation asked for, by default the one before that which serves. Raises RollbackError naming those that are `kept`."""
    older = [number for number in kept if number < served]
    chosen = asked if asked is not None else older[-1] if older else None
    if chosen is None or chosen not in kept:
        named = f"generation {chosen}" if chosen is not None else f"a generation before {served}"
        raise RollbackError(f"{named} is not kept; there are {', '.join(map(str, kept))}")
    return chosen
