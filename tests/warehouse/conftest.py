from pathlib import Path

import pytest
from small_star import published_once

from warehouse.embedded.reading import DuckDBReading
from warehouse.embedded.warehouse import EmbeddedWarehouse


@pytest.fixture(scope="session")
def generation(tmp_path_factory: pytest.TempPathFactory) -> DuckDBReading:
    """The small star, published once for all tests that only read it."""
    return EmbeddedWarehouse(published_once(tmp_path_factory.getbasetemp() / "small_star")).current()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse folder of the test's own, nothing published."""
    return tmp_path / "warehouse"
