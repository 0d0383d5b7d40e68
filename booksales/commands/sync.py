"""`booksales sync`: bring lake and warehouse up to what the shop holds now."""

import argparse
from collections.abc import Sequence

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
    """The options that sync, sweep and backfill share."""
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
    return run_or_plan(state, settings, command, [], arguments)


def run_or_plan(
    state: StateFolder, settings: Settings, command: str, flags: Sequence[str], arguments: argparse.Namespace
) -> int:
    """Run a command of this kind, or show what it would do."""
    source = find_source(state, settings)
    if not arguments.dry_run:
        approval = ["--approve-deletes"] if arguments.approve_deletes else []
        return run_and_report(state, settings, command, [*flags, *approval], source, arguments)
    code, plan = plan_pipeline(state, settings, command, source, arguments.verbose, flags)
    if code != ExitCode.DONE:
        return code
    if arguments.json:
        print(as_json(plan))
        return ExitCode.DONE
    print(as_table(list(PLAN_COLUMNS), [[entry[name] for name in PLAN_COLUMNS] for entry in plan]))
    many = [str(entry["table"]) for entry in plan if entry["needs_approval"]]
    if many and not arguments.approve_deletes:
        print(f"the run would stop: of {', '.join(many)} more is gone than it takes away without --approve-deletes")
    print("nothing was touched")
    return ExitCode.DONE
