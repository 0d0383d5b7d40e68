"""Files that other processes may read, or own the folder of, while they are written."""

import os
from pathlib import Path

from jobs_config.errors import ConfigError


def write_in_one_step(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file so that nobody ever sees half of it."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    write_anew(unfinished, content, mode)
    unfinished.replace(path)


def write_new(path: Path, content: bytes) -> None:
    """Write a file for its owner alone. Raises ConfigError where there is one already, or none can be."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; name a file that is not there yet") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def write_anew(path: Path, content: bytes, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Replace whatever is at `path`, link or file, by a new file that belongs to `owner` (user and group id).

    Root must not write through a link that the owner of the folder may have put there.
    """
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        if owner:
            os.fchown(file.fileno(), *owner)
        file.write(content)
