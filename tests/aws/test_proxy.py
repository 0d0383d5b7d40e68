"""The proxy of a task, run by nginx on loopback: one name, TLS, and who gets what."""

import http.server
import json
import os
import shutil
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs_config.serving import listen

FOLDER = Path(__file__).parents[2] / "containers" / "proxy"
NAME = "booksales.example.com"


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with its own name, and the path and headers that it was asked with."""

    def do_GET(self) -> None:
        said = {"part": self.server.part, "path": self.path, "headers": dict(self.headers)}  # type: ignore[attr-defined]
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@dataclass(frozen=True)
class Answer:
    """Status and headers, and what the part behind the proxy was asked, empty where the proxy answered."""

    status: int
    headers: dict[str, str]
    asked: dict[str, str]
    part: str


class Proxy:
    """A running proxy."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tls = ssl.create_default_context()
        # It makes its own certificate; a load balancer does not look at it either.
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    def ask(self, path: str, host: str = NAME, **headers: str) -> Answer:
        """What the proxy answers to a request under a name."""
        named = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = urllib.request.Request(f"https://127.0.0.1:{self._port}{path}", headers=named)
        try:
            with urllib.request.urlopen(request, context=self._tls, timeout=10) as response:
                said = json.load(response)
                return Answer(response.status, dict(response.headers), said["headers"], said["part"])
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, dict(refused.headers), {}, "")


@contextmanager
def echo(part: str) -> Iterator[int]:
    """A server on loopback that stands for a part of the task; its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.part = part  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    missing = [program for program in ("nginx", "openssl") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}")
    work = tmp_path_factory.mktemp("proxy")
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with ExitStack() as held:
        api, dashboard = held.enter_context(echo("api")), held.enter_context(echo("dashboard"))
        told = {
            "SERVER_NAME": NAME, "WORK": str(work), "TEMPLATE": str(FOLDER / "nginx.conf.template"), "PORT": str(port),
            "API_PORT": str(api), "DASHBOARD_PORT": str(dashboard),
        }  # fmt: skip
        with (work / "said").open("wb") as said:
            nginx = subprocess.Popen(["sh", str(FOLDER / "start.sh")], env={**os.environ, **told}, stderr=said)
        running = Proxy(port)
        try:
            _wait_for(running, nginx, work)
            yield running
        finally:
            nginx.terminate()
            nginx.wait()


def _wait_for(proxy: Proxy, nginx: subprocess.Popen[bytes], work: Path) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            proxy.ask("/healthz", host="10.0.0.7")
            return
        except OSError:
            assert nginx.poll() is None and time.monotonic() < until, (work / "said").read_text()
            time.sleep(0.1)


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/api/analytics/summary/?days=7", "api"),
        ("/.well-known/jwks.json", "api"),
        ("/openapi.json", "api"),
        ("/", "dashboard"),
        ("/_stcore/stream", "dashboard"),
        ("/apiary", "dashboard"),
    ],
)
def test_what_is_the_apis_goes_there_and_all_else_to_the_dashboard(proxy: Proxy, path: str, part: str) -> None:
    assert proxy.ask(path).part == part


def test_the_api_hears_its_name_and_who_asked(proxy: Proxy) -> None:
    # nginx believes the load balancer; a name that the caller made up before it is not taken over.
    asked = proxy.ask("/api/analytics/summary/", X_Forwarded_For="198.51.100.9").asked

    assert (asked["Host"], asked["X-Forwarded-Proto"]) == (NAME, "https")
    assert asked["X-Forwarded-For"] == "127.0.0.1"


def test_the_dashboard_hears_loopback_and_its_own_origin(proxy: Proxy) -> None:
    asked = proxy.ask("/_stcore/stream", Origin=f"https://{NAME}", Upgrade="websocket", Connection="Upgrade").asked

    assert asked["Host"].startswith("127.0.0.1:")
    assert asked["Origin"] == f"http://{asked['Host']}"
    assert (asked["Upgrade"], asked["Connection"]) == ("websocket", "upgrade")
    # Whatever the caller says: without it the dashboard's cookies would go by plain HTTP too.
    assert proxy.ask("/", X_Forwarded_Proto="http").asked["X-Forwarded-Proto"] == "https"


@pytest.mark.parametrize("origin", ["https://evil.example.com", "http://booksales.example.com", "null"])
def test_a_page_of_another_site_may_not_use_the_dashboard(proxy: Proxy, origin: str) -> None:
    assert proxy.ask("/_stcore/stream", Origin=origin).status == 403


def test_another_name_gets_nothing_but_whether_the_task_lives(proxy: Proxy) -> None:
    assert proxy.ask("/", host="evil.example.com").status == 421
    assert proxy.ask("/api/analytics/summary/", host="10.0.0.7").status == 421
    assert proxy.ask("/healthz", host="10.0.0.7").part == "api"


def test_browsers_are_told_to_stay_with_tls(proxy: Proxy) -> None:
    assert proxy.ask("/").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_name_that_is_none_is_refused() -> None:
    ended = subprocess.run(
        ["sh", str(FOLDER / "start.sh")],
        env={**os.environ, "SERVER_NAME": "a b; }"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (2, "SERVER_NAME is no host name: a b; }\n")
