from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from live_api import live_api
from small_star import published_once

from api.app import create_app
from warehouse.duckdb_warehouse import DuckDBWarehouse, Generation

BASE = "http://127.0.0.1:8600"


@pytest.fixture(scope="session")
def star(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse folder of the small star, published once for all tests that only read it."""
    return published_once(tmp_path_factory.getbasetemp() / "small_star")


@pytest.fixture(scope="session")
def generation(star: Path) -> Generation:
    return DuckDBWarehouse(star).current()


@pytest.fixture(scope="session")
def api(star: Path) -> TestClient:
    """The API over the small star."""
    return TestClient(create_app(star), base_url=BASE)


@pytest.fixture(scope="session")
def url(star: Path) -> Iterator[str]:
    """The address of a real server over the small star."""
    with live_api(star) as url:
        yield url


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse folder of the test's own, nothing published."""
    return tmp_path / "warehouse"


@pytest.fixture
def own_api(warehouse: Path) -> TestClient:
    """The API over the test's own warehouse."""
    return TestClient(create_app(warehouse), base_url=BASE)
