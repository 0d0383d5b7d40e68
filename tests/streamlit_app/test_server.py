import re
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import streamlit_app
from jobs_config.errors import ConfigError
from jobs_config.loopback import require_loopback_url
from streamlit_app.__main__ import main
from streamlit_app.guard import Guard


async def page(request):
    return PlainTextResponse("the page")


async def socket_of_the_page(websocket):
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


@pytest.fixture
def guarded():
    """Some application behind the dashboard's guard."""
    routes = [Route("/", page), WebSocketRoute("/stream", socket_of_the_page)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Guard)]), base_url="http://127.0.0.1:8601")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1:8601"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 403),
    ],
    ids=["this machine", "its own page", "a foreign host", "a foreign page"],
)
def test_only_requests_of_this_machine_are_answered(guarded, headers, status):
    answer = guarded.get("/", headers=headers)

    assert answer.status_code == status
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_websocket_of_a_foreign_page_is_closed_before_it_opens(guarded):
    own, foreign = (
        {"Host": "127.0.0.1:8601", "Origin": origin} for origin in ("http://127.0.0.1:8601", "https://evil")
    )

    with guarded.websocket_connect("/stream", headers=own) as opened:
        assert opened.receive_text() == "hello"
    with pytest.raises(WebSocketDisconnect), guarded.websocket_connect("/stream", headers=foreign):
        pytest.fail("the websocket opened")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--host", "192.168.1.10"], "will not listen on '192.168.1.10': other machines would reach it"),
        (["--api-url", "http://example.com:8600"], "will not ask 'http://example.com:8600'"),
    ],
)
def test_addresses_that_are_not_of_this_machine_are_refused_with_exit_code_2(capsys, arguments, reason):
    assert main(arguments) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8600@example.com", "http://localhost.evil.example", "ftp://localhost"]
)
def test_an_address_that_only_looks_like_this_machine_is_refused(url):
    with pytest.raises(ConfigError, match="this machine"):
        require_loopback_url(url)


def test_a_port_that_is_taken_is_said_so_with_exit_code_1(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert main(["--port", str(port)]) == 1

    assert f"cannot listen on 127.0.0.1 port {port}" in capsys.readouterr().err


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_the_dashboard_is_served_on_loopback_until_a_signal(api_url, stop, code):
    serve = [sys.executable, "-m", "streamlit_app", "--port", "0", "--api-url", api_url]
    with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True) as server:
        url = re.search(r"url=(\S+)", server.stderr.readline()).group(1)
        with httpx2.Client(trust_env=False, timeout=20) as client:
            assert client.get(f"{url}/_stcore/health").text == "ok"
            assert client.get(url, headers={"Host": "evil.example"}).status_code == 421
        server.send_signal(stop)
        _, log = server.communicate(timeout=20)

    assert server.returncode == code
    assert "Traceback" not in log


def test_streamlit_run_serves_the_same_application():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = Path(streamlit_app.__file__).with_name("server.py")
    serve = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}"]
    with subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=8), trust_env=False) as client:
            url = f"http://127.0.0.1:{port}/_stcore/health"
            assert client.get(url).text == "ok"
            assert client.get(url, headers={"Host": "evil.example"}).status_code == 421
        server.terminate()


def test_the_configuration_binds_to_loopback_and_tells_nobody_anything():
    text = (Path(streamlit_app.__file__).parent / ".streamlit" / "config.toml").read_text()
    config = tomllib.loads(text)

    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert config["client"]["toolbarMode"] == "viewer"
    assert "http" not in text  # no font or style of another site
