from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_api import live_api, token_of
from small_star import published_once
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

import streamlit_app
from api.client import Client
from streamlit_app import session
from streamlit_app.address import URL_VARIABLE

SCRIPT = Path(streamlit_app.__file__).with_name("app.py")


@pytest.fixture(scope="session")
def api_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API over the small star, on a port of its own."""
    with live_api(published_once(tmp_path_factory.getbasetemp() / "small_star")) as url:
        yield url


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory, api_url: str) -> str:
    """A viewer's access token for that API."""
    return token_of(tmp_path_factory.getbasetemp() / "small_star" / "warehouse")


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
    """Opens the dashboard over an API as a viewer who has signed in, with the parameters of a link."""

    def open_at(api: str, token: str = token, **parameters: str) -> AppTest:
        monkeypatch.setenv(URL_VARIABLE, api)
        page = AppTest.from_file(str(SCRIPT), default_timeout=20)
        if token:
            page.session_state[session.KEY] = Client(api, token)
        for name, value in parameters.items():
            page.query_params[name] = value
        return page.run()

    return open_at
