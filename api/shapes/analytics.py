"""Answers about sales: sums, series, rankings, breakdowns, what moved."""

from typing import Generic, NotRequired, TypeVar

from typing_extensions import TypedDict

from api.shapes.bodies import Number


class SummaryMetrics(TypedDict):
    """Metrics of one window. Those named in `suppressed` are null because they would show too few people.

    Cost and margin are there for those who may see them.
    """

    gross_units: int
    return_units: int
    net_units: int
    gross_revenue: Number
    discount: Number
    return_value: Number
    net_revenue: Number
    cost: NotRequired[Number]
    margin: NotRequired[Number]
    margin_ratio: NotRequired[Number | None]
    average_selling_price: Number | None
    return_rate: Number | None
    orders: int
    customers: int | None
    active_titles: int
    frontlist_share: Number | None
    suppressed: list[str]


class Summary(TypedDict):
    """The window, and with `comparison` the one it is compared with."""

    current: SummaryMetrics
    previous: SummaryMetrics | None


class Bucket(TypedDict):
    """One day, week, month, quarter or year: first and last day, and the metrics asked for.

    `is_complete` is false where the window or the data cut the bucket short.
    """

    start: str
    end: str
    is_complete: bool
    metrics: dict[str, Number | None]


class Timeseries(TypedDict):
    """Every bucket of the window in order, those without a sale too."""

    buckets: list[Bucket]
    previous: list[Bucket] | None


class PlainSums(TypedDict):
    """Numbers of one member over one window."""

    gross_units: int
    return_units: int
    net_units: int
    gross_revenue: Number
    net_revenue: Number


class Sums(PlainSums):
    """Numbers of one member, or of several together, and what they are ordered by. The share is of the net revenue of all."""

    discount: NotRequired[Number]
    return_value: NotRequired[Number]
    cost: NotRequired[Number]
    margin: NotRequired[Number]
    net_revenue_share: Number | None


class GroupSums(Sums):
    """Numbers of `count` members together."""

    count: int


class RowSums(Sums):
    """With `comparison` also what it was; null where that cannot be told."""

    previous: NotRequired[PlainSums | None]


class BookRow(RowSums):
    """A book under the labels of its current version; sales of no known book have a null ISBN."""

    rank: int
    isbn13: str | None
    title: str
    author_names: list[str]
    publisher: str | None
    genre: str | None
    format: str | None


class RegionRow(RowSums):
    """The store, its region or its country; what is finer than the level asked for is null."""

    rank: int
    region: str | None
    country: str
    store: str | None


class GenreRow(RowSums):
    """The genre of the book version sold; `subgenre` is null at level `genre`."""

    rank: int
    genre: str
    subgenre: str | None


Row = TypeVar("Row")


class Ranking(TypedDict, Generic[Row]):
    """The first members, what the others come to, and the total of all."""

    rows: list[Row]
    other: GroupSums
    total: GroupSums


class MemberMetrics(TypedDict):
    """Metrics of all together, and with `comparison` what they were."""

    metrics: dict[str, Number | None]
    previous: dict[str, Number | None] | None


class MemberRow(MemberMetrics):
    """Metrics of one member. `members` names it and what it is part of; `previous` is null where it had no line then."""

    members: dict[str, str | int | None]


class Breakdown(TypedDict):
    """Members in order of the first metric; `row_count` counts all of them."""

    rows: list[MemberRow]
    total: MemberMetrics
    row_count: int
    is_truncated: bool


class Moved(TypedDict):
    """A measure in both windows, and how far it moved."""

    current: Number
    previous: Number
    change: Number


class Mover(Moved):
    """What one member did to the change; `members` names it, a book as its ranking does."""

    members: dict[str, str | list[str] | None]


class OthersMoved(Moved):
    """What `count` members together did to the change."""

    count: int


class Movement(TypedDict):
    """The largest gains and losses, the largest first; with `other` they add up to `total`."""

    gains: list[Mover]
    losses: list[Mover]
    other: OthersMoved
    total: OthersMoved


class Event(TypedDict):
    """A feast or trade event."""

    day: str
    event: str


class MemberList(TypedDict):
    """What a filter may name, in order; `is_truncated` where there are more."""

    members: list[str]
    is_truncated: bool
