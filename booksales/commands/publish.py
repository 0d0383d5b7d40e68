"""`booksales publish`: publish the lake's gold tables again, as a new warehouse generation."""

import argparse

from booksales.commands import Verbs, add_json, add_verb
from booksales.commands.runs import newest_run, print_report
from booksales.pipeline import run_pipeline
from jobs_config.settings import load_settings
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "publish", "publish the gold tables again, as a new warehouse generation", run, "booksales publish"
    )
    verb.add_argument("--verbose", action="store_true", help="log every job")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    state = open_state()
    before = newest_run(state)
    code = run_pipeline(state, load_settings(), "publish", [], None, arguments.verbose)
    if arguments.json:
        print_report(state, before)
    return code
