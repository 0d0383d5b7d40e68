import pytest
from pydantic import TypeAdapter

from api.shapes.bodies import Problem
from warehouse.permissions import load_permissions
from warehouse.semantic import load_model

SUMMARY = "/api/analytics/summary/"
SERIES = "/api/analytics/timeseries/"


def refused(answer, status, kind):
    """The problem of a refused request, its shape checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = TypeAdapter(Problem).validate_python(answer.json(), strict=True, extra="forbid")
    assert problem["type"] == f"urn:booksales:problem:{kind}"
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    return problem


@pytest.mark.parametrize(
    ("query", "parameter", "message"),
    [
        ("days=soon", "days", "valid integer"),
        ("days=0", "days", "greater than or equal to 1"),
        ("days=36526", "days", "less than or equal to 36525"),
        ("start=2024-01-01", "start", "Extra inputs are not permitted"),
        ("from=2024-01-01", "parameters", "give from and until together"),
        ("until=2024-01-01", "parameters", "give from and until together"),
        ("from=2024-02-01&until=2024-01-31", "parameters", "until is before from"),
        ("days=7&from=2024-01-01&until=2024-01-31", "parameters", "give either days, or from and until"),
        ("from=20240101&until=20240131", "from", "should be a date, YYYY-MM-DD"),
        ("from=2024-02-30&until=2024-03-01", "from", "valid date"),
        ("from=1066-10-14&until=2024-03-01", "from", "from 1900-01-01 to 2999-12-31"),
        ("from=1900-01-01&until=2999-12-31", "parameters", "at most 36525 days"),
        ("comparison=last_year", "comparison", "'52_weeks' or 'year'"),
        ("days=7&days=30", "days", "given more than once"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(api, query, parameter, message):
    problem = refused(api.get(f"{SUMMARY}?{query}"), 422, "invalid-parameters")

    fault = problem["errors"][0]
    assert fault["parameter"] == parameter
    assert message in fault["message"]
    assert message in problem["detail"]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        (f"{SERIES}?interval=hour", "interval"),
        (f"{SERIES}?metrics=profit", "metrics.0"),
        (f"{SERIES}?metrics=customers", "metrics.0"),
        (f"{SERIES}?interval=day&days=9000", "parameters"),
        ("/api/analytics/top-books/?limit=0", "limit"),
        ("/api/analytics/top-books/?limit=1001", "limit"),
        ("/api/analytics/top-books/?measure=average_selling_price", "measure"),
        ("/api/analytics/sales-by-genre/?level=shelf", "level"),
        ("/api/analytics/sales-by-region/?level=genre", "level"),
    ],
)
def test_each_endpoint_takes_only_its_own_parameters(api, path, parameter):
    assert refused(api.get(path), 422, "invalid-parameters")["errors"][0]["parameter"] == parameter


def test_every_fault_of_a_request_is_named_at_once(api):
    problem = refused(api.get(f"{SUMMARY}?days=x&colour=blue"), 422, "invalid-parameters")

    assert [fault["parameter"] for fault in problem["errors"]] == ["days", "colour"]


@pytest.mark.parametrize(
    ("query", "parameter", "said"),
    [
        ("region=Atlantis", "region", "no region Atlantis; there are Bavaria, London"),
        ("country=Germany&region=Bavaria&region=Hesse", "region", "no region Hesse"),
        ("book=9780000000099", "book", "no book 9780000000099"),
        ("book=978", "book.0", "match pattern"),
        ("author=Nobody", "author", "no author Nobody"),
        ("channel=' or 1=1 --", "channel", "no channel ' or 1=1 --"),
        ("region=", "region.0", "at least 1 character"),
        ("&".join(["format=ebook"] * 51), "format", "at most 50"),
    ],
)
def test_a_filter_by_what_is_not_there_is_refused_with_what_there_is(api, query, parameter, said):
    problem = refused(api.get(f"{SUMMARY}?{query}"), 422, "invalid-parameters")

    assert problem["errors"][0]["parameter"] == parameter
    assert said in problem["errors"][0]["message"]


def test_every_other_metric_but_customers_can_be_asked_for(api):
    open_metrics = set(load_permissions().metrics_of("viewer", load_model())) - {"customers"}

    answer = api.get(SERIES, params={"metrics": sorted(open_metrics), "days": 1})

    assert set(answer.json()["data"]["buckets"][0]["metrics"]) == open_metrics


def test_every_analytics_endpoint_is_one_that_the_matrix_opens_to_viewers(api):
    paths = api.get("/openapi.json").json()["paths"]
    names = {
        path.split("/")[3].replace("books", "book").replace("top-book", "top-books")
        for path in paths
        if path.startswith("/api/analytics/")
    }

    assert names - {"query", "sql", "generate-test-data"} <= load_permissions().endpoints_of("viewer")


def test_a_path_that_is_not_there_is_a_problem(api):
    assert refused(api.get("/api/analytics/profits/"), 404, "not-found")["instance"] == "/api/analytics/profits/"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_method_that_does_not_belong_is_a_problem(api, method):
    answer = api.request(method, SUMMARY)

    refused(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET"


def test_a_publication_that_is_not_kept_is_gone(api):
    problem = refused(api.get(SUMMARY, headers={"X-Data-Version": "99"}), 410, "publication-gone")

    assert problem["detail"] == "publication 99 is not kept; ask again without X-Data-Version"


def test_a_data_version_that_is_no_number_is_refused(api):
    problem = refused(api.get(SUMMARY, headers={"X-Data-Version": "latest"}), 422, "invalid-parameters")

    assert problem["errors"][0]["parameter"] == "X-Data-Version"


@pytest.mark.parametrize("path", [SUMMARY, SERIES, "/readyz"])
def test_before_the_first_publication_callers_are_told_to_come_back(own_api, path):
    answer = own_api.get(path)

    problem = refused(answer, 503, "not-published")
    assert answer.headers["Retry-After"] == "30"
    assert "booksales reload" in problem["detail"]
    assert "warehouse" not in problem["detail"]


@pytest.mark.parametrize("path", [SUMMARY, "/api/publication/", "/readyz"])
def test_a_publication_that_cannot_be_read_is_503_and_says_what_would_do(own_api, warehouse, caplog, path):
    (warehouse / "CURRENT").write_text('{"generation": 7, "run_seq": 1}')

    with caplog.at_level("INFO"):
        answer = own_api.get(path)

    problem = refused(answer, 503, "publication-damaged")
    assert answer.headers["Retry-After"] == "30"
    assert "`booksales rollback`" in problem["detail"]
    assert str(warehouse) not in answer.text
    assert "wh.000007.duckdb" in str([record.__dict__ for record in caplog.records])


def test_a_failure_inside_says_nothing_of_the_inside(own_app, own_api, caplog):
    warehouse, own_app.state.warehouse = own_app.state.warehouse, "no warehouse"

    problem = refused(own_api.get(SUMMARY), 500, "internal")

    own_app.state.warehouse = warehouse

    assert problem["request_id"] in problem["detail"]
    assert "AttributeError" in caplog.text
    assert "attribute" not in str(problem)


@pytest.mark.parametrize("given", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_a_body_of_another_type_is_told_which_one_to_send(asked_by, given):
    body, headers = b'{"metrics": ["net_units"]}', {"Content-Type": given} if given else {}
    problem = refused(
        asked_by("analyst").post("/api/analytics/query/", content=body, headers=headers), 422, "invalid-parameters"
    )

    assert problem["errors"] == [
        {"parameter": "Content-Type", "message": f"send the body as application/json (found {given!r})"}
    ]


def test_what_is_found_is_repeated_only_in_part(api):
    problem = refused(api.get(f"{SUMMARY}?days={'9' * 500}x"), 422, "invalid-parameters")

    assert len(problem["detail"]) < 200
