"""What is said of an error that nobody foresaw: one line, and the whole of it in a log."""

import os
import traceback
from datetime import UTC, datetime

from jobs_config.state import StateFolder, state_home

TRACE_VARIABLE = "BOOKSALES_TRACE"
LOG = "errors.log"
LONGEST = 300


def in_one_line(verb: str, error: Exception) -> str:
    """The kind of error, what it says, and where the rest is; the trace itself with BOOKSALES_TRACE=1."""
    trace = "".join(traceback.format_exception(error))
    said = f"{type(error).__name__}: {' '.join(str(error).split())[:LONGEST] or 'no message'}"
    if os.environ.get(TRACE_VARIABLE) == "1":
        return f"{said}\n{trace.rstrip()}"
    return f"{said}. This was not foreseen; {_kept(verb, trace)}"


def _kept(verb: str, trace: str) -> str:
    log = StateFolder(state_home()).logs / LOG
    try:
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} booksales {verb}\n{trace}\n")
    except OSError:
        return f"{TRACE_VARIABLE}=1 shows where it came from"
    return f"{log} says where it came from"
