import socket
import stat
import sys
import time

import psutil
import pytest

from booksales.local_stack.errors import LocalStackError
from booksales.local_stack.processes import Child, free_port, stop_signals_raise, watch

# A process with a child of its own; neither ends by a polite request.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    print(subprocess.Popen([sys.executable, __file__, "child"]).pid, flush=True)
time.sleep(60)
"""


def python(code):
    return [sys.executable, "-c", code]


def test_a_port_is_free_until_somebody_listens():
    port = free_port()

    assert free_port(port) == port
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(LocalStackError, match=f"port {port} .* is taken .* set BOOKSALES_API_PORT"),
    ):
        free_port(port, "BOOKSALES_API_PORT")


def test_a_healthy_child_answers_and_is_gone_after_the_block(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]

    with Child("server", command, tmp_path) as server:
        server.wait_until_healthy(f"http://127.0.0.1:{port}/")
        process = psutil.Process(server.pid)

    assert not process.is_running()
    assert "GET / HTTP" in server.log.read_text()
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600


def test_a_child_that_ends_early_shows_the_end_of_its_log(tmp_path):
    (tmp_path / "server.log").write_text("an older run\n")

    with (
        Child("server", python("print('no database'); raise SystemExit(3)"), tmp_path) as server,
        pytest.raises(LocalStackError, match=r"(?s)server: ended with exit code 3 .*no database") as error,
    ):
        server.wait_until_healthy("http://127.0.0.1:9/")

    assert "an older run" not in str(error.value)


def test_a_child_that_never_answers_is_given_up(tmp_path):
    with (
        Child("server", python("import time; time.sleep(60)"), tmp_path) as server,
        pytest.raises(LocalStackError, match="did not answer within 0 s"),
    ):
        server.wait_until_healthy("http://127.0.0.1:9/", seconds=0.3)


def test_a_stubborn_child_is_ended_with_its_own_children(tmp_path):
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN)
    child = Child("stubborn", [sys.executable, str(script)], tmp_path)
    child.start()
    while not child.log.read_text().endswith("\n"):
        time.sleep(0.05)
    grandchild = psutil.Process(int(child.log.read_text()))

    asked_at = time.monotonic()
    child.stop(seconds=0.2)
    grandchild.wait(5)

    assert time.monotonic() - asked_at < 30


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LocalStackError, match="server: no-such-program cannot be started"):
        Child("server", ["no-such-program"], tmp_path).start()


def test_watching_ends_when_a_child_does(tmp_path):
    with (
        Child("api", python("import time; time.sleep(60)"), tmp_path) as api,
        Child("dashboard", python("raise SystemExit('out of memory')"), tmp_path) as dashboard,
        pytest.raises(LocalStackError, match=r"(?s)dashboard: ended with exit code 1.*out of memory"),
    ):
        watch([api, dashboard])


def test_a_termination_signal_lets_blocks_end(tmp_path):
    with pytest.raises(KeyboardInterrupt), stop_signals_raise(), Child("api", python(""), tmp_path) as api:
        psutil.Process().terminate()
        time.sleep(5)

    assert api.exit_code() is not None
