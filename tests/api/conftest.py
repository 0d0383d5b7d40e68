from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from live_api import live_api, token_of
from signed_in import Members, bearer
from small_star import published_once

from api.app import close, create_app
from api.auth.authority import Authority, open_authority
from jobs_config.settings import Settings
from jobs_config.state import StateFolder, open_state
from warehouse.embedded.reading import DuckDBReading
from warehouse.embedded.warehouse import EmbeddedWarehouse

BASE = "http://127.0.0.1:8600"


@pytest.fixture(scope="session")
def star(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse folder of the small star, published once for all tests that only read it."""
    return published_once(tmp_path_factory.getbasetemp() / "small_star")


@pytest.fixture(scope="session")
def generation(star: Path) -> DuckDBReading:
    return EmbeddedWarehouse(star).current()


@pytest.fixture(scope="session")
def app(star: Path) -> Iterator[FastAPI]:
    """The API over the small star."""
    app = create_app(StateFolder(star.parent), Settings(api_requests_per_minute=0))
    yield app
    close(app)


@pytest.fixture(scope="session")
def asked_by(app: FastAPI) -> Iterator[Callable[..., TestClient]]:
    """The API as somebody of a role and scope asks it."""
    with ExitStack() as clients:

        def ask(role: str, members: Members = ()) -> TestClient:
            client = TestClient(app, base_url=BASE, headers=bearer(app.state.authority, role, members))
            # Entered, its requests share one event loop instead of making a thread each.
            return clients.enter_context(client)

        yield ask


@pytest.fixture(scope="session")
def api(asked_by: Callable[..., TestClient]) -> TestClient:
    """The API over the small star, asked by a viewer."""
    return asked_by("viewer")


@pytest.fixture(scope="session")
def nobody(app: FastAPI) -> Iterator[TestClient]:
    """The API asked without a token."""
    with TestClient(app, base_url=BASE) as client:
        yield client


@pytest.fixture(scope="session")
def url(star: Path) -> Iterator[str]:
    """The address of a real server over the small star."""
    with live_api(star) as url:
        yield url


@pytest.fixture(scope="session")
def token(star: Path, url: str) -> str:
    """A viewer's access token for that server."""
    return token_of(star)


@pytest.fixture
def own_state(tmp_path: Path) -> StateFolder:
    """A state folder of the test's own, nothing published, nobody there."""
    return open_state(tmp_path / "booksales")


@pytest.fixture
def warehouse(own_state: StateFolder) -> Path:
    """The warehouse folder of the test's own, nothing published."""
    return own_state.warehouse


@pytest.fixture
def own_app(own_state: StateFolder) -> Iterator[FastAPI]:
    app = create_app(own_state)
    yield app
    close(app)


@pytest.fixture
def authority(own_state: StateFolder) -> Iterator[Authority]:
    """Who may come into the test's own API, as another process has it."""
    authority = open_authority(own_state, Settings())
    yield authority
    authority.engine.dispose()


@pytest.fixture
def own_api(own_app: FastAPI, authority: Authority) -> TestClient:
    """The API over the test's own warehouse, asked by a viewer."""
    return TestClient(own_app, base_url=BASE, headers=bearer(authority))


@pytest.fixture
def empty_api(own_app: FastAPI) -> TestClient:
    """The API over the test's own warehouse, where nobody has an account yet."""
    return TestClient(own_app, base_url=BASE)
