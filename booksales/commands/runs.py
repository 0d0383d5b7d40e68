"""`booksales runs`: what ran, and what came of it."""

import argparse
from collections.abc import Mapping
from typing import Any

from booksales.commands import Verbs, add_json, add_verb, as_json, as_table, whole_number
from jobs_config.errors import ConfigError, ExitCode
from jobs_config.state import StateFolder, open_state
from spark_jobs.control.lease import somebody_writes
from spark_jobs.control.run_ledger import RunLedger

LARGEST_RUN = 2**63 - 1
MOST_RUNS = 10_000


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs,
        "runs",
        "list the newest runs, or show one",
        run,
        "booksales runs",
        "booksales runs --limit 5 --json",
        "booksales runs 3",
    )
    verb.add_argument(
        "run_seq", nargs="?", type=whole_number(1, LARGEST_RUN), metavar="RUN", help="show this run's jobs and checks"
    )
    verb.add_argument(
        "--limit", type=whole_number(1, MOST_RUNS), default=20, help="how many runs to list (default: 20)"
    )
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    state = open_state()
    ledger = RunLedger(state.ledger_url)
    if arguments.run_seq is not None:
        return _show(state, ledger, arguments.run_seq, arguments.json)
    rows = ledger.runs(arguments.limit)
    if arguments.json:
        print(as_json([as_shown(state, row) for row in rows]))
    elif rows:
        print(as_table(["run", "kind", "state", "started", "detail"], [_line(state, row) for row in rows]))
    else:
        print("no runs yet; `booksales reload` makes the first")
    return ExitCode.DONE


def shown_state(state: StateFolder, row: Mapping[Any, Any]) -> str:
    """A run's state in words; one that was killed had no time to say so, and the next run will close it."""
    was_killed = row["state"] == "running" and not somebody_writes(state.ledger_url, state.lock_file)
    return "ended without a word" if was_killed else str(row["state"])


def as_shown(state: StateFolder, row: Mapping[Any, Any]) -> dict[str, Any]:
    """A run for a program to read, with the state that a person would be told."""
    return {**row, "state": shown_state(state, row)}


def _line(state: StateFolder, row: Mapping[Any, Any]) -> list[object]:
    return [
        row["run_seq"],
        row["kind"],
        shown_state(state, row),
        row["started_at"][:19].replace("T", " "),
        row["detail"][:100],
    ]


def _show(state: StateFolder, ledger: RunLedger, run_seq: int, wants_json: bool) -> int:
    found = ledger.run(run_seq)
    if found is None:
        raise ConfigError(f"no run {run_seq}; `booksales runs` lists those there are")
    steps, failed = ledger.steps(run_seq), [row for row in ledger.quality(run_seq) if row["failed_rows"]]
    if wants_json:
        print(
            as_json(
                {
                    "run": as_shown(state, found),
                    "jobs": [dict(row) for row in steps],
                    "failed_checks": [dict(row) for row in failed],
                }
            )
        )
        return ExitCode.DONE
    ended = f" to {found['finished_at'][:19]}" if found["finished_at"] else ""
    print(f"run {run_seq}: {found['kind']}, {shown_state(state, found)}, {found['started_at'][:19]}{ended} UTC")
    if found["detail"]:
        print(found["detail"])
    titles = ["table_name", "rows_read", "rows_written", "rows_quarantined"]
    if any(row["rows_inserted"] is not None for row in steps):
        titles += ["rows_inserted", "rows_updated", "rows_deleted"]
    if steps:
        lines = [[row["name"], *("" if row[title] is None else row[title] for title in titles)] for row in steps]
        print(as_table(["job", *titles], lines))
    for row in failed:
        print(
            f"{row['level']}: {row['table_name']}: {row['failed_rows']:,} of {row['checked_rows']:,} rows fail {row['expectation']}"
        )
    return ExitCode.DONE
