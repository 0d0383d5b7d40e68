"""The driver of dashboard sessions, with few of them: it measures pages that were really drawn."""

import pytest
from live_dashboard import CHROMIUM
from signed_in import account, authority
from small_star import published_once

from bench.dashboard_sessions import measure
from jobs_config.state import StateFolder

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.slow
def test_every_session_draws_its_pages_and_their_times_are_told(tmp_path, monkeypatch):
    home = published_once(tmp_path / "booksales").parent
    monkeypatch.setenv("BOOKSALES_HOME", str(home))
    people = authority(StateFolder(home))
    account(people, "admin")
    people.engine.dispose()

    browsers = 0 if CHROMIUM is None else 1

    told = measure(home, sessions=2, browsers=browsers, think=0.1, changes=2, rounds=1, seed=7)

    (only,) = told["rounds"]
    assert (only["connect_ms"]["count"], only["change_ms"]["count"]) == (2, 4)
    assert 0 < only["change_ms"]["p50"] <= only["change_ms"]["p95"] <= only["change_ms"]["longest"]
    assert only["kilobytes_per_session"] > 20
    assert only["memory_mb"]["dashboard"] > 50
    if browsers:
        assert (only["first_paint_ms"]["count"], only["paint_ms"]["count"]) == (1, 2)
        assert only["paint_ms"]["p50"] > 30
