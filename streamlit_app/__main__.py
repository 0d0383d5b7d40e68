"""`python -m streamlit_app`: serves the dashboard on loopback, reading an API on loopback.

Settings stand in `.streamlit/config.toml`. `streamlit run` serves the same application, 40 ms slower per answer: the
socket it makes lacks TCP_NODELAY (Streamlit 1.67).
"""

import argparse
import logging
import os
import sys

import uvicorn

from jobs_config.errors import BooksalesError
from jobs_config.log_setup import log_event, set_up_logging
from jobs_config.loopback import require_loopback_url
from jobs_config.serving import listen, until_signal, url_of
from jobs_config.state import keep_files_private
from streamlit_app.address import DEFAULT_URL, URL_VARIABLE
from streamlit_app.company import company_sign_in

DEFAULT_PORT = 8601
GRACE_SECONDS = 3
PING_SECONDS = 30

logger = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code."""
    keep_files_private()
    parsed = _parser().parse_args(arguments)
    try:
        os.environ[URL_VARIABLE] = require_loopback_url(parsed.api_url)
        company_sign_in()
        listener = listen(parsed.host, parsed.port)
    except BooksalesError as error:
        sys.stderr.write(f"streamlit_app: {error}\n")
        return error.exit_code
    set_up_logging(as_json=parsed.log_format == "json")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    config = uvicorn.Config(
        "streamlit_app.server:app",
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="websockets-sansio",
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
    )
    log_event(logger, "dashboard.listening", url=url_of(listener), api=os.environ[URL_VARIABLE])
    return until_signal(lambda: uvicorn.Server(config).run(sockets=[listener]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m streamlit_app",
        description="Serve the dashboard.",
        epilog="example: python -m streamlit_app --port 8601 --api-url http://127.0.0.1:8600",
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"0 for any free one (default {DEFAULT_PORT})")
    parser.add_argument("--api-url", default=DEFAULT_URL, help=f"address of the API (default {DEFAULT_URL})")
    parser.add_argument("--log-format", choices=("plain", "json"), default="plain")
    return parser


if __name__ == "__main__":
    sys.exit(main())
