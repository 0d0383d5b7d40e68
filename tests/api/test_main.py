import contextlib
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from signed_in import bearer

from api.__main__ import _config, main
from api.app import close, create_app
from api.client import ApiError, Client
from jobs_config.loopback import ADDRESSES, require_loopback
from jobs_config.serving import listen
from jobs_config.settings import Settings


@pytest.mark.parametrize("host", ["192.168.1.10", "0.0.0.0", "::", "example.com", ""])  # noqa: S104
def test_an_address_that_others_could_reach_is_refused_with_exit_code_2(tmp_path, capsys, host):
    assert main(["--host", host, "--home", str(tmp_path)]) == 2

    assert "other machines would reach it, so only 127.0.0.1, localhost, ::1 are allowed" in capsys.readouterr().err


def test_the_machines_own_addresses_are_allowed():
    assert [require_loopback(address) for address in ADDRESSES] == list(ADDRESSES)


def test_a_port_that_is_taken_is_said_so_with_exit_code_1(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert main(["--port", str(port), "--home", str(tmp_path)]) == 1

    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in capsys.readouterr().err


def test_without_an_administrator_the_place_of_the_set_up_code_is_logged_and_not_the_code(tmp_path):
    command = [sys.executable, "-m", "api", "--port", "0", "--home", str(tmp_path / "booksales")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        lines = [server.stderr.readline(), server.stderr.readline()]
        server.kill()

    code_file = Path(re.search(r"api.not_set_up code_file=(\S+)", lines[1]).group(1))
    assert code_file.stat().st_mode & 0o777 == 0o600
    assert code_file.read_text().strip() not in "".join(lines)


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_the_command_serves_until_a_signal_and_ends_in_good_order(star, token, stop, code):
    command = [sys.executable, "-m", "api", "--port", "0", "--home", str(star.parent)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        line = server.stderr.readline()
        url = re.search(r"url=(\S+)", line).group(1)
        with Client(url, token) as client:
            assert client.publication()["publication"] == 1

        server.send_signal(stop)
        _, log = server.communicate(timeout=20)

    assert server.returncode == code
    assert "api.request" in log
    assert "Traceback" not in log


def test_answers_do_not_wait_for_acknowledgements():
    with listen("127.0.0.1", 0) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_machine_chooses_a_port_for_0():
    with listen("::1", 0) as listener:
        assert listener.getsockname()[1] > 0


def test_several_processes_serve_one_address_and_tell_measures_of_all(star, token, monkeypatch):
    monkeypatch.setenv("BOOKSALES_API_WORKERS", "2")
    command = [sys.executable, "-m", "api", "--port", "0", "--home", str(star.parent)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        url = re.search(r"url=(\S+)", server.stderr.readline()).group(1)
        asked = 0
        for _ in range(40):
            with Client(url, token) as client, contextlib.suppress(ApiError):
                client.me()
                asked += 1
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/metrics", timeout=20) as answer:
            measures = answer.read().decode()
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=30)

    counted = re.search(r'booksales_api_requests_total\{endpoint="me",method="GET",status="200"\} (\d+)', measures)
    assert asked == 40
    assert int(counted.group(1)) == 40
    assert server.returncode == 0
    assert "Traceback" not in log


def test_beyond_this_machine_there_must_be_an_administrator(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("BOOKSALES_API_HOSTS", "sales.example.com")

    assert main(["--host", "0.0.0.0", "--port", "0", "--home", str(tmp_path / "booksales")]) == 2  # noqa: S104

    assert "before there is an administrator" in capsys.readouterr().err


def test_behind_a_proxy_its_name_is_answered_and_https_is_kept(own_state, authority):
    app = create_app(own_state, Settings(api_hosts="sales.example.com"))
    client = TestClient(app, base_url="https://sales.example.com", headers=bearer(authority))

    answer = client.get("/api/auth/me/", headers={"Origin": "https://sales.example.com"})
    statuses = [
        client.get("/api/auth/me/", headers=headers).status_code
        for headers in (
            {"Host": "other.example.com"},
            {"Origin": "http://sales.example.com"},
            {"Origin": "https://x.example.com"},
        )
    ]
    close(app)

    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert statuses == [421, 403, 403]


def test_forwarded_addresses_are_believed_from_named_proxies_only():
    plain, behind = (_config("x:y", Settings(trusted_proxies=proxies)) for proxies in ("", "10.0.0.1"))

    assert plain.proxy_headers is False
    assert (behind.proxy_headers, behind.forwarded_allow_ips) == (True, "10.0.0.1")
