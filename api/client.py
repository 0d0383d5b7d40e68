"""The typed client of the API, for the dashboard and for users; needs httpx2, neither FastAPI nor a database.

with Client("http://127.0.0.1:8600") as client:
    client.sign_in("ana", password)
    print(client.summary(30)["data"]["current"]["net_revenue"])
"""

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypedDict, Unpack

import httpx2

from api.operating import Operating
from api.operating_shapes import (
    AuditVerdict,
    Freshness,
    LineageGraph,
    Quarantined,
    QuarantinedTable,
    RunDetail,
    SavedView,
)
from api.shapes import (
    Activity,
    AuditPage,
    Body,
    BookDetail,
    BookRow,
    Bucket,
    Cohort,
    Cohorts,
    CustomerMonth,
    CustomerMonths,
    Dictionary,
    GenreRow,
    Job,
    Me,
    MemberList,
    Meta,
    NewUser,
    Published,
    QualityResults,
    Ranking,
    RegionRow,
    Run,
    Runs,
    SqlBody,
    Summary,
    SummaryMetrics,
    Table,
    Timeseries,
    User,
)
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
    "Bucket",
    "Client",
    "Cohort",
    "Cohorts",
    "Comparison",
    "CustomerMonth",
    "CustomerMonths",
    "Dictionary",
    "Freshness",
    "GenreRow",
    "Interval",
    "Job",
    "LineageGraph",
    "Me",
    "Measure",
    "MemberList",
    "Meta",
    "NewUser",
    "Published",
    "QualityResults",
    "Quarantined",
    "QuarantinedTable",
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
UNREACHABLE = "unreachable"
TIMEOUT_SECONDS = 30.0
UNAUTHENTICATED = 401


class Options(TypedDict, total=False):
    """What most questions take beside: values of filters, another window to compare with, the publication to be of."""

    filters: Mapping[str, Sequence[str]]
    comparison: Comparison
    publication: int | None


class ApiError(Exception):
    """The API did not answer, or answered with a failure; the message is its own words.

    `kind` is the last word of the problem's type (`not-published`, `publication-gone`, …) or `unreachable`; `status` is
    the HTTP status, 0 where there was none.
    """

    def __init__(self, detail: str, kind: str, status: int = 0, request_id: str = "") -> None:
        super().__init__(detail)
        self.kind = kind
        self.status = status
        self.request_id = request_id


class Client(Operating):
    """Asks one API. May be used by several threads.

    A window is a number of business dates ending on data-through, or a `Window` with both ends included. `publication`
    pins the answer to one publication: where another serves by now, ApiError of kind `publication-gone` is raised.
    After `sign_in` the session is gone on with as long as the API lets it; then ApiError of kind `not-signed-in` is raised.
    """

    def __init__(self, url: str, token: str = "", timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        # trust_env: a proxy named in the environment is not the way to this machine.
        self._http = httpx2.Client(base_url=url, timeout=timeout_seconds, trust_env=False)
        self._token = token
        self._refresh_token = ""
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def sign_in(self, username: str, password: str) -> None:
        """Open a session. Raises ApiError of kind `sign-in-refused` or `too-many-tries`."""
        with self._lock:
            self._take_tokens({"grant_type": "password", "username": username, "password": password})

    def sign_out(self) -> None:
        """End the session, here and at the API."""
        self._json("POST", "/api/auth/sign-out/")
        self._token = self._refresh_token = ""

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
        question = {
            **_span(window),
            "metrics": list(metrics),
            "dimensions": list(dimensions),
            "filters": {name: list(values) for name, values in (filters or {}).items()},
            "order_by": order_by,
            "limit": limit,
            "after": after,
        }
        answer: Body[Table] = self._json("POST", "/api/analytics/query/", headers=_pinned(publication), json=question)
        return answer

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

    def members(
        self, *filters: str, search: str = "", limit: int = 100, publication: int | None = None
    ) -> Body[dict[str, MemberList]]:
        """What the filters may name."""
        asked: Asked = {"of": filters, "search": search, "limit": limit}
        answer: Body[dict[str, MemberList]] = self.answer("members", asked, publication)
        return answer

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

    def _json(self, method: str, path: str, headers: dict[str, str] | None = None, **parts: Any) -> Any:
        return self._answered(method, path, headers, **parts).json()

    def _answered(self, method: str, path: str, headers: dict[str, str] | None = None, **parts: Any) -> httpx2.Response:
        """A success; a token that has run out is replaced once."""
        token = self._token
        response = self._send(method, path, {**(headers or {}), **_bearer(token)}, **parts)
        if response.status_code == UNAUTHENTICATED and self._replaced(token):
            response = self._send(method, path, {**(headers or {}), **_bearer(self._token)}, **parts)
        if response.is_success:
            return response
        raise _error(response)

    def _send(self, method: str, path: str, headers: dict[str, str], **parts: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, headers=headers, **parts)
        except httpx2.HTTPError as error:
            reason = f"the API at {self._http.base_url} does not answer ({type(error).__name__})"
            raise ApiError(reason, UNREACHABLE) from error

    def _replaced(self, old: str) -> bool:
        """Whether there is another token than the old one; of several threads one asks for it, as it may be used once."""
        with self._lock:
            if self._token == old and self._refresh_token:
                try:
                    self._take_tokens({"grant_type": "refresh_token", "refresh_token": self._refresh_token})
                except ApiError:
                    self._refresh_token = ""
            return self._token != old

    def _take_tokens(self, form: dict[str, str]) -> None:
        response = self._send("POST", "/api/auth/token/", {}, data=form)
        if not response.is_success:
            raise _error(response)
        tokens = response.json()
        self._token, self._refresh_token = tokens["access_token"], tokens["refresh_token"]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _pinned(publication: int | None) -> dict[str, str]:
    return {} if publication is None else {"X-Data-Version": str(publication)}


def _page(limit: int, measure: str, after: int) -> Parameters:
    return {"limit": limit, "measure": measure, "after": after}


def _asked(window: Span, asked: Parameters, options: Options) -> tuple[Parameters, dict[str, str]]:
    """Parameters and headers of a question."""
    filters: Parameters = {name: list(values) for name, values in (options.get("filters") or {}).items()}
    compared: Parameters = {"comparison": options["comparison"]} if options.get("comparison") else {}
    return {**_span(window), **asked, **filters, **compared}, _pinned(options.get("publication"))


def _span(window: Span) -> Parameters:
    if isinstance(window, int):
        return {"days": window}
    return {"from": window.first.isoformat(), "until": window.last.isoformat()}


def _error(response: httpx2.Response) -> ApiError:
    try:
        problem = response.json()
        kind = str(problem["type"]).rpartition(":")[2]
        return ApiError(problem["detail"], kind, response.status_code, problem["request_id"])
    except (ValueError, KeyError, TypeError):
        return ApiError(f"the API answered {response.status_code} without a reason", "no-reason", response.status_code)
