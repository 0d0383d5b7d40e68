"""The JSON that goes out, as types: what handlers return, OpenAPI describes and the client hands on.

Money is a JSON number with two decimals, in `meta.currency`; ratios are plain numbers (0.25 is 25 %); a ratio without a
denominator is null. Dates are business dates, `YYYY-MM-DD`.
"""

from typing import Generic, NotRequired, TypeVar

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


class FoundBook(TypedDict):
    """A book as it is called today."""

    isbn13: str
    title: str
    author_names: list[str]
    publisher: str
    format: str
    published_on: str | None


class ComparableBook(TypedDict):
    """A book that another one is held against."""

    isbn13: str
    title: str
    published_on: str
    is_same_subgenre: bool


class ComparableWeek(TypedDict):
    """A week since publication of those of the books that had all of it: net units in the middle, and of the middle half."""

    week: int
    book_count: int
    lower: Number
    median: Number
    upper: Number


class Comparables(TypedDict):
    """Books like one, nearest first, and how they were launched."""

    books: list[ComparableBook]
    weeks: list[ComparableWeek]


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


class AuditEntry(TypedDict):
    """One request; without a status it ended without a word, or is still going on."""

    seq: int
    at: str
    request_id: str
    username: str | None
    role: str | None
    address: str | None
    method: str | None
    endpoint: str | None
    path: str | None
    decision: str | None
    status: int | None
    milliseconds: Number | None
    columns: list[str]
    row_count: int | None
    publication: int | None


class AuditPage(TypedDict):
    """Requests, newest first; `next` goes into `before` for those before them, null on the last page."""

    entries: list[AuditEntry]
    next: int | None


class SlowRequests(TypedDict):
    """The requests that took longest."""

    entries: list[AuditEntry]


class UserActivity(TypedDict):
    """What one user has asked."""

    username: str
    requests: int
    refused: int
    row_count: int
    last_at: str


class Activity(TypedDict):
    """The busiest users first."""

    users: list[UserActivity]


class Run(TypedDict):
    """One go of the pipeline."""

    run_seq: int
    kind: str
    source: str
    state: str
    started_at: str
    finished_at: str | None
    detail: str


class Runs(TypedDict):
    """Runs, newest first; `next` goes into `before` for those before them, null on the last page."""

    runs: list[Run]
    next: int | None


class QualityResult(TypedDict):
    """What one expectation found."""

    run_seq: int
    table_name: str
    expectation: str
    level: str
    failed_rows: int
    checked_rows: int


class QualityResults(TypedDict):
    """Most failures first."""

    results: list[QualityResult]


class PublicationEntry(TypedDict):
    """One publication."""

    generation: int
    run_seq: int
    published_at: str


class Publications(TypedDict):
    """Newest first."""

    publications: list[PublicationEntry]


class Job(TypedDict):
    """Long work: running, cancelling, done, attention, refused, failed, cancelled, or ended without a word."""

    job_id: str
    kind: str
    arguments: dict[str, int | bool | None]
    state: str
    started_by: str
    started_at: str
    finished_at: str | None
    exit_code: int | None
    log_end: list[str]


class JobList(TypedDict):
    """Newest first, without what they said."""

    jobs: list[Job]


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


class Done(TypedDict):
    """It is done."""

    status: str


class Book(TypedDict):
    """A book as it is called today; its cost is there for those who may see it."""

    isbn13: str | None
    title: str
    work_title: str | None
    series: str | None
    series_number: int | None
    author_names: list[str]
    genre: str
    subgenre: str
    publisher: str
    imprint: str
    format: str
    language: str | None
    page_count: int | None
    list_price: Number | None
    unit_cost: NotRequired[Number | None]
    currency: str | None
    published_on: str | None


class LaunchWeek(TypedDict):
    """One week since publication, the first is 1."""

    week: int
    start: str
    is_complete: bool
    net_units: int
    net_revenue: Number


class BookDetail(TypedDict):
    """A book, every edition of its work, its metrics over the window, and its first 52 weeks, whatever the window."""

    book: Book
    editions: list[Book]
    metrics: SummaryMetrics
    launch: list[LaunchWeek]


class MetricEntry(TypedDict):
    """A metric: unit is copies, money, ratio or count; `adds_up` says whether parts add up to the whole."""

    name: str
    label: str
    unit: str
    meaning: str
    adds_up: bool


class DimensionEntry(TypedDict):
    """What numbers are filtered by, and cut by where `can_group`."""

    name: str
    label: str
    can_group: bool


class Dictionary(TypedDict):
    """What can be asked for."""

    metrics: list[MetricEntry]
    dimensions: list[DimensionEntry]


class MemberList(TypedDict):
    """What a filter may name, in order; `is_truncated` where there are more."""

    members: list[str]
    is_truncated: bool


class Table(TypedDict):
    """A page of rows; `row_count` counts all, and `meta.next` leads on where `is_truncated`."""

    rows: list[dict[str, str | int | float | None]]
    row_count: int
    is_truncated: bool


class CustomerMonth(TypedDict):
    """Customers of one month: those who had never bought before, the others, and by segment.

    Null is of fewer than ten customers, or would give such a count away.
    """

    month: str
    customers: int | None
    new: int | None
    repeat: int | None
    segments: dict[str, int | None]


class CustomerMonths(TypedDict):
    """The last complete months, in order."""

    months: list[CustomerMonth]


class Cohort(TypedDict):
    """Customers who first bought in the month `cohort`: how many, and of them those who bought in that month and each after."""

    cohort: str
    customers: int | None
    active: list[int | None]
    ratio: list[Number | None]


class Cohorts(TypedDict):
    """A cohort per complete month, in order."""

    cohorts: list[Cohort]


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


class Health(TypedDict):
    """The process answers."""

    status: str


class Readiness(TypedDict):
    """The server can answer: what was looked at, each `ok`."""

    status: str
    checks: dict[str, str]


class Published(TypedDict):
    """What serves now; a retail week begins on `monday`, `saturday` or `sunday`."""

    publication: int
    loaded_at: str
    data_from: str | None
    data_through: str | None
    currency: str
    time_zone: str
    retail_week_start: str


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
