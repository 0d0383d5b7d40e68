"""A warehouse that does not answer in time: 504 for those who ask, and nobody else notices."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from signed_in import bearer
from small_star import publish_star

from api.app import close, create_app
from jobs_config.settings import Settings
from warehouse.embedded.generations import generation_file
from warehouse.embedded.reading import DuckDBReading

BASE = "http://127.0.0.1:8600"
SUMMARY = "/api/analytics/summary/"
WITHOUT_END = "select sum(a.quantity) from analytics.fact_sales a, analytics.fact_sales b, analytics.fact_sales c"
SECONDS = 0.5


class Slow(DuckDBReading):
    """Takes too long over every question but that for books."""

    def rows(self, sql, parameters=None):
        is_quick = "isbn13" in sql or "ops.publication" in sql
        return super().rows(sql, parameters) if is_quick else super().rows(WITHOUT_END)


class SlowWarehouse:
    def __init__(self, path):
        self._generation = Slow(path, SECONDS)

    def current(self, label=""):
        return self._generation

    def close(self):
        """It keeps nothing of its own."""


@pytest.fixture
def slow(own_state, tmp_path):
    """An API over a warehouse that takes too long."""
    publish_star(own_state.warehouse, tmp_path / "lake")
    app = create_app(own_state, Settings(api_requests_per_minute=0))
    app.state.warehouse = SlowWarehouse(generation_file(own_state.warehouse, 1))
    with TestClient(app, base_url=BASE, headers=bearer(app.state.authority), raise_server_exceptions=False) as client:
        yield client
    close(app)


def test_a_question_that_takes_too_long_is_504_and_says_what_would_do(slow):
    answer = slow.get(SUMMARY)

    assert answer.status_code == 504
    assert answer.json()["type"] == "urn:booksales:problem:took-too-long"
    assert answer.json()["detail"] == "the question took longer than 0.5 s and was ended; ask for less at once"


def test_what_took_too_long_is_not_kept(slow):
    assert [slow.get(SUMMARY).status_code for _ in range(2)] == [504, 504]


def test_under_load_everybody_has_an_answer_in_time_and_health_goes_on(slow):
    def ask(number):
        began = time.monotonic()
        return slow.get(SUMMARY, params={"days": number + 1}).status_code, time.monotonic() - began

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, number) for number in range(8)]
        time.sleep(0.2)
        began = time.monotonic()
        health = slow.get("/healthz").status_code
        waited = time.monotonic() - began
        answers = [answer.result() for answer in asked]

    assert {status for status, _ in answers} == {504}
    assert (health, waited < max(seconds for _, seconds in answers) < SECONDS + 5) == (200, True)
