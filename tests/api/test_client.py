import subprocess
import sys
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from small_star import LAST_DAY

from api.client import ApiError, Client, Window


@pytest.fixture(scope="module")
def client(url):
    with Client(url) as client:
        yield client


def test_the_client_reads_every_endpoint(client):
    window = Window(date(2024, 11, 1), date(2024, 12, 31))

    net = client.summary(window)["data"]["current"]["net_revenue"]

    months = client.timeseries(window, "month", ("net_revenue",))["data"]["buckets"]
    assert sum(month["metrics"]["net_revenue"] for month in months) == pytest.approx(net)
    for ranking in (client.top_books(window), client.sales_by_region(window), client.sales_by_genre(window)):
        assert ranking["data"]["total"]["net_revenue"] == net


def test_a_window_may_be_a_number_of_days(client):
    meta = client.summary(7, previous=True)["meta"]

    assert (meta["days"], meta["until"]) == (7, LAST_DAY.isoformat())
    assert meta["comparison"]["until"] == "2025-03-13"


def test_ready_tells_the_publication_to_pin_to(client):
    assert client.summary(7, publication=client.ready()["publication"])["meta"]["publication"] == 1


@pytest.mark.parametrize(
    ("ask", "kind", "status"),
    [
        (lambda client: client.summary(7, publication=99), "publication-gone", 410),
        (lambda client: client.summary(0), "invalid-parameters", 422),
        (lambda client: client.timeseries(7, metrics=("cost",)), "invalid-parameters", 422),
    ],
    ids=["publication gone", "no days", "a metric above viewers"],
)
def test_a_refusal_is_raised_with_the_servers_own_words(client, ask, kind, status):
    with pytest.raises(ApiError) as refused:
        ask(client)

    assert (refused.value.kind, refused.value.status) == (kind, status)
    assert refused.value.request_id
    assert "publication 99 no longer serves" in str(refused.value) or "found" in str(refused.value)


def test_a_server_that_is_not_there_is_called_unreachable():
    with Client("http://127.0.0.1:9") as client, pytest.raises(ApiError) as refused:
        client.ready()

    assert (refused.value.kind, refused.value.status) == ("unreachable", 0)
    assert "http://127.0.0.1:9" in str(refused.value)


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
        client.ready()
    server.server_close()


def test_a_proxy_of_the_environment_is_not_the_way_to_this_machine(url, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    with Client(url) as client:
        assert client.ready()["status"] == "ready"


def test_the_client_needs_neither_fastapi_nor_a_database():
    script = "import sys, api.client; print(sorted({'fastapi', 'duckdb', 'warehouse', 'pydantic'} & set(sys.modules)))"

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert run.stdout.strip() == "[]", run.stderr
