"""The one exception of the local stack, and the log lines that explain it."""

from pathlib import Path

from jobs_config.errors import BooksalesError

LINES_SHOWN = 15


class LocalStackError(BooksalesError):
    """PostgreSQL, Java, a jar or a process of the local stack is not as it must be."""


def last_lines(text: str, count: int = LINES_SHOWN) -> str:
    """The last lines that say something, indented for a message."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-count:]) or "    (nothing)"


def log_since(log: Path, offset: int) -> str:
    """What was written to a log file after its first `offset` bytes."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(offset)
        return file.read().decode(errors="replace")
