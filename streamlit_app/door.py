"""The way in: a plain page to sign in, the cookie it sets, and the way there for whoever asks for a page without one."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from string import Template
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.client import ApiError, Client
from streamlit_app.address import api_url
from streamlit_app.company import BACK, PATIENCE_SECONDS, IssuedTokens, IssuerError, company_sign_in
from streamlit_app.sign_ins import IDLE_SECONDS, SIGN_INS

PATH = "/sign-in"
TO_COMPANY = "/sign-in/company"
COOKIE = "booksales_sign_in"
OF_THIS_HOST = "__Host-"
COOKIES = (f"{OF_THIS_HOST}{COOKIE}", COOKIE)
HOME = "/"
LONGEST_FORM, LONGEST_TARGET = 32_000, 8_000
NOT_A_PAGE = ("/_stcore/", "/static/", "/media/", "/component/")
REFUSED = (401, 422, 429)
UNKNOWN = 401

PAGE = Template(Path(__file__).with_name("sign_in.html").read_text())
REASONS = {
    "unreachable": "The API cannot be reached. Start it with “booksales serve”, then try again.",
    "not-set-up": "Nobody can sign in yet. Make the first account with “booksales users add NAME --role admin”.",
}
ENDED = "You are signed out."
NOT_LET_IN = (
    "The company's issuer knows you, but the API does not take its token: none of your groups has a role here, or its name, "
    "audience or lifetime are not as the API wants them. The API's audit says which; ask whoever runs this dashboard."
)
ISSUER_THREADS = CapacityLimiter(8)

Found = TypeVar("Found")


def routes() -> list[Route]:
    """What the dashboard answers beside its pages."""
    return [
        Route(PATH, ask, methods=["GET"]),
        Route(PATH, sign_in, methods=["POST"]),
        Route(TO_COMPANY, to_company, methods=["GET"]),
        Route(BACK, from_company, methods=["GET"]),
    ]


async def ask(request: Request) -> Response:
    """The form; whoever has signed in already goes on to where they wanted."""
    target = own_path(request.query_params.get("next", ""))
    if is_signed_in(request):
        return RedirectResponse(target, 303)
    return _form(target, ENDED if "ended" in request.query_params else "")


async def sign_in(request: Request) -> Response:
    """Sign in at the API. A new id each time: one that was known before is never made good."""
    if not is_sent_from_here(request):
        return PlainTextResponse("this form is sent by its own page only", 403)
    fields = await _fields(request)
    if fields is None:
        return PlainTextResponse("the form is too long", 413)
    target, client = own_path(fields.get("next", "")), Client(api_url())
    try:
        await run_in_threadpool(client.sign_in, fields.get("username", ""), fields.get("password", ""))
    except ApiError as error:
        client.close()
        reason = f"You are not signed in: {error}" if error.status in REFUSED else REASONS.get(error.kind, str(error))
        return _form(target, reason, fields.get("username", ""), 401)
    return await run_in_threadpool(_signed_in, request, target, client)


async def to_company(request: Request) -> Response:
    """On to the company's own issuer, with what shows on the way back that it was this browser."""
    target, company = own_path(request.query_params.get("next", "")), company_sign_in()
    if company is None:
        return PlainTextResponse("this dashboard knows no issuer: its setting is oidc_client_id", 404)
    if is_signed_in(request):
        return RedirectResponse(target, 303)
    try:
        begun = await _aside(company.begin, target, str(request.base_url).rstrip("/"))
    except IssuerError as error:
        return _form(target, str(error), status=502)
    response = RedirectResponse(begun.address, 303, {"Cache-Control": "no-store"})
    _set_cookie(request, response, begun.sealed, _begun_cookie(begun.state), PATIENCE_SECONDS)
    return response


async def from_company(request: Request) -> Response:
    """Back from the issuer: signed in, where the browser is the one that went there and the API knows the reader."""
    company, asked = company_sign_in(), request.query_params
    state = asked.get("state", "")
    sealed = request.cookies.get(_named(request, _begun_cookie(state)), "")
    if company is None or not sealed:
        return _form(HOME, "That sign-in was not begun here. Please begin anew.", status=403)
    if "error" in asked:
        return _form(HOME, f"The company's issuer did not let you in: {asked['error'][:80]}", status=403)
    try:
        tokens, target = await _aside(company.finish, sealed, state, asked.get("code", ""))
        response = await _aside(_let_in, request, tokens, target)
    except IssuerError as error:
        response = _form(HOME, str(error), status=502)
    # As it was set: what deletes a cookie of this very host has to be secure too.
    _set_cookie(request, response, "", _begun_cookie(state), 0)
    return response


def _let_in(request: Request, tokens: IssuedTokens, target: str) -> Response:
    """The way on for a reader whom the API knows by the issuer's token."""
    try:
        with Client(api_url(), tokens.access) as asking:
            asking.me()
    except ApiError as error:
        with suppress(ApiError):
            tokens.revoke()
        said = NOT_LET_IN if error.status == UNKNOWN else REASONS.get(error.kind, str(error))
        return _form(target, said, status=error.status or 502)
    client = Client(api_url(), tokens.access, renew=tokens.renew)

    def end() -> None:
        # First here, so that nobody renews what is taken back.
        client.forget()
        tokens.revoke()

    return _signed_in(request, target, client, end)


def _signed_in(request: Request, target: str, client: Client, end: Callable[[], None] | None = None) -> Response:
    """The way on, with a new id: one that was known before is never made good, and whoever it was of is signed out."""
    if before := SIGN_INS.find(request.cookies.get(_named(request, COOKIE), "")):
        SIGN_INS.end(before)
    response = RedirectResponse(target, 303)
    _set_cookie(request, response, SIGN_INS.open(client, end))
    return response


async def _aside(function: Callable[..., Found], *given: Any) -> Found:
    """Run what waits for the issuer in threads of its own, so that one that is slow holds up nobody who signs in by the form."""
    return await to_thread.run_sync(function, *given, limiter=ISSUER_THREADS)


def is_signed_in(request: HTTPConnection) -> bool:
    """Whether the request's cookie is of somebody who has signed in here."""
    return SIGN_INS.find(request.cookies.get(_named(request, COOKIE), "")) is not None


def own_path(target: str) -> str:
    """A path of this dashboard, with its parameters; for anything that could lead elsewhere the first page."""
    is_own = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_own and len(target) <= LONGEST_TARGET else HOME


def is_sent_from_here(request: Request) -> bool:
    """Whether a form came from a page of this very server; another's would sign a reader in as somebody else."""
    origin = urlsplit(request.headers.get("origin", "")).netloc
    return origin != "" and origin == request.headers.get("host")


class Door:
    """Sends whoever asks for a page without having signed in to sign in first, and back; a page renews the cookie's time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_page(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if not is_signed_in(request):
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            response = RedirectResponse(f"{PATH}?{urlencode({'next': wanted})}", 303, {"Cache-Control": "no-store"})
            await response(scope, receive, send)
            return

        async def send_and_renew(message: Message) -> None:
            if message["type"] == "http.response.start":
                renewed = Response()
                _set_cookie(request, renewed, request.cookies[_named(request, COOKIE)])
                message["headers"] = [*message["headers"], *_cookies_of(renewed)]
            await send(message)

        await self._app(scope, receive, send_and_renew)


def _is_page(scope: Scope) -> bool:
    accepts = Request(scope).headers.get("accept", "")
    path = scope["path"]
    is_the_way_in = path in (PATH, TO_COMPANY, BACK)
    return scope["method"] == "GET" and "text/html" in accepts and not (is_the_way_in or path.startswith(NOT_A_PAGE))


def _set_cookie(
    request: Request, response: Response, value: str, name: str = COOKIE, seconds: int = IDLE_SECONDS
) -> None:
    # Lax, not strict: a link in a mail is to open for whoever has signed in. What changes something is asked for by
    # the page's websocket or by the form above, and both are refused to other pages.
    response.set_cookie(
        _named(request, name),
        value,
        max_age=seconds,
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",
    )


def _named(request: HTTPConnection, name: str) -> str:
    """The cookie's name: behind TLS one that browsers take from this very host alone, and not from one beside it."""
    return f"{OF_THIS_HOST}{name}" if request.url.scheme in ("https", "wss") else name


def _begun_cookie(state: str) -> str:
    """One for each sign-in that has begun: several tabs may be on their way at once."""
    return f"{COOKIE}_{hashlib.sha256(state.encode()).hexdigest()[:12]}"


def _cookies_of(response: Response) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in response.raw_headers if name == b"set-cookie"]


async def _fields(request: Request) -> dict[str, str] | None:
    """The fields of a form, each once; None for a body that no such form has."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return None
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _form(target: str, said: str, username: str = "", status: int = 200) -> Response:
    shown = {
        "target": target,
        "said": said,
        "username": username,
        "said_hidden": "" if said else "hidden",
        "to_company": f"{TO_COMPANY}?{urlencode({'next': target})}",
        "company_hidden": "" if company_sign_in() else "hidden",
    }
    page = PAGE.substitute({name: escape(value) for name, value in shown.items()})
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})
