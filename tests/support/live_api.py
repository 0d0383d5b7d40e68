"""The API over a warehouse folder, answering on a loopback port while a block runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from api.app import create_app
from jobs_config.serving import listen, url_of


@contextmanager
def live_api(warehouse: Path) -> Iterator[str]:
    """The API's address, for as long as the block runs."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(create_app(warehouse), log_config=None, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield url_of(listener)
    finally:
        server.should_exit = True
        thread.join()
