import json

import pytest
from small_star import LAST_DAY, publish_star, tables

from api.app import routes
from warehouse.embedded.publishing import roll_back

SUMMARY = "/api/analytics/summary/"
ROWS = tables()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8600", "LOCALHOST", "[::1]:8600"])
def test_requests_for_this_machine_are_answered(api, host):
    assert api.get("/healthz", headers={"Host": host}).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5:8600", ""]
)
def test_a_foreign_host_is_refused_on_every_path(api, host):
    for path in (SUMMARY, "/healthz", "/nothing"):
        answer = api.get(path, headers={"Host": host})
        assert answer.status_code == 421
        assert answer.json()["type"] == "urn:booksales:problem:foreign-host"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example:8601", "file://"])
def test_a_page_of_another_site_is_refused(api, origin):
    answer = api.get(SUMMARY, headers={"Origin": origin})

    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:booksales:problem:foreign-origin"
    assert "access-control-allow-origin" not in answer.headers


def test_a_page_of_this_machine_may_ask(api):
    assert api.get(SUMMARY, headers={"Origin": "http://127.0.0.1:8601"}).status_code == 200


def test_a_callers_request_id_comes_back_and_an_unfit_one_is_replaced(api):
    assert api.get("/healthz", headers={"X-Request-ID": "page-7.a_b"}).headers["X-Request-ID"] == "page-7.a_b"
    for unfit in ("a" * 65, "two words", "x;y"):
        given = api.get("/healthz", headers={"X-Request-ID": unfit}).headers["X-Request-ID"]
        assert given != unfit
        assert len(given) == 32


@pytest.mark.parametrize("path", ["/healthz", SUMMARY, "/nothing", f"{SUMMARY}?days=x"])
def test_every_response_carries_safe_headers(api, path):
    headers = api.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == ("private, no-cache" if path == SUMMARY else "no-store")
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_ready_says_what_was_looked_at_and_no_more(nobody):
    answer = nobody.get("/readyz")

    checks = {"warehouse": "ok", "accounts": "ok", "keys": "ok", "administrator": "ok"}
    assert answer.json() == {"status": "ready", "checks": checks}


def test_the_publication_that_serves_tells_its_days(api):
    answer = api.get("/api/publication/")

    assert answer.headers["X-Data-Version"] == "1"
    assert answer.json() == {
        "publication": 1,
        "loaded_at": "2025-03-21T06:30:00+00:00",
        "data_from": "2024-01-01",
        "data_through": "2025-03-20",
        "currency": "USD",
        "time_zone": "UTC",
        "retail_week_start": "sunday",
    }


def test_a_new_publication_is_served_without_a_restart(own_api, warehouse, tmp_path):
    assert own_api.get(SUMMARY).status_code == 503

    publish_star(warehouse, tmp_path / "lake", {**ROWS, "fact_sales": ROWS["fact_sales"][:50]})
    first = own_api.get(SUMMARY, params={"from": "2024-01-01", "until": "2025-12-31"})
    publish_star(warehouse, tmp_path / "lake", {**ROWS, "fact_sales": ROWS["fact_sales"][:90]}, run_seq=2)
    second = own_api.get(SUMMARY, params={"from": "2024-01-01", "until": "2025-12-31"})
    pinned = own_api.get(SUMMARY, params={"from": "2024-01-01", "until": "2025-12-31"}, headers={"X-Data-Version": "1"})

    assert (first.headers["X-Data-Version"], second.headers["X-Data-Version"]) == ("1", "2")
    assert second.json()["data"]["current"]["gross_units"] > first.json()["data"]["current"]["gross_units"]
    assert (pinned.headers["X-Data-Version"], pinned.json()["data"]) == ("1", first.json()["data"])


def test_a_publication_that_is_dropped_or_taken_back_is_gone(own_api, warehouse, tmp_path):
    for run_seq in (1, 2, 3):
        publish_star(warehouse, tmp_path / "lake", ROWS, run_seq=run_seq)

    def status(publication):
        return own_api.get(SUMMARY, headers={"X-Data-Version": str(publication)}).status_code

    before = [status(number) for number in (1, 2, 3, 4)]
    roll_back(warehouse, 2)
    taken_back = [status(number) for number in (1, 2, 3)]

    assert before == [410, 200, 200, 410]
    assert taken_back == [410, 200, 410]


def test_a_publication_without_a_sale_is_answered_from_the_day_before_its_snapshot(own_api, warehouse, tmp_path):
    publish_star(warehouse, tmp_path / "lake", {**ROWS, "fact_sales": []})

    body = own_api.get(SUMMARY, params={"comparison": "previous_period"}).json()

    assert body["meta"]["until"] == LAST_DAY.isoformat()
    assert body["meta"]["data_through"] is None
    assert body["meta"]["is_complete"] is False
    assert body["data"]["current"]["net_revenue"] == 0


def test_a_request_leaves_one_line_in_the_log(api, caplog):
    with caplog.at_level("INFO", logger="api.middleware"):
        api.get(SUMMARY, headers={"X-Request-ID": "one-line"})

    (line,) = [record for record in caplog.records if getattr(record, "fields", {}).get("request_id") == "one-line"]
    assert line.message == "api.request"
    assert {"method": "GET", "path": SUMMARY, "status": 200}.items() <= line.fields.items()


def test_the_openapi_document_names_every_route_and_its_failures(api):
    document = api.get("/openapi.json").json()

    assert set(document["paths"]) == {route.path_format for route in routes() if route.include_in_schema}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                is_failure = int(status) >= 400
                assert set(response["content"]) == {"application/problem+json" if is_failure else "application/json"}, (
                    path,
                    status,
                )
    assert document["paths"]["/api/analytics/top-books/"]["get"]["operationId"] == "top_books"
    assert "HTTPValidationError" not in json.dumps(document["paths"])


def test_the_openapi_document_says_which_routes_need_a_token(api):
    paths = api.get("/openapi.json").json()["paths"]

    open_paths = {path for path, operations in paths.items() for one in operations.values() if "security" not in one}
    assert open_paths == {"/healthz", "/readyz", "/.well-known/jwks.json", "/api/auth/token/", "/api/auth/setup/"}
