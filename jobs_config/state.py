"""The state folder: everything one installation keeps, and the only place that names its parts.

Deleting the folder resets everything. Its format number changes when a newer version could not read an older folder.
"""

import os
import secrets
import stat
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
class Use:
    """What was made with a secret, as a pattern below the state folder, and what to do where no copy of it is left."""

    pattern: str
    advice: str


ACCEPT = "to accept that, write 64 hexadecimal digits into the file"
NEW_SHOP = "Without one, delete the folder source, and `booksales generate` makes the shop anew"
MADE_WITH = {
    "pseudonym_key": Use("lake/silver/customers", f"With another key every customer is a new one; {ACCEPT}"),
    "landing_key": Use(
        "lake/bronze/*/run=*/records", f"Without it nobody can read the raw CSV records of earlier imports; {ACCEPT}"
    ),
    "source_owner_password": Use("source/server/data", NEW_SHOP),
    "source_reader_password": Use("source/server/data", NEW_SHOP),
}


@dataclass(frozen=True)
class StateFolder:
    """Paths below one state folder. Make one with `open_state`, which checks format and permissions."""

    root: Path

    @property
    def lake(self) -> str:
        """The root of the lake: a folder of the folder, unless the setting names a place on S3."""
        return load_settings().lake or str(self.root / "lake")

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

    @property
    def accounts_url(self) -> str:
        return f"sqlite:///{self.root / 'accounts.db'}"

    @property
    def audit_url(self) -> str:
        return f"sqlite:///{self.root / 'audit.db'}"

    @property
    def audit_heads(self) -> Path:
        return self.root / "audit_heads"

    @property
    def token_keys(self) -> Path:
        return self.root / "token_keys"

    def secret(self, name: str) -> str:
        """The generated secret of that name: 256 random bits as hex, made on first use, in a file of mode 0600.

        Raises ConfigError where it is lost: what was made with it is there, and a new one would not fit.
        """
        path = self.root / "secrets" / name
        if not path.exists():
            self._refuse_a_new(name, path)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write_once(path, secrets.token_hex(32) + "\n")
        return path.read_text().strip()

    def _refuse_a_new(self, name: str, path: Path) -> None:
        use = MADE_WITH.get(name)
        made = next(self.root.glob(use.pattern), None) if use else None
        if use and made:
            raise ConfigError(f"{path}: lost, while {made} was made with it; put back a copy. {use.advice}")


def keep_files_private() -> None:
    """From here on, what this process and its children make is its owner's alone."""
    os.umask(0o077)


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
        if not marker.exists() or not marker.read_text().strip():
            _create(state.root, marker)
        found = marker.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(state, error) from error
    if found != str(FORMAT):
        raise ConfigError(
            f"{state.root}: the state folder has format {found!r}, this version reads format {FORMAT}; "
            f"use the version that wrote it, or name another folder by {HOME_VARIABLE}"
        )
    try:
        # What needs no change is left alone, so that a folder that may only be read can be.
        if stat.S_IMODE(state.root.stat().st_mode) != 0o700:
            state.root.chmod(0o700)
        for folder in (state.root / "lake", state.warehouse, state.landing, state.reports, state.logs, state.temporary):
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _unusable(state, error) from error
    return state


def _unusable(state: StateFolder, error: Exception) -> ConfigError:
    return ConfigError(f"{state.root}: the state folder cannot be used ({error}); name another by {HOME_VARIABLE}")


def _create(root: Path, marker: Path) -> None:
    if marker.exists():
        if any(path.is_file() and path != marker for path in root.rglob("*")):
            raise ConfigError(
                f"{marker}: empty, as a full disk may have left it; where this version made the folder, write {FORMAT} into the "
                f"file, else name another folder by {HOME_VARIABLE}"
            )
        marker.unlink()
    elif root.exists() and any(root.iterdir()):
        raise ConfigError(
            f"{root}: not empty and not a state folder (it has no file 'format'); empty it or name another by {HOME_VARIABLE}"
        )
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_once(marker, f"{FORMAT}\n")


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
