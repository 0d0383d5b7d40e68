"""`booksales maintain`: keep lake and warehouse small and quick."""

import argparse

from booksales.commands import Verbs, add_json, add_verb, as_json, as_table
from booksales.commands.jobs import run_and_report
from booksales.pipeline import plan_pipeline
from jobs_config.errors import ExitCode
from jobs_config.settings import load_settings
from jobs_config.state import open_state

COLUMNS = ("part", "action", "files", "bytes")


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "maintain", "join small files of the lake, and remove what is past its time", run,
        "booksales maintain", "booksales maintain --dry-run",
    )  # fmt: skip
    verb.add_argument("--dry-run", action="store_true", help="show what would be removed; touch nothing")
    verb.add_argument("--verbose", action="store_true", help="log what is done to every table")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    state, settings = open_state(), load_settings()
    if arguments.dry_run:
        code, plan = plan_pipeline(state, settings, "maintain", None, arguments.verbose)
        if code == ExitCode.DONE:
            print(as_json(plan) if arguments.json else _shown(plan))
        return code
    return run_and_report(state, settings, "maintain", [], None, arguments)


def _shown(plan: list[dict[str, object]]) -> str:
    if not plan:
        return "nothing is past its time"
    return as_table(list(COLUMNS), [[entry[name] for name in COLUMNS] for entry in plan])
