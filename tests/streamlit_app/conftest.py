from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_api import live_api, token_of
from small_star import published_once
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import streamlit_app
from api.client import Client
from streamlit_app.address import URL_VARIABLE
from streamlit_app.door import COOKIE
from streamlit_app.sign_ins import SIGN_INS

SCRIPT = Path(streamlit_app.__file__).with_name("app.py")


@pytest.fixture(scope="session")
def star(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse folder of the small star."""
    return published_once(tmp_path_factory.getbasetemp() / "small_star")


@pytest.fixture(scope="session")
def api_url(star: Path) -> Iterator[str]:
    """The API over the small star, on a port of its own."""
    with live_api(star) as url:
        yield url


@pytest.fixture(scope="session")
def token(star: Path, api_url: str) -> str:
    """A viewer's access token for that API."""
    return token_of(star)


@pytest.fixture
def client(api_url: str, token: str) -> Iterator[Client]:
    """A viewer's client of that API."""
    with Client(api_url, token) as client:
        yield client


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The cookies that a page's browser has; AppTest itself knows of none."""
    kept: dict[str, str] = {}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda _: kept))
    return kept


@pytest.fixture
def open_page(token: str, cookies: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens a page (by default the first) over an API as a viewer who has signed in, with the parameters of a link."""

    def open_at(api: str, slug: str = "", token: str = token, **parameters: str | list[str]) -> AppTest:
        monkeypatch.setenv(URL_VARIABLE, api)
        page = AppTest.from_file(str(SCRIPT), default_timeout=20)
        if slug:
            # A page is known by the hash of its path; AppTest itself goes to pages in files of their own only.
            page._page_hash = calc_hash(slug)
        if token:
            cookies[COOKIE] = SIGN_INS.open(Client(api, token))
        for name, value in parameters.items():
            page.query_params[name] = value
        return page.run()

    return open_at
