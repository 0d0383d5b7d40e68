"""A second PostgreSQL for tests that kill it, starve it of its port or break it."""

from collections.abc import Iterator

import pytest

from booksales.local_stack.postgres import EmbeddedPostgres
from jobs_config.state import StateFolder, open_state


@pytest.fixture(scope="module")
def rough_state(tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    return open_state(tmp_path_factory.mktemp("rough") / "booksales")


@pytest.fixture
def rough_postgres(rough_state: StateFolder) -> Iterator[EmbeddedPostgres]:
    """A running server; whatever a test does to it, the next one finds it running again."""
    server = EmbeddedPostgres(rough_state)
    server.start()
    yield server
    server.stop()
