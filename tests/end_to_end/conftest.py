"""What the journeys in a browser share."""

from collections.abc import Iterator

import pytest
from live_dashboard import chromium
from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser
