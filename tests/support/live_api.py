"""The API over a state folder, answering on a loopback port while a block runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from signed_in import Members, account, authority, tokens

from api.app import close, create_app
from jobs_config.serving import listen, url_of
from jobs_config.state import StateFolder, open_state


@contextmanager
def live_api(warehouse: Path, has_admin: bool = True) -> Iterator[str]:
    """The API's address, for as long as the block runs. Its warehouse is `<state folder>/warehouse`."""
    app = create_app(open_state(warehouse.parent))
    if has_admin:
        account(app.state.authority, "admin")
    try:
        with served(app) as url:
            yield url
    finally:
        close(app)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of an application, for as long as the block runs."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield url_of(listener)
    finally:
        server.should_exit = True
        thread.join()


def token_of(warehouse: Path, role: str = "viewer", members: Members = ()) -> str:
    """An access token of somebody of that role and scope at the API over the warehouse."""
    of = authority(StateFolder(warehouse.parent))
    try:
        return tokens(of, role, members).access
    finally:
        of.engine.dispose()
