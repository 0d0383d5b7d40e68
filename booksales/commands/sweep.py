"""`booksales sweep`: a sync that looks at every row of every table, and compares content with the shop."""

import argparse

from booksales.commands import Verbs, add_verb
from booksales.commands.sync import add_options, run_as


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "sweep", "a sync that looks at every row of every table, and compares content", run,
        "booksales sweep", "booksales sweep --dry-run",
    )  # fmt: skip
    add_options(verb)


def run(arguments: argparse.Namespace) -> int:
    return run_as("sweep", arguments)
