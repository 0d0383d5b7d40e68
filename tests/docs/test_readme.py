"""Every command of the README does what is said there; only `make test` is left to itself.

The demo runs as a person runs it, but for a smaller shop, a state folder of its own and any free ports.
"""

import os
import re
import shlex
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SALES = "SALES=2000"
SECONDS = 240
UP_AGAIN_SECONDS = 30

# What a command's output says when it did what the README promises.
SAYS = {
    ".venv/bin/booksales status": "served         generation 1",
    ".venv/bin/booksales verify": "source, lake and warehouse agree",
    ".venv/bin/booksales runs": "published",
    ".venv/bin/booksales users token admin --to header.txt": "header.txt, which only you can read",
    "curl -H @header.txt 'http://127.0.0.1:8600/api/analytics/summary/?days=7'": '"net_revenue"',
    "curl -H @header.txt 'http://127.0.0.1:8600/api/analytics/top-books/?days=90&limit=5'": '"isbn13"',
    ".venv/bin/booksales simulate-day": "simulated",
    ".venv/bin/booksales sync": "published generation 2",
}


@dataclass(frozen=True)
class Demo:
    """A running demo: its process, where it serves, and how long it took to get there."""

    process: subprocess.Popen[str]
    dashboard: str
    api: str
    seconds: float


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def start(home: Path) -> Demo:
    began = time.monotonic()
    environment = {
        **os.environ,
        "BOOKSALES_HOME": str(home),
        "BOOKSALES_API_PORT": "0",
        "BOOKSALES_DASHBOARD_PORT": "0",
    }
    process = subprocess.Popen(
        ["make", "demo", SALES], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    said, found = "", {}
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if match := re.match(r"\s+(dashboard|API)\s+(http://127\.0\.0\.1:\d+)", line):
            found[match[1]] = match[2]
        if "Ctrl-C stops everything" in line:
            return Demo(process, found["dashboard"], found["API"], time.monotonic() - began)
    raise AssertionError(f"make demo ended with {process.wait()}:\n{said}")


def stop(demo: Demo) -> list[psutil.Process]:
    """Ctrl-C, as a terminal sends it; returns what was running below the demo."""
    below = psutil.Process(demo.process.pid).children(recursive=True)
    os.killpg(demo.process.pid, signal.SIGINT)
    demo.process.wait(60)
    assert demo.process.stdout is not None
    demo.process.stdout.close()
    return below


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme") / "booksales"


@pytest.fixture(scope="module")
def demo(home: Path) -> Iterator[Demo]:
    running = start(home)
    yield running
    if running.process.poll() is None:
        stop(running)


def answered(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def test_the_readme_has_no_command_that_is_not_tried_here() -> None:
    assert commands() == ["make demo", "make test", *SAYS]


def test_make_demo_serves_the_dashboard_and_the_api(demo: Demo) -> None:
    assert "<title>" in answered(demo.dashboard)
    assert '"status":"ready"' in answered(f"{demo.api}/readyz")


@pytest.mark.parametrize("command", SAYS)
def test_a_command_of_the_readme_does_what_it_says(demo: Demo, home: Path, command: str) -> None:
    header = str(home.parent / "header.txt")
    words = shlex.split(command.replace("http://127.0.0.1:8600", demo.api).replace("header.txt", header))

    ended = subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, "BOOKSALES_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert SAYS[command] in ended.stdout + ended.stderr


def test_ctrl_c_stops_everything_and_the_next_start_is_quick(demo: Demo, home: Path) -> None:
    below = stop(demo)
    _, alive = psutil.wait_procs(below, timeout=20)

    assert alive == []
    assert psutil.pid_exists(demo.process.pid) is False
    again = start(home)
    stop(again)
    assert again.seconds < UP_AGAIN_SECONDS
