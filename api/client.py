"""The typed client of the API, for the dashboard and for users; needs httpx2, neither FastAPI nor a database.

with Client("http://127.0.0.1:8600") as client:
    client.sign_in("ana", password)
    print(client.summary(30)["data"]["current"]["net_revenue"])
"""

import threading
from types import TracebackType
from typing import Any, Literal, Self

import httpx2

from api.shapes import (
    Body,
    BookRow,
    Bucket,
    GenreRow,
    Me,
    Meta,
    Published,
    Ranking,
    RegionRow,
    Summary,
    SummaryMetrics,
    Timeseries,
)
from api.windows import Interval, Window

__all__ = [
    "ApiError",
    "Body",
    "BookRow",
    "Bucket",
    "Client",
    "GenreRow",
    "Interval",
    "Me",
    "Measure",
    "Meta",
    "Published",
    "Ranking",
    "RegionRow",
    "Summary",
    "SummaryMetrics",
    "Timeseries",
    "Window",
]

Measure = Literal["net_revenue", "net_units"]
Span = Window | int
Parameters = dict[str, str | int | list[str]]

DEFAULT_METRICS = ("net_revenue", "net_units", "gross_revenue", "return_units", "orders")
UNREACHABLE = "unreachable"
TIMEOUT_SECONDS = 30.0
UNAUTHENTICATED = 401


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


class Client:
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

    def summary(self, window: Span, previous: bool = False, publication: int | None = None) -> Body[Summary]:
        """Every metric in sight over the window, and with `previous` over the equally long window before it."""
        asked: Parameters = {"comparison": "previous_period"} if previous else {}
        answer: Body[Summary] = self._analytics("summary", window, asked, publication)
        return answer

    def timeseries(
        self,
        window: Span,
        interval: Interval = "day",
        metrics: tuple[str, ...] = DEFAULT_METRICS,
        publication: int | None = None,
    ) -> Body[Timeseries]:
        """Metrics by bucket, buckets without a sale included."""
        answer: Body[Timeseries] = self._analytics(
            "timeseries", window, {"interval": interval, "metrics": list(metrics)}, publication
        )
        return answer

    def top_books(
        self, window: Span, limit: int = 10, measure: Measure = "net_revenue", publication: int | None = None
    ) -> Body[Ranking[BookRow]]:
        """The books that sold most."""
        answer: Body[Ranking[BookRow]] = self._analytics(
            "top-books", window, {"limit": limit, "measure": measure}, publication
        )
        return answer

    def sales_by_region(
        self, window: Span, limit: int = 10, measure: Measure = "net_revenue", publication: int | None = None
    ) -> Body[Ranking[RegionRow]]:
        """Sales by region of the store."""
        answer: Body[Ranking[RegionRow]] = self._analytics(
            "sales-by-region", window, {"limit": limit, "measure": measure}, publication
        )
        return answer

    def sales_by_genre(
        self,
        window: Span,
        limit: int = 10,
        measure: Measure = "net_revenue",
        level: Literal["genre", "subgenre"] = "genre",
        publication: int | None = None,
    ) -> Body[Ranking[GenreRow]]:
        """Sales by genre, or by genre and subgenre."""
        asked: Parameters = {"limit": limit, "measure": measure, "level": level}
        answer: Body[Ranking[GenreRow]] = self._analytics("sales-by-genre", window, asked, publication)
        return answer

    def _analytics(self, name: str, window: Span, asked: Parameters, publication: int | None) -> Any:
        headers = {} if publication is None else {"X-Data-Version": str(publication)}
        return self._json("GET", f"/api/analytics/{name}/", params={**_span(window), **asked}, headers=headers)

    def _json(self, method: str, path: str, headers: dict[str, str] | None = None, **parts: Any) -> Any:
        """The body of a success; a token that has run out is replaced once."""
        token = self._token
        response = self._send(method, path, {**(headers or {}), **_bearer(token)}, **parts)
        if response.status_code == UNAUTHENTICATED and self._replaced(token):
            response = self._send(method, path, {**(headers or {}), **_bearer(self._token)}, **parts)
        if response.is_success:
            return response.json()
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
