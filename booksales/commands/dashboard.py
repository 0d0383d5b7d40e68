"""`booksales dashboard`: the dashboard on loopback, reading a running API."""

import argparse
import os
import sys

from booksales.commands import Verbs, add_verb, port_number
from jobs_config.settings import load_settings


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "dashboard", "serve the dashboard on loopback; it reads a running API", run,
        "booksales dashboard", "booksales dashboard --port 8701 --api-url http://127.0.0.1:8700",
    )  # fmt: skip
    verb.add_argument("--port", type=port_number, default=None, help="port (default: the setting dashboard_port, 8601)")
    verb.add_argument("--api-url", default=None, help="address of the API (default: loopback, the setting api_port)")


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    port = settings.dashboard_port if arguments.port is None else arguments.port
    api_url = arguments.api_url or f"http://127.0.0.1:{settings.api_port}"
    os.execv(sys.executable, [sys.executable, "-m", "streamlit_app", "--port", str(port), "--api-url", api_url])  # noqa: S606
