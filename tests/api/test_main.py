import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from api.__main__ import main
from api.client import Client
from jobs_config.loopback import ADDRESSES, require_loopback
from jobs_config.serving import listen


@pytest.mark.parametrize("host", ["192.168.1.10", "0.0.0.0", "::", "example.com", ""])  # noqa: S104
def test_an_address_that_others_could_reach_is_refused_with_exit_code_2(tmp_path, capsys, host):
    assert main(["--host", host, "--home", str(tmp_path)]) == 2

    assert "there are no accounts yet, so only 127.0.0.1, localhost, ::1 are allowed" in capsys.readouterr().err


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
