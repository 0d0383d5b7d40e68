"""`booksales serve`: the REST API on loopback."""

import argparse
import os
import sys

from booksales.commands import Verbs, add_verb, port_number
from jobs_config.settings import load_settings
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "serve", "serve the REST API on loopback", run, "booksales serve", "booksales serve --port 8700",
        "curl -H @header.txt http://127.0.0.1:8600/api/analytics/summary/?days=7",
    )  # fmt: skip
    verb.add_argument(
        "--host",
        default="127.0.0.1",
        help="an address of this machine; beyond loopback with the setting api_hosts only",
    )
    verb.add_argument("--port", type=port_number, default=None, help="port (default: the setting api_port, 8600)")


def run(arguments: argparse.Namespace) -> int:
    state, settings = open_state(), load_settings()
    port = settings.api_port if arguments.port is None else arguments.port
    line = [
        sys.executable,
        "-m",
        "api",
        "--host",
        arguments.host,
        "--port",
        str(port),
        "--home",
        str(state.root),
    ]
    os.execv(sys.executable, line)  # noqa: S606  the API takes this process over: no shell, fixed arguments
