"""Servers of an installation for as long as a bench needs them, and an account that reads."""

import re
import secrets
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.auth.accounts import NoAccountError
from api.auth.authority import open_authority
from jobs_config.settings import load_settings
from jobs_config.state import open_state
from warehouse.scope import EVERYTHING

READER = "bench-reader"


@contextmanager
def running(line: list[str], environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of ours, from when it listens until the block ends."""
    with subprocess.Popen([sys.executable, *line], env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = (re.search(r"url=(http\S+)", text) for text in process.stderr)
        found = next((match for match in said if match), None)
        if found is None:
            raise RuntimeError(f"{' '.join(line)} ended before it listened")
        # What it says is read on: a full pipe would stop it.
        reading = threading.Thread(target=deque, args=(process.stderr, 0))
        reading.start()
        try:
            yield process, found[1]
        finally:
            process.terminate()
            process.wait()
            reading.join()


def reader(home: Path) -> str:
    """The password of an account that reads, made for this run."""
    password = secrets.token_urlsafe(16)
    authority = open_authority(open_state(home), load_settings())
    try:
        if not authority.accounts.has_admin():
            # Without one nobody may sign in; where there is none, nobody else uses the installation.
            authority.accounts.add(f"{READER}-admin", "admin", EVERYTHING, secrets.token_urlsafe(16))
        authority.accounts.set_password(READER, password, "benchmark")
    except NoAccountError:
        authority.accounts.add(READER, "viewer", EVERYTHING, password)
    finally:
        authority.close()
    return password
