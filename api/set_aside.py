"""Records that are aside, masked, as `booksales quarantine show` tells of them: the API does not read the lake itself."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Sequence
from typing import Any

from api.child_jobs import COMMAND
from api.jobs import JobError
from jobs_config.state import HOME_VARIABLE, StateFolder

PATIENCE_SECONDS = 60
SHOWN = ("source", "table_name", "run_seq", "row_key", "reasons", "record")
# The key of a row here is a person's id at the shop.
ABOUT_PEOPLE = "silver.customers"


class SetAside:
    """Asks the command line, one question at a time: each is a process of its own."""

    def __init__(self, state: StateFolder, command: Sequence[str] = COMMAND) -> None:
        self._state = state
        self._command = command
        self._lock = threading.Lock()

    def records(self, run_seq: int | None, limit: int) -> list[dict[str, Any]]:
        """Records with their reasons, of a run or of whatever run. Raises JobError where the lake cannot be read now."""
        line = ["quarantine", "show", "--json", f"--limit={limit}", *([] if run_seq is None else [f"--run={run_seq}"])]
        with self._lock:
            try:
                told = subprocess.run(
                    [*self._command, *line],
                    env={**os.environ, HOME_VARIABLE: str(self._state.root)},
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=PATIENCE_SECONDS,
                    check=True,
                )
                found = json.loads(told.stdout)
            except (subprocess.SubprocessError, ValueError) as error:
                raise JobError("the quarantine cannot be read now; `booksales quarantine show` says why") from error
        return [_shown(record) for record in found]


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    shown = {name: record[name] for name in SHOWN}
    if shown["table_name"] == ABOUT_PEOPLE:
        shown["row_key"] = re.sub(r"\w", "x", shown["row_key"])
    return shown
