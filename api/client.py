"""The typed client of the API, for the dashboard and for users; needs httpx2, neither FastAPI nor a database.

with Client("http://127.0.0.1:8600") as client:
    client.sign_in("ana", password)
    print(client.summary(30)["data"]["current"]["net_revenue"])
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack

from api.connection import ApiError
from api.operating import Operating
from api.shapes.accounts import Me, NewUser, User
from api.shapes.analytics import (
    BookRow,
    Breakdown,
    Bucket,
    Event,
    GenreRow,
    MemberList,
    MemberRow,
    Movement,
    Mover,
    Ranking,
    RegionRow,
    Summary,
    SummaryMetrics,
    Timeseries,
)
from api.shapes.audit import Activity, AuditPage
from api.shapes.bodies import Body, Meta, Table
from api.shapes.books import BookDetail, Comparables, ComparableWeek, FoundBook, LaunchWeek
from api.shapes.customers import Cohort, Cohorts, CustomerMonth, CustomerMonths
from api.shapes.dictionary import Dictionary
from api.shapes.operations import Job, Published, QualityResults, QualityTrend, Run, Runs
from api.shapes.sql import SqlBody
from api.shapes.trust import AuditVerdict, Freshness, LineageGraph, Quarantined, QuarantinedTable, RunDetail, SavedView
from api.windows import Comparison, Interval, Window

__all__ = [
    "ARROW",
    "CSV",
    "XLSX",
    "Activity",
    "ApiError",
    "AuditPage",
    "AuditVerdict",
    "Body",
    "BookDetail",
    "BookRow",
    "Breakdown",
    "Bucket",
    "Client",
    "Cohort",
    "Cohorts",
    "ComparableWeek",
    "Comparables",
    "Comparison",
    "CustomerMonth",
    "CustomerMonths",
    "Dictionary",
    "Event",
    "FoundBook",
    "Freshness",
    "GenreRow",
    "Interval",
    "Job",
    "LaunchWeek",
    "LineageGraph",
    "Me",
    "Measure",
    "MemberList",
    "MemberRow",
    "Meta",
    "Movement",
    "Mover",
    "NewUser",
    "Published",
    "QualityResults",
    "QualityTrend",
    "Quarantined",
    "QuarantinedTable",
    "QueryOptions",
    "Ranking",
    "RegionRow",
    "Run",
    "RunDetail",
    "Runs",
    "SavedView",
    "SqlBody",
    "Summary",
    "SummaryMetrics",
    "Table",
    "Timeseries",
    "User",
    "Window",
]

Measure = Literal["net_revenue", "net_units"]
RegionLevel = Literal["country", "region", "store"]
GenreLevel = Literal["genre", "subgenre"]
Span = Window | int
Parameters = dict[str, str | int | list[str]]
Asked = Mapping[str, str | int | Sequence[str]]

CSV, ARROW = "text/csv", "application/vnd.apache.arrow.stream"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DEFAULT_METRICS = ("net_revenue", "net_units", "gross_revenue", "return_units", "orders")


class Options(TypedDict, total=False):
    """What most questions take beside: values of filters, another window to compare with, the publication to be of."""

    filters: Mapping[str, Sequence[str]]
    comparison: Comparison
    publication: int | None


class QueryOptions(TypedDict, total=False):
    """What a question of one's own takes beside window and metrics."""

    dimensions: Sequence[str]
    filters: Mapping[str, Sequence[str | int]]
    order_by: str | None
    limit: int
    after: int
    publication: int | None


class Client(Operating):
    """Asks one API. May be used by several threads.

    A window is a number of business dates ending on data-through, or a `Window` with both ends included. `publication`
    pins the answer to one publication: where it is not kept any more, ApiError of kind `publication-gone` is raised.
    After `sign_in` the session is gone on with as long as the API lets it; then ApiError of kind `not-signed-in` is raised.
    """

    def me(self) -> Me:
        """Who is signed in, and what they may see."""
        me: Me = self._json("GET", "/api/auth/me/")
        return me

    def publication(self) -> Published:
        """Which publication serves, and the business dates it spans."""
        published: Published = self._json("GET", "/api/publication/")
        return published

    def summary(self, window: Span, **options: Unpack[Options]) -> Body[Summary]:
        """Every metric in sight over the window."""
        answer: Body[Summary] = self._analytics("summary", window, {}, options)
        return answer

    def timeseries(
        self,
        window: Span,
        interval: Interval = "day",
        metrics: tuple[str, ...] = DEFAULT_METRICS,
        **options: Unpack[Options],
    ) -> Body[Timeseries]:
        """Metrics by bucket, buckets without a sale included."""
        asked: Parameters = {"interval": interval, "metrics": list(metrics)}
        answer: Body[Timeseries] = self._analytics("timeseries", window, asked, options)
        return answer

    def top_books(
        self, window: Span, limit: int = 10, measure: str = "net_revenue", after: int = 0, **options: Unpack[Options]
    ) -> Body[Ranking[BookRow]]:
        """The books that sold most."""
        answer: Body[Ranking[BookRow]] = self._analytics("top-books", window, _page(limit, measure, after), options)
        return answer

    def sales_by_region(
        self,
        window: Span,
        limit: int = 10,
        measure: str = "net_revenue",
        level: RegionLevel = "region",
        after: int = 0,
        **options: Unpack[Options],
    ) -> Body[Ranking[RegionRow]]:
        """Sales by country, region or store. The way down is a filter: `level="region"` with `filters={"country": […]}`."""
        asked: Parameters = {**_page(limit, measure, after), "level": level}
        answer: Body[Ranking[RegionRow]] = self._analytics("sales-by-region", window, asked, options)
        return answer

    def sales_by_genre(
        self,
        window: Span,
        limit: int = 10,
        measure: str = "net_revenue",
        level: GenreLevel = "genre",
        after: int = 0,
        **options: Unpack[Options],
    ) -> Body[Ranking[GenreRow]]:
        """Sales by genre, or by genre and subgenre."""
        asked: Parameters = {**_page(limit, measure, after), "level": level}
        answer: Body[Ranking[GenreRow]] = self._analytics("sales-by-genre", window, asked, options)
        return answer

    def book(self, isbn13: str, window: Span, publication: int | None = None) -> Body[BookDetail]:
        """One book: labels, editions, metrics over the window, launch."""
        answer: Body[BookDetail] = self._analytics(f"books/{isbn13}", window, {}, {"publication": publication})
        return answer

    def customers(self, publication: int | None = None) -> Body[CustomerMonths]:
        """New and repeat customers of the last complete months, and customers by segment; null where they are few."""
        answer: Body[CustomerMonths] = self._json("GET", "/api/analytics/customers/", _pinned(publication))
        return answer

    def customer_cohorts(self, publication: int | None = None) -> Body[Cohorts]:
        """Customers by the month they first bought in, and how many came back; null where they are few."""
        answer: Body[Cohorts] = self._json("GET", "/api/analytics/customers/cohorts/", _pinned(publication))
        return answer

    def dictionary(self) -> Dictionary:
        """Every metric in sight with its meaning, and what numbers are cut and filtered by."""
        dictionary: Dictionary = self._json("GET", "/api/analytics/metrics/")
        return dictionary

    def query(
        self,
        window: Span,
        metrics: Sequence[str],
        dimensions: Sequence[str] = (),
        filters: Mapping[str, Sequence[str | int]] | None = None,
        order_by: str | None = None,
        limit: int = 1_000,
        after: int = 0,
        publication: int | None = None,
    ) -> Body[Table]:
        """Any metrics by any dimensions, for analysts."""
        question = _question(
            window, metrics, dimensions=dimensions, filters=filters or {}, order_by=order_by, limit=limit, after=after
        )
        answer: Body[Table] = self._json("POST", "/api/analytics/query/", headers=_pinned(publication), json=question)
        return answer

    def query_export(
        self, window: Span, metrics: Sequence[str], media_type: str = CSV, **options: Unpack[QueryOptions]
    ) -> bytes:
        """What `query` answers, as a file: CSV, XLSX or Arrow."""
        headers = {**_pinned(options.pop("publication", None)), "Accept": media_type}
        question = _question(window, metrics, **options)
        return self._answered("POST", "/api/analytics/query/", headers, json=question).content

    def sql(self, sql: str, limit: int = 1_000, publication: int | None = None) -> SqlBody:
        """One SELECT over the tables in sight, for analysts. Raises ApiError that names what is not allowed, and what is."""
        answer: SqlBody = self._json(
            "POST", "/api/analytics/sql/", headers=_pinned(publication), json={"sql": sql, "limit": limit}
        )
        return answer

    def sql_export(self, sql: str, media_type: str = CSV, limit: int = 1_000, publication: int | None = None) -> bytes:
        """What `sql` answers, as a file: CSV, XLSX or Arrow."""
        headers = {**_pinned(publication), "Accept": media_type}
        return self._answered("POST", "/api/analytics/sql/", headers, json={"sql": sql, "limit": limit}).content

    def export(self, name: str, window: Span, media_type: str = CSV, **options: Unpack[Options]) -> bytes:
        """What `/api/analytics/<name>/` answers, as a file: CSV, XLSX or Arrow."""
        parameters, _ = _asked(window, {}, options)
        return self.file(name, parameters, media_type, options.get("publication"))

    def answer(self, name: str, parameters: Asked, publication: int | None = None) -> Any:
        """What `GET /api/analytics/<name>/` answers to parameters as they are named there."""
        return self._json("GET", f"/api/analytics/{name}/", _pinned(publication), params=parameters)

    def file(self, name: str, parameters: Asked, media_type: str = CSV, publication: int | None = None) -> bytes:
        """The same as a file: CSV, XLSX or Arrow."""
        headers = {**_pinned(publication), "Accept": media_type}
        return self._answered("GET", f"/api/analytics/{name}/", headers, params=parameters).content

    def _analytics(self, name: str, window: Span, asked: Parameters, options: Options) -> Any:
        parameters, headers = _asked(window, asked, options)
        return self._json("GET", f"/api/analytics/{name}/", params=parameters, headers=headers)


def _pinned(publication: int | None) -> dict[str, str]:
    return {} if publication is None else {"X-Data-Version": str(publication)}


def _page(limit: int, measure: str, after: int) -> Parameters:
    return {"limit": limit, "measure": measure, "after": after}


def _asked(window: Span, asked: Parameters, options: Options) -> tuple[Parameters, dict[str, str]]:
    """Parameters and headers of a question."""
    filters: Parameters = {name: list(values) for name, values in (options.get("filters") or {}).items()}
    compared: Parameters = {"comparison": options["comparison"]} if options.get("comparison") else {}
    return {**_span(window), **asked, **filters, **compared}, _pinned(options.get("publication"))


def _question(window: Span, metrics: Sequence[str], **options: Unpack[QueryOptions]) -> dict[str, Any]:
    """The body of a question of one's own."""
    filters = {name: list(values) for name, values in options.get("filters", {}).items()}
    lists = {"metrics": list(metrics), "dimensions": list(options.get("dimensions", ())), "filters": filters}
    return {**_span(window), **options, **lists}


def _span(window: Span) -> Parameters:
    if isinstance(window, int):
        return {"days": window}
    return {"from": window.first.isoformat(), "until": window.last.isoformat()}
