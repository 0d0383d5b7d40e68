from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_api import live_api
from small_star import published_once
from streamlit.testing.v1 import AppTest

import streamlit_app
from streamlit_app.address import URL_VARIABLE

SCRIPT = Path(streamlit_app.__file__).with_name("app.py")


@pytest.fixture(scope="session")
def api_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API over the small star, on a port of its own."""
    with live_api(published_once(tmp_path_factory.getbasetemp() / "small_star")) as url:
        yield url


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens the dashboard over an API, with the parameters of a link."""

    def open_at(api: str, **parameters: str) -> AppTest:
        monkeypatch.setenv(URL_VARIABLE, api)
        page = AppTest.from_file(str(SCRIPT), default_timeout=20)
        for name, value in parameters.items():
            page.query_params[name] = value
        return page.run()

    return open_at
