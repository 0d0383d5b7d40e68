"""Every analytics endpoint on Redshift's stand-in and on DuckDB, over the same star: the same answers, cell by cell.

Requests are made of the routes and their OpenAPI parameters, so a new endpoint is compared without a word here; one with a path
parameter that nobody has heard of is a failure.
"""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import redshift_connector
from api_questions import asked_by_get
from fastapi import FastAPI
from fastapi.testclient import TestClient
from redshift_stand_in import BUCKET, ROLE
from signed_in import bearer
from small_star import described, tables, write_exports

from api.app import close, create_app, routes
from jobs_config.settings import Settings
from jobs_config.state import open_state
from warehouse.redshift.address import PASSWORD_VARIABLE
from warehouse.semantic import load_model
from warehouse.warehouses import open_warehouse

BASE = "http://127.0.0.1:8600"
MODEL = load_model()
WHOLE = {"from": "2024-01-01", "until": "2025-03-20"}
PLACES = {
    "country": "United Kingdom",
    "region": "London",
    "genre": "Fiction",
    "subgenre": "Crime",
    "isbn13": "9780000000004",
}
# What required parameters are asked with whose values are not listed.
SEARCHES = {"search": "THE s"}
SCOPE = (("region", "United Kingdom"), ("publisher", "Harbour House"))
# A question of one's own, asked by each dimension.
COUNTED = ["net_units", "net_revenue", "margin", "return_rate", "orders", "active_titles"]


@pytest.fixture(scope="module")
def on_redshift(gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The API over the small star in Redshift, chosen by settings alone."""
    gateway.wipe()
    folder = tmp_path_factory.mktemp("on_redshift")
    url = f"redshift://admin@127.0.0.1:{gateway.port}/analytics"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(PASSWORD_VARIABLE, gateway.passwords["admin"])
        warehouse = open_warehouse(Path(), url, f"s3://{BUCKET}/export", ROLE)
        warehouse.publish(write_exports(folder / "lake", tables()), described(1), {}, keep=2)
        app = create_app(open_state(folder / "state"), Settings(warehouse_url=url, api_requests_per_minute=0))
        yield app
        close(app)


Both = Callable[..., None]


@pytest.fixture(
    scope="module",
    params=[(), pytest.param(SCOPE, marks=pytest.mark.slow)],
    ids=["everything in sight", "narrowed"],
)
def both(request: Any, app: FastAPI, on_redshift: FastAPI) -> Iterator[Both]:
    """Asks both the same, as an analyst, and holds the answers against each other."""
    yield from compared(app, on_redshift, request.param)


@pytest.fixture(scope="module")
def both_narrowed(app: FastAPI, on_redshift: FastAPI) -> Iterator[Both]:
    """The same, as an analyst who may see a country's sales of one publisher."""
    yield from compared(app, on_redshift, SCOPE)


def compared(app: FastAPI, on_redshift: FastAPI, members: Any) -> Iterator[Both]:
    clients = [
        TestClient(each, base_url=BASE, headers=bearer(each.state.authority, "analyst", members))
        for each in (app, on_redshift)
    ]

    def ask(method: str, path: str, status: int = 200, **asked: Any) -> None:
        answers = [client.request(method, path, **asked) for client in clients]
        assert [answer.status_code for answer in answers] == [status, status], answers[1].text
        assert exact(answers[1]) == exact(answers[0]), (path, asked)

    yield ask
    for client in clients:
        client.close()


@pytest.fixture
def redshift_of(gateway: Any, on_redshift: FastAPI) -> Callable[[str], None]:
    """Changes the star past the warehouse."""

    def change(statement: str) -> None:
        connection = redshift_connector.connect(
            host="127.0.0.1", port=gateway.port, database="analytics", user="admin", ssl=False,
            password=gateway.passwords["admin"],
        )  # fmt: skip
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("select star from ops.publication")
        cursor.execute(statement.format(star=cursor.fetchone()[0]))
        connection.close()

    return change


def exact(answer: Any) -> Any:
    body = json.loads(answer.text, parse_float=Decimal)
    body.pop("request_id", None)
    return body


QUESTIONS = list(asked_by_get(PLACES, WHOLE, SEARCHES))
NAMES = [f"{path}?{urlencode(asked)}" for path, asked in QUESTIONS]


@pytest.mark.parametrize(("path", "parameters"), QUESTIONS, ids=NAMES)
def test_an_endpoint_answers_the_same_on_both(both: Both, path: str, parameters: dict[str, Any]) -> None:
    both("GET", path, params=parameters)


@pytest.mark.parametrize("dimension", MODEL.dimensions)
def test_a_question_of_ones_own_is_answered_the_same_by_any_dimension(both: Both, dimension: str) -> None:
    both("POST", "/api/analytics/query/", json={**WHOLE, "metrics": COUNTED, "dimensions": [dimension], "limit": 500})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("region", "London"), ("country", "Germany"), ("genre", "Fiction"), ("subgenre", "Crime"), ("channel", "Web shop"),
        ("format", "ebook"), ("source", "reseller_feed"), ("publisher", "Harbour House"), ("imprint", "Lantern Press"),
        ("store", "Munich, Isar"), ("author", "Rafael Quist"), ("book", "9780000000004"), ("book_id", 4),
    ],
)  # fmt: skip
def test_a_filter_narrows_both_alike(both: Both, name: str, value: Any) -> None:
    asked = {**WHOLE, "metrics": list(MODEL.metrics), "filters": {name: [value]}}
    both("POST", "/api/analytics/query/", json=asked)


def test_every_analytics_route_is_compared() -> None:
    compared = {path for path, _ in QUESTIONS}
    there = {
        route.path_format.format(**PLACES)
        for route in routes()
        if route.path.startswith("/api/analytics/") and "GET" in route.methods and route.path.endswith("/")
    }

    assert there == compared


def test_a_request_gives_its_connection_back(both: Both, on_redshift: FastAPI) -> None:
    for _ in range(2 * on_redshift.state.settings.api_warehouse_connections):
        both("GET", "/api/analytics/summary/", params=WHOLE)
        both("GET", "/api/analytics/summary/", 422, params={**WHOLE, "genre": "No such genre"})


@pytest.mark.parametrize("path", ["summary", "timeseries", "top-books", "sales-by-region", "sales-by-genre"])
def test_a_narrowed_account_sees_the_same_part_on_both(both_narrowed: Both, path: str) -> None:
    both_narrowed("GET", f"/api/analytics/{path}/", params=WHOLE)


def test_a_number_that_differs_is_found(both: Both, redshift_of: Callable[[str], None]) -> None:
    # The one answers who sees everything, the other who is narrowed by region and publisher at once.
    places = {"rollup_region_daily": "gross_revenue", "fact_sales": "gross_reporting_amount"}
    change = "update {{star}}.{} set {column} = {column} {by} where sale_date = '2025-03-19'"
    for table, column in places.items():
        redshift_of(change.format(table, column=column, by="+ 0.01"))

    with pytest.raises(AssertionError, match="summary"):
        both("GET", "/api/analytics/summary/", params={"from": "2025-03-19", "until": "2025-03-19"})

    for table, column in places.items():
        redshift_of(change.format(table, column=column, by="- 0.01"))


def test_the_servers_own_record_names_the_request(on_redshift: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    labels: list[str] = []
    warehouse = on_redshift.state.warehouse
    current = warehouse.current
    monkeypatch.setattr(warehouse, "current", lambda label="": labels.append(label) or current(label))

    with TestClient(on_redshift, base_url=BASE, headers=bearer(on_redshift.state.authority, "analyst")) as client:
        answer = client.get("/api/analytics/summary/", params=WHOLE, headers={"X-Request-ID": "seen-by-people"})

    assert answer.headers["X-Request-ID"] == "seen-by-people"
    assert set(labels) == {"request seen-by-people"}
