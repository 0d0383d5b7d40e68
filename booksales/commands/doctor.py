"""`booksales doctor`: can this machine run the product?"""

import argparse
from dataclasses import asdict

from booksales.commands import Verbs, add_json, add_verb, as_json
from booksales.local_stack.doctor import checks, render
from jobs_config.errors import ExitCode
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "doctor", "check what this machine has and lacks", run, "booksales doctor", "booksales doctor --json"
    )
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    found = checks(open_state())
    print(as_json([asdict(check) for check in found]) if arguments.json else render(found))
    return ExitCode.DONE if all(check.ok for check in found) else ExitCode.FAILED
