"""What `booksales demo` serves can be signed in to: with a password that is shown once, or is in a file of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from small_star import published_once

from api.client import Client

SERVE = """
from booksales.commands.demo import _serve
from booksales.local_stack.processes import stop_signals_raise
from jobs_config.progress import Progress
from jobs_config.settings import load_settings
from jobs_config.state import open_state
with stop_signals_raise():
    _serve(open_state(), load_settings(), Progress(terminal=False))
"""


def served(home: Path) -> tuple[subprocess.Popen[str], str]:
    environment = {
        **os.environ,
        "BOOKSALES_HOME": str(home),
        "BOOKSALES_API_PORT": "0",
        "BOOKSALES_DASHBOARD_PORT": "0",
    }
    process = subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stdout=subprocess.PIPE, text=True)
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if "Ctrl-C stops everything" in line:
            break
    return process, said


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def test_the_demo_makes_an_administrator_once_who_signs_in_with_the_password_it_tells_of(tmp_path):
    home = published_once(tmp_path / "booksales").parent
    process, said = served(home)
    try:
        path = Path(re.search(r"sign in    as admin, password: in (\S+), which only you can read", said).group(1))
        url = re.search(r"API\s+(http://127\.0\.0\.1:\d+)", said).group(1)
        with Client(url) as client:
            client.sign_in("admin", path.read_text().strip())
            assert client.me()["role"] == "admin"
            assert client.publication()["publication"] == 1
    finally:
        stop(process)
    again, said_again = served(home)
    stop(again)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().strip() not in said
    assert "sign in    as before; `booksales users reset admin` makes another password" in said_again
