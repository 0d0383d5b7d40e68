"""The state folder: everything one installation keeps, and the only place that names its parts.

Deleting the folder resets everything. Its format number changes when a newer version could not read an older folder.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jobs_config.errors import ConfigError
from jobs_config.settings import load_settings

FORMAT = 1
HOME_VARIABLE = "BOOKSALES_HOME"
DEFAULT_HOME = ".booksales"


@dataclass(frozen=True)
class StateFolder:
    """Paths below one state folder. Make one with `open_state`, which checks format and permissions."""

    root: Path

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def jars(self) -> Path:
        return self.root / "jars"

    @property
    def java(self) -> Path:
        return self.root / "java"

    @property
    def lock_file(self) -> Path:
        return self.root / "writer.lock"

    @property
    def ledger_url(self) -> str:
        """The run ledger: a file of the folder, unless the setting names a server's database."""
        return load_settings().ledger_url or f"sqlite:///{self.root / 'ledger.db'}"

    def secret(self, name: str) -> str:
        """The generated secret of that name: 256 random bits as hex, made on first use, in a file of mode 0600."""
        path = self.root / "secrets" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            _write_once(path, secrets.token_hex(32) + "\n")
        return path.read_text().strip()


def state_home() -> Path:
    """Where the state folder is or would be: BOOKSALES_HOME, else .booksales in the current directory."""
    return Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).absolute()


def open_state(root: Path | None = None) -> StateFolder:
    """The state folder, created with mode 0700 where absent.

    Raises ConfigError when the folder has another format number, is somebody else's, or cannot be made.
    """
    state = StateFolder((root or state_home()).absolute())
    marker = state.root / "format"
    try:
        if not marker.exists():
            _create(state.root, marker)
        found = marker.read_text().strip()
        state.root.chmod(0o700)
    except OSError as error:
        raise ConfigError(
            f"{state.root}: the state folder cannot be used ({error}); name another by {HOME_VARIABLE}"
        ) from error
    if found != str(FORMAT):
        raise ConfigError(
            f"{state.root}: the state folder has format {found!r}, this version reads format {FORMAT}; "
            f"use the version that wrote it, or name another folder by {HOME_VARIABLE}"
        )
    for folder in (state.lake, state.warehouse, state.landing, state.reports, state.logs, state.temporary):
        folder.mkdir(mode=0o700, exist_ok=True)
    return state


def _create(root: Path, marker: Path) -> None:
    if root.exists() and any(root.iterdir()):
        raise ConfigError(
            f"{root}: not empty and not a state folder (it has no file 'format'); empty it or name another by {HOME_VARIABLE}"
        )
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker.write_text(f"{FORMAT}\n")


def _write_once(path: Path, text: str) -> None:
    """A file of mode 0600 that is whole as soon as it is there; of two writers the first counts."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        Path(temporary).unlink()
