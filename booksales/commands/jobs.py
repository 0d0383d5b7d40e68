"""What verbs that run a job of the pipeline share: options, the run itself, and its report."""

import argparse
from collections.abc import Sequence

from booksales.commands import add_json, as_json
from booksales.pipeline import Source, run_pipeline
from jobs_config.settings import Settings
from jobs_config.state import StateFolder
from spark_jobs.control.run_ledger import RunLedger


def add_approval(verb: argparse.ArgumentParser) -> None:
    """Let a verb take away more than a run may unasked."""
    verb.add_argument(
        "--approve-deletes",
        action="store_true",
        help="take away more than 5 %% of a table, or all, if the shop lacks it",
    )


def add_run_options(verb: argparse.ArgumentParser) -> None:
    """Let a verb log every job, and report for programs."""
    verb.add_argument("--verbose", action="store_true", help="log every job")
    add_json(verb)


def run_and_report(
    state: StateFolder,
    settings: Settings,
    command: str,
    flags: Sequence[str],
    source: Source | None,
    arguments: argparse.Namespace,
) -> int:
    """Run one command of the pipeline; returns its exit code, and prints the run's report where JSON was asked for."""
    before = newest_run(state)
    code = run_pipeline(state, settings, command, flags, source, arguments.verbose)
    if arguments.json:
        print_report(state, before)
    return code


def newest_run(state: StateFolder) -> int:
    """The number of the newest run, 0 before the first."""
    return next((row["run_seq"] for row in RunLedger(state.ledger_url).runs(1)), 0)


def print_report(state: StateFolder, after: int) -> None:
    """The run that came after run `after`, as JSON: its report where it published, else its line in the ledger; {} for none."""
    last = next((row for row in RunLedger(state.ledger_url).runs(1) if row["run_seq"] > after), None)
    report = state.reports / f"run-{last['run_seq']:06d}.json" if last else None
    print(report.read_text().rstrip() if report and report.exists() else as_json(dict(last or {})))
