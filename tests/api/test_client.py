import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from live_api import token_of
from signed_in import PASSWORD, account
from small_star import LAST_DAY

from api.client import XLSX, ApiError, Client, Window


@pytest.fixture(scope="module")
def client(url, token):
    with Client(url, token) as client:
        yield client


def test_the_client_reads_every_endpoint(client):
    window = Window(date(2024, 11, 1), date(2024, 12, 31))

    net = client.summary(window)["data"]["current"]["net_revenue"]

    months = client.timeseries(window, "month", ("net_revenue",))["data"]["buckets"]
    assert sum(month["metrics"]["net_revenue"] for month in months) == pytest.approx(net)
    for ranking in (client.top_books(window), client.sales_by_region(window), client.sales_by_genre(window)):
        assert ranking["data"]["total"]["net_revenue"] == net


def test_a_window_may_be_a_number_of_days(client):
    meta = client.summary(7, comparison="previous_period")["meta"]

    assert (meta["days"], meta["until"]) == (7, LAST_DAY.isoformat())
    assert meta["comparison"]["until"] == "2025-03-13"


def test_filters_comparison_and_pages_go_with_every_question(client):
    window = Window(date(2024, 11, 1), date(2024, 12, 31))
    options = {"filters": {"country": ["Germany"], "format": ["hardcover"]}, "comparison": "year"}

    summary = client.summary(window, **options)
    books = client.top_books(window, limit=2, after=1, **options)

    assert summary["meta"]["filters"] == books["meta"]["filters"] == {"country": ["Germany"], "format": ["hardcover"]}
    assert summary["meta"]["comparison"]["kind"] == "year"
    assert [row["rank"] for row in books["data"]["rows"]] == [2, 3]
    assert (
        client.sales_by_region(window, level="store", filters={"country": ["Germany"]})["data"]["total"]["count"] == 1
    )


def test_books_the_dictionary_and_files_are_read(client):
    assert client.book("9780000000006", 30)["data"]["book"]["title"] == "The Moon Who Was Late"
    assert "net_revenue" in {metric["name"] for metric in client.dictionary()["metrics"]}
    assert client.export("sales-by-region", 30, filters={"channel": ["App"]}).startswith(b"\xef\xbb\xbfline,rank")
    assert client.export("summary", 30, XLSX)[:2] == b"PK"


def test_an_analyst_asks_in_sql_and_is_told_what_is_not_allowed(url, star):
    question = (
        "select channel, count(*) as lines from fact_sales join dim_channel using (channel_key) group by 1 order by 2"
    )
    with Client(url, token_of(star, "analyst")) as analyst:
        answer = analyst.sql(question, limit=1, publication=1)
        with pytest.raises(ApiError, match="no function version; there are abs") as refused:
            analyst.sql("select version()")
        file = analyst.sql_export(question)

    assert answer["data"]["is_truncated"] is True
    assert list(answer["data"]["rows"][0]) == ["channel", "lines"]
    assert refused.value.kind == "invalid-parameters"
    assert file.startswith(b"\xef\xbb\xbfchannel,lines,meta_scope")


def test_an_engineer_asks_questions_and_follows_jobs(url, star):
    with Client(url, token_of(star, "engineer")) as engineer:
        rows = engineer.query(30, ["margin"], ["country"], {"genre": ["Fiction"]}, order_by="margin", limit=2)["data"][
            "rows"
        ]

        assert [list(row) for row in rows] == [["country", "margin"]] * 2
        assert engineer.runs() == {"runs": [], "next": None}
        assert engineer.quality() == {"results": []}
        with pytest.raises(ApiError) as refused:
            engineer.job("0" * 16)
    assert refused.value.kind == "no-such-job"


def test_the_client_tells_the_publication_to_pin_to(client):
    assert client.summary(7, publication=client.publication()["publication"])["meta"]["publication"] == 1


@pytest.mark.parametrize(
    ("ask", "kind", "status", "said"),
    [
        (lambda client: client.summary(7, publication=99), "publication-gone", 410, "publication 99 is not kept"),
        (lambda client: client.summary(0), "invalid-parameters", 422, "found"),
        (lambda client: client.timeseries(7, metrics=("cost",)), "not-permitted", 403, "a viewer may not see cost"),
    ],
    ids=["publication gone", "no days", "a metric above viewers"],
)
def test_a_refusal_is_raised_with_the_servers_own_words(client, ask, kind, status, said):
    with pytest.raises(ApiError) as refused:
        ask(client)

    assert (refused.value.kind, refused.value.status) == (kind, status)
    assert refused.value.request_id
    assert said in str(refused.value)


def test_a_server_that_is_not_there_is_called_unreachable():
    with Client("http://127.0.0.1:9") as client, pytest.raises(ApiError) as refused:
        client.publication()

    assert (refused.value.kind, refused.value.status) == ("unreachable", 0)
    assert "http://127.0.0.1:9" in str(refused.value)


@pytest.fixture
def ana(app):
    account(app.state.authority, "viewer", username="ana", has_password=True)
    return "ana"


def test_a_client_signs_in_and_goes_on_when_its_token_has_run_out(url, ana):
    with Client(url) as client:
        client.sign_in(ana, PASSWORD)
        client._token = "run out"

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.me()["username"], range(16)))

        assert answers == [ana] * 16


def test_after_signing_out_the_client_is_nobodys(url, ana):
    with Client(url) as client:
        client.sign_in(ana, PASSWORD)
        client.sign_out()

        with pytest.raises(ApiError) as refused:
            client.me()

    assert refused.value.kind == "not-signed-in"


def test_a_wrong_password_is_told_as_such(url, ana):
    with Client(url) as client, pytest.raises(ApiError) as refused:
        client.sign_in(ana, "wrong horse battery")

    assert (refused.value.kind, refused.value.status) == ("sign-in-refused", 401)


class Stranger(BaseHTTPRequestHandler):
    """Some other server that has the port."""

    def do_GET(self):
        self.send_error(502)

    def log_message(self, *_):
        """Say nothing."""


def test_an_answer_that_is_not_the_apis_is_an_error_too():
    server = HTTPServer(("127.0.0.1", 0), Stranger)
    threading.Thread(target=server.handle_request).start()

    with (
        Client(f"http://127.0.0.1:{server.server_port}") as client,
        pytest.raises(ApiError, match="502 without a reason"),
    ):
        client.publication()
    server.server_close()


def test_a_proxy_of_the_environment_is_not_the_way_to_this_machine(url, token, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    with Client(url, token) as client:
        assert client.publication()["publication"] == 1


def test_the_client_needs_neither_fastapi_nor_a_database():
    script = "import sys, api.client; print(sorted({'fastapi', 'duckdb', 'warehouse', 'pydantic'} & set(sys.modules)))"

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert run.stdout.strip() == "[]", run.stderr


class Busy(BaseHTTPRequestHandler):
    """A server that is busy for the first `times` requests; notes how many have come."""

    times, asked = 0, 0

    def do_GET(self):
        type(self).asked += 1
        is_busy = self.asked <= self.times
        problem = {"type": "urn:booksales:problem:busy", "detail": "too much at once", "request_id": "a"}
        body = json.dumps(problem if is_busy else {"publication": 1}).encode()
        self.send_response(503 if is_busy else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.mark.parametrize(
    ("times", "asked"), [(0, 1), (2, 3), (9, 3)], ids=["not busy", "busy for a while", "busy for long"]
)
def test_a_server_that_is_busy_is_asked_again_and_not_for_ever(times, asked):
    handler = type("BusyForAWhile", (Busy,), {"times": times})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Client(f"http://127.0.0.1:{server.server_port}", busy_waits=(0, 0)) as client:
        if times < asked:
            assert client.publication()["publication"] == 1
        else:
            with pytest.raises(ApiError, match="too much at once"):
                client.publication()
    server.shutdown()

    assert handler.asked == asked


def test_customers_freshness_and_lineage_are_read(client):
    assert client.customers(1)["data"]["months"][0]["month"] == "2024-01-01"
    assert client.customer_cohorts(1)["data"]["cohorts"][0]["cohort"] == "2024-01-01"
    assert client.freshness()["data_through"] == LAST_DAY.isoformat()
    assert {"from": "bronze.sales", "to": "silver.sales"} in client.lineage()["edges"]


def test_an_administrator_looks_after_accounts_and_the_audit(url, star):
    with Client(url, token_of(star, "admin")) as admin:
        added = admin.add_user("mia", "viewer", regions=["Germany"])
        assert added["password"] and added["regions"] == ["Germany"]
        assert admin.change_user("mia", role="analyst", is_disabled=True)["role"] == "analyst"
        assert admin.reset_user("mia")["password"] not in (None, added["password"])
        assert {"mia", "admin"} <= {user["username"] for user in admin.users()}
        assert "admin" in {user["username"] for user in admin.activity(7)["users"]}
        page = admin.audit(limit=5, username="admin")
        assert [entry["username"] for entry in page["entries"]] == ["admin"] * 5
        assert admin.audit(before=page["next"], limit=1)["entries"][0]["seq"] < page["next"]
        verdict = admin.verify_audit()
        assert verdict["is_sound"] and verdict["entries"] > 0
        assert admin.jobs() == [] and admin.runs()["runs"] == [] and admin.quarantine()["tables"] == []


def test_views_are_saved_and_deleted(client):
    client.save_view("A & B? #1", "overview", "range=7+days")
    assert [view["name"] for view in client.views()] == ["A & B? #1"]
    client.delete_view("A & B? #1")
    assert client.views() == []
