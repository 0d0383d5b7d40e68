"""What the commit files of a Delta log say: who wrote what, and whether rows changed. Pure functions of their text.

The format is fixed by the Delta protocol: one JSON action per line.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

NOTE_KEY = "booksales"


@dataclass(frozen=True)
class Note:
    """What our own writes say about themselves, in the same commit as the rows, so that a crash cannot part them.

    `made_of` names what the table was built from: input tables with their data versions, and parameters. `days` are the business
    dates whose rows may differ from the version before; None where any may.
    """

    run_seq: int
    made_of: Mapping[str, str] = field(default_factory=dict)
    days: Sequence[date] | None = None

    def as_text(self) -> str:
        """As a commit's user metadata."""
        days = None if self.days is None else [day.isoformat() for day in self.days]
        return json.dumps({NOTE_KEY: {"run_seq": self.run_seq, "made_of": dict(self.made_of), "days": days}})


@dataclass(frozen=True)
class Commit:
    """One version of a table. `changes_data` is false for maintenance and for writes that found nothing to do."""

    version: int
    changes_data: bool
    note: Note | None


def parse_commit(version: int, text: str) -> Commit:
    """A commit file's content."""
    actions = [json.loads(line) for line in text.splitlines() if line.strip()]
    files = [action[kind] for action in actions for kind in ("add", "remove") if kind in action]
    info: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
    # The first version makes the table, with rows or without.
    changes_data = version == 0 or any(entry.get("dataChange", True) for entry in files)
    return Commit(version, changes_data, _note(info.get("userMetadata", "")))


def same_rows(commits: Iterable[Commit], version: int) -> int:
    """The newest version with the rows of `version`; `commits` come newest first.

    Maintenance writes the same rows into other files, and removes the files of old versions after a while.
    """
    newest = version
    for commit in commits:
        if commit.version <= version:
            break
        newest = commit.version - 1 if commit.changes_data else max(newest, commit.version)
    return newest


def _note(text: str) -> Note | None:
    try:
        said = json.loads(text)[NOTE_KEY]
    except (ValueError, TypeError, KeyError):
        return None
    days = None if said["days"] is None else [date.fromisoformat(day) for day in said["days"]]
    return Note(said["run_seq"], said["made_of"], days)
