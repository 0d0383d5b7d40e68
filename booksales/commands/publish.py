"""`booksales publish`: publish the lake's gold tables again, as a new warehouse generation."""

import argparse

from booksales.commands import Verbs, add_verb
from booksales.commands.jobs import add_run_options, run_and_report
from jobs_config.settings import load_settings
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "publish", "publish the gold tables again, as a new warehouse generation", run, "booksales publish"
    )
    add_run_options(verb)


def run(arguments: argparse.Namespace) -> int:
    state = open_state()
    return run_and_report(state, load_settings(), "publish", [], None, arguments)
