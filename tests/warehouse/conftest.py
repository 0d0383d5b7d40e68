from pathlib import Path

import pytest
from small_star import published_once

from warehouse.duckdb_warehouse import DuckDBWarehouse, Generation


@pytest.fixture(scope="session")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    """The small star, published once for all tests that only read it."""
    return DuckDBWarehouse(published_once(tmp_path_factory.getbasetemp() / "small_star")).current()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse folder of the test's own, nothing published."""
    return tmp_path / "warehouse"
