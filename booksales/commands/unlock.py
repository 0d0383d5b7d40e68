"""`booksales unlock`: who holds the writer's lease, and, on a PostgreSQL ledger, how to take it from a holder that is gone."""

import argparse
from dataclasses import asdict
from pathlib import Path

from booksales.commands import Verbs, add_json, add_verb, as_json, confirmed
from booksales.local_stack.processes import processes_with_open
from jobs_config.errors import ConfigError, ExitCode, RefusedError
from jobs_config.state import open_state
from spark_jobs.control.database import is_server
from spark_jobs.control.lease import FileHolder, file_holder, is_held
from spark_jobs.control.lease_row import RowHolder, row_holder, take_away
from spark_jobs.main import beside_ledger

NOBODY = "nobody holds the writer's lease; there is nothing to unlock"


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "unlock", "say who holds the writer's lease, and take it from a holder that is gone", run,
        "booksales unlock", "booksales unlock --json",
        "booksales unlock --ledger postgresql+psycopg2://ops@db.example.com/control --force",
    )  # fmt: skip
    verb.add_argument("--ledger", default="", metavar="URL", help="the run ledger (default: the setting ledger_url)")
    verb.add_argument(
        "--force", action="store_true", help="take the lease away, so that its holder commits nothing more"
    )
    verb.add_argument("--yes", action="store_true", help="do not ask before the lease is taken away")
    verb.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    state = open_state()
    ledger_url = arguments.ledger or state.ledger_url
    if is_server(ledger_url):
        return _unlock_row(ledger_url, arguments)
    lock_file = beside_ledger(ledger_url)
    if not lock_file:
        raise ConfigError("a run ledger in memory has no lease; name one that is a file or a server's database")
    return _explain_file(Path(lock_file), arguments)


def _explain_file(path: Path, arguments: argparse.Namespace) -> int:
    """A locked file is freed by the system, with the last process that has it open; there is nothing to take away."""
    holder, held = file_holder(path), is_held(path)
    held_by = processes_with_open(path) if held else {}
    is_alive = holder is not None and holder.process in held_by
    sentence = _file_in_words(holder, held_by, is_alive) if held else _left_behind(holder)
    if arguments.json:
        told = {**asdict(holder), "is_alive": is_alive} if holder else None
        print(as_json({"lease": "file", "is_held": held, "holder": told, "processes": held_by}))
    if not held or arguments.dry_run:
        if not arguments.json:
            print(sentence)
        return ExitCode.DONE
    raise RefusedError(sentence)


def _file_in_words(holder: FileHolder | None, held_by: dict[int, str], is_alive: bool) -> str:
    numbers = " ".join(map(str, held_by))
    if holder and is_alive:
        return f"{holder} and holds the lease. End it by Ctrl-C where it runs, or by `kill {holder.process}`: the lease goes with it"
    if not held_by:
        return f"the lease is held by a process of another user{f'; {holder}' if holder else ''}. It goes with that process"
    listed = ", ".join(f"{number} ({name})" for number, name in held_by.items())
    gone = (
        f"`booksales {holder.purpose}` of {holder.since} (process {holder.process}) has ended, but " if holder else ""
    )
    return (
        f"{gone}what it started still holds the lease: process {listed}. It should end by itself; else `kill {numbers}`"
    )


def _left_behind(holder: FileHolder | None) -> str:
    if holder is None:
        return NOBODY
    return f"{NOBODY} (the last holder, `booksales {holder.purpose}` of {holder.since}, process {holder.process}, has let it go)"


def _unlock_row(ledger_url: str, arguments: argparse.Namespace) -> int:
    holder = row_holder(ledger_url)
    if holder and holder.is_live and not arguments.force and not arguments.dry_run:
        _tell(holder, None, arguments, "")
        raise RefusedError(
            f"{_row_in_words(holder)}. Wait for it, or end it where it runs; if it is gone for certain, --force takes the lease away"
        )
    if holder is None or not arguments.force or arguments.dry_run:
        return _tell(holder, None, arguments, _what_would_be(holder, arguments.force))
    if not arguments.yes:
        if not arguments.json:
            print(_row_in_words(holder))
        if not confirmed("If its process still runs, all it does from here on is lost.", "unlock"):
            return ExitCode.REFUSED
    fence = take_away(ledger_url, holder)
    if fence is None:
        raise RefusedError("the lease has changed hands in this moment, and was left alone; look again")
    taken = f"the lease was taken away from {holder}: the fencing number is {fence}, so it commits nothing more"
    return _tell(holder, fence, arguments, taken)


def _what_would_be(holder: RowHolder | None, force: bool) -> str:
    if holder is None:
        return NOBODY
    if force:
        return f"{_row_in_words(holder)}; it would be taken away"
    if holder.is_live:
        return f"{_row_in_words(holder)}; it would not be taken away without --force"
    return f"{_row_in_words(holder)}; the next run takes it over by itself, so there is nothing to unlock"


def _row_in_words(holder: RowHolder) -> str:
    ends = "ends, unless it is renewed," if holder.is_live else "expired"
    return (
        f"{holder} holds the lease, renewed it at {holder.heartbeat_at:%Y-%m-%d %H:%M:%S} UTC, and it {ends} at "
        f"{holder.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    )


def _tell(holder: RowHolder | None, fence: int | None, arguments: argparse.Namespace, sentence: str) -> int:
    if arguments.json:
        is_held = holder is not None and fence is None
        told = asdict(holder) if holder else None
        print(
            as_json(
                {"lease": "row", "is_held": is_held, "holder": told, "taken_away": fence is not None, "fence": fence}
            )
        )
    elif sentence:
        print(sentence)
    return ExitCode.DONE
