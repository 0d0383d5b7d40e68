"""`python -m api`: serves the API on loopback until it is told to stop."""

import argparse
import logging
import os
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from api.app import close, create_app
from api.auth.authority import setup_code_file
from api.prometheus import SHARED
from jobs_config.errors import BooksalesError, ConfigError
from jobs_config.log_setup import log_event, set_up_logging
from jobs_config.loopback import ADDRESSES
from jobs_config.serving import listen, until_signal, url_of
from jobs_config.settings import Settings, load_settings
from jobs_config.state import HOME_VARIABLE, StateFolder, keep_files_private, open_state

DEFAULT_PORT = 8600
GRACE_SECONDS = 10
FORMAT_VARIABLE = "BOOKSALES_API_LOG_FORMAT"

logger = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; requests under way are finished. Returns the exit code."""
    keep_files_private()
    parsed = _parser().parse_args(arguments)
    try:
        state, settings = open_state(parsed.home), load_settings()
        listener = listen(parsed.host, parsed.port, is_behind_proxy=bool(settings.api_hosts))
        app = create_app(state, settings)
        _require_administrator(app, parsed.host)
    except BooksalesError as error:
        sys.stderr.write(f"api: {error}\n")
        return error.exit_code
    _set_up_logging(parsed.log_format)
    log_event(logger, "api.listening", url=url_of(listener), home=state.root, workers=settings.api_workers)
    if not app.state.authority.is_set_up():
        # The path, not the code: whoever may read the folder may be the first administrator.
        log_event(logger, "api.not_set_up", code_file=setup_code_file(state))
    if settings.api_workers == 1:
        return until_signal(lambda: uvicorn.Server(_config(app, settings)).run(sockets=[listener]))
    close(app)
    return until_signal(lambda: _serve_by_several(state, settings, listener, parsed.log_format))


def worker_app() -> FastAPI:
    """The application of one of several processes; what it needs to know is in the environment."""
    keep_files_private()
    _set_up_logging(os.environ.get(FORMAT_VARIABLE, "plain"))
    return create_app(open_state(), load_settings())


def _serve_by_several(state: StateFolder, settings: Settings, listener: socket.socket, log_format: str) -> None:
    with tempfile.TemporaryDirectory(prefix="measures-", dir=state.temporary) as shared:
        os.environ |= {HOME_VARIABLE: str(state.root), SHARED: shared, FORMAT_VARIABLE: log_format}
        config = _config("api.__main__:worker_app", settings)
        Multiprocess(config, sockets=[listener]).run()


def _config(app: FastAPI | str, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=settings.api_workers,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        # Believed from nobody, unless it is named: an address decides how long failed sign-ins wait.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
    )


def _require_administrator(app: FastAPI, host: str) -> None:
    """Beyond this machine only once somebody administers: else whoever comes first might want to."""
    if host not in ADDRESSES and not app.state.authority.is_set_up():
        close(app)
        raise ConfigError(
            f"will not listen on {host!r} before there is an administrator: `booksales users add NAME --role admin`"
        )


def _set_up_logging(log_format: str) -> None:
    set_up_logging(as_json=log_format == "json")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m api",
        description="Serve the analytics API.",
        epilog="example: python -m api --home .booksales",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default 127.0.0.1); beyond this machine with api_hosts only",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"0 for any free one (default {DEFAULT_PORT})")
    parser.add_argument(
        "--home", type=Path, default=None, help="the state folder (default: BOOKSALES_HOME, else .booksales)"
    )
    parser.add_argument("--log-format", choices=("plain", "json"), default="plain")
    return parser


if __name__ == "__main__":
    sys.exit(main())
