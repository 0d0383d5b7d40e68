"""One connection with the API: a session with its tokens, renewed as long as the API lets it, and answers or their failure."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import httpx2

UNREACHABLE = "unreachable"
TIMEOUT_SECONDS = 30.0
UNAUTHENTICATED, BUSY = 401, 503
# Seconds before a busy server is asked again, each time longer.
BUSY_WAITS = (0.3, 0.6, 1.2, 2.4)


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


class Connection:
    """A session of one user, or of nobody. May be used by several threads.

    `renew` gives the token after one that was got elsewhere and is good no more; ApiError of status 401 where there will be none.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        timeout_seconds: float = TIMEOUT_SECONDS,
        busy_waits: Sequence[float] = BUSY_WAITS,
        renew: Callable[[], str] | None = None,
    ) -> None:
        # trust_env: a proxy named in the environment is not the way to this machine.
        self._http = httpx2.Client(base_url=url, timeout=timeout_seconds, trust_env=False)
        self._token = token
        self._refresh_token = ""
        self._renew = renew
        self._busy_waits = busy_waits
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
            self._token = self._granted({"grant_type": "password", "username": username, "password": password})
            self._renew = self._refreshed

    def sign_out(self) -> None:
        """End the session, here and at the API."""
        self._json("POST", "/api/auth/sign-out/")
        self.forget()

    def forget(self) -> None:
        """Have no token any more, nor a way to another; who asks from now on is nobody."""
        with self._lock:
            self._token = self._refresh_token = ""
            self._renew = None

    def _json(self, method: str, path: str, headers: dict[str, str] | None = None, **parts: Any) -> Any:
        return self._answered(method, path, headers, **parts).json()

    def _answered(self, method: str, path: str, headers: dict[str, str] | None = None, **parts: Any) -> httpx2.Response:
        """A success; a token that has run out is replaced once, and a server that is busy is asked again."""
        response = self._answered_once(method, path, headers or {}, **parts)
        for seconds in self._busy_waits:
            if response.status_code != BUSY or _error(response).kind != "busy":
                break
            # What is busy has begun nothing. Not all at the same moment again.
            time.sleep(seconds * random.uniform(0.5, 1.5))  # noqa: S311  nothing is secret about it
            response = self._answered_once(method, path, headers or {}, **parts)
        if response.is_success:
            return response
        raise _error(response)

    def _answered_once(self, method: str, path: str, headers: dict[str, str], **parts: Any) -> httpx2.Response:
        token = self._token
        response = self._send(method, path, {**headers, **_bearer(token)}, **parts)
        if response.status_code == UNAUTHENTICATED and self._replaced(token):
            response = self._send(method, path, {**headers, **_bearer(self._token)}, **parts)
        return response

    def _send(self, method: str, path: str, headers: dict[str, str], **parts: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, headers=headers, **parts)
        except httpx2.HTTPError as error:
            reason = f"the API at {self._http.base_url} does not answer ({type(error).__name__})"
            raise ApiError(reason, UNREACHABLE) from error

    def _replaced(self, old: str) -> bool:
        """Whether there is another token than the old one; of several threads one asks for it, as it may be used once."""
        with self._lock:
            if self._token == old and self._renew is not None:
                try:
                    self._token = self._renew()
                except ApiError as error:
                    if error.status != UNAUTHENTICATED:
                        raise
                    self._renew = None
            return self._token != old

    def _refreshed(self) -> str:
        return self._granted({"grant_type": "refresh_token", "refresh_token": self._refresh_token})

    def _granted(self, form: dict[str, str]) -> str:
        """The access token that the API grants; the refresh token beside it is kept."""
        response = self._send("POST", "/api/auth/token/", {}, data=form)
        if not response.is_success:
            raise _error(response)
        tokens = response.json()
        self._refresh_token = str(tokens["refresh_token"])
        return str(tokens["access_token"])


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _error(response: httpx2.Response) -> ApiError:
    try:
        problem = response.json()
        kind = str(problem["type"]).rpartition(":")[2]
        return ApiError(problem["detail"], kind, response.status_code, problem["request_id"])
    except (ValueError, KeyError, TypeError):
        return ApiError(f"the API answered {response.status_code} without a reason", "no-reason", response.status_code)
