"""The `booksales` command: called in this process, or as the command that was installed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from booksales.cli import main
from booksales.local_stack.postgres import DATABASE, EmbeddedPostgres
from jobs_config.state import StateFolder

PROGRAM = Path(sys.executable).parent / "booksales"
# A server that should have refused to serve would go on for ever.
LONGEST_SECONDS = 120


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands of a test keep their state; nothing is there yet, and no setting is overridden."""
    for name in [name for name in os.environ if name.startswith("BOOKSALES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BOOKSALES_HOME", str(tmp_path / "booksales"))
    return tmp_path / "booksales"


@pytest.fixture
def booksales(home: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in this process, below `home`."""

    def run(*arguments: str) -> Outcome:
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture
def installed_booksales(home: Path) -> Command:
    """Runs the installed command, below `home`, with nothing to read from standard input."""

    def run(*arguments: str) -> Outcome:
        ended = subprocess.run(
            [PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST_SECONDS
        )
        return Outcome(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def embedded_shop(
    home: Path, postgres: EmbeddedPostgres, state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The owner's connection string to the embedded shop of `home`, a running PostgreSQL; empty again afterwards."""
    monkeypatch.setenv("BOOKSALES_HOME", str(state.root))
    yield postgres.owner_dsn()
    postgres.drop_database(DATABASE)
    postgres.create_database(DATABASE)
