"""`booksales sync`: bring lake and warehouse up to what the shop holds now."""

import argparse

from booksales.commands import Verbs, add_verb, as_json, as_table
from booksales.commands.jobs import add_approval, add_run_options, run_and_report
from booksales.pipeline import find_source, plan_pipeline
from jobs_config.errors import ExitCode
from jobs_config.loader import load_source
from jobs_config.settings import Settings, load_settings
from jobs_config.state import StateFolder, open_state

PLAN_COLUMNS = ("table", "read", "new", "changed", "gone", "quarantined")


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "sync", "bring lake and warehouse up to what the shop holds now", run,
        "booksales sync", "booksales sync --dry-run",
    )  # fmt: skip
    add_options(verb)


def add_options(verb: argparse.ArgumentParser) -> None:
    """The options that sync and sweep share."""
    verb.add_argument(
        "--dry-run", action="store_true", help="show what is new, changed and gone by table; change nothing"
    )
    add_approval(verb)
    add_run_options(verb)


def run(arguments: argparse.Namespace) -> int:
    return run_as("sync", arguments)


def run_as(command: str, arguments: argparse.Namespace) -> int:
    """Run sync or sweep as the arguments ask."""
    state, settings = open_state(), load_settings()
    load_source(settings.source)
    if arguments.dry_run:
        return _show_plan(command, state, settings, arguments)
    flags = ["--approve-deletes"] if arguments.approve_deletes else []
    return run_and_report(state, settings, command, flags, find_source(state, settings), arguments)


def _show_plan(command: str, state: StateFolder, settings: Settings, arguments: argparse.Namespace) -> int:
    code, plan = plan_pipeline(state, settings, command, find_source(state, settings), arguments.verbose)
    if code != ExitCode.DONE:
        return code
    if arguments.json:
        print(as_json(plan))
    else:
        print(as_table(list(PLAN_COLUMNS), [[entry[name] for name in PLAN_COLUMNS] for entry in plan]))
        print("nothing was touched; what only a comparison of counts or content shows is not in this table")
    return ExitCode.DONE
