"""`python -m api`: serves the API on loopback until it is told to stop."""

import argparse
import logging
import sys
from pathlib import Path

import uvicorn

from api.app import create_app
from api.auth.authority import setup_code_file
from jobs_config.errors import BooksalesError
from jobs_config.log_setup import log_event, set_up_logging
from jobs_config.serving import listen, until_signal, url_of
from jobs_config.settings import load_settings
from jobs_config.state import keep_files_private, open_state

DEFAULT_PORT = 8600
GRACE_SECONDS = 10

logger = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; requests under way are finished. Returns the exit code."""
    keep_files_private()
    parsed = _parser().parse_args(arguments)
    try:
        state, settings = open_state(parsed.home), load_settings()
        listener = listen(parsed.host, parsed.port)
        app = create_app(state, settings)
    except BooksalesError as error:
        sys.stderr.write(f"api: {error}\n")
        return error.exit_code
    set_up_logging(as_json=parsed.log_format == "json")
    config = uvicorn.Config(
        app, log_config=None, log_level="warning", server_header=False, timeout_graceful_shutdown=GRACE_SECONDS
    )
    log_event(logger, "api.listening", url=url_of(listener), home=state.root)
    if not app.state.authority.is_set_up():
        # The path, not the code: whoever may read the folder may be the first administrator.
        log_event(logger, "api.not_set_up", code_file=setup_code_file(state))
    return until_signal(lambda: uvicorn.Server(config).run(sockets=[listener]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description="Serve the analytics API.",
        epilog="example: python -m api --home .booksales",
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"0 for any free one (default {DEFAULT_PORT})")
    parser.add_argument(
        "--home", type=Path, default=None, help="the state folder (default: BOOKSALES_HOME, else .booksales)"
    )
    parser.add_argument("--log-format", choices=("plain", "json"), default="plain")
    return parser


if __name__ == "__main__":
    sys.exit(main())
