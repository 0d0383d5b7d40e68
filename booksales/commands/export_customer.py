"""`booksales export-customer`: give a person what is held about them."""

import argparse
from pathlib import Path

from booksales.commands import Verbs, add_verb, as_json
from booksales.commands.people import add_people, named_people, open_customer_data
from booksales.local_stack.files import write_new
from jobs_config.errors import ExitCode, RefusedError
from jobs_config.settings import load_settings
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "export-customer", "give a person what is held about them, as JSON", run,
        "booksales export-customer 4711", "booksales export-customer --email --output customer.json",
    )  # fmt: skip
    add_people(verb, several=False)
    verb.add_argument("--output", metavar="FILE", help="a new file, of mode 0600 (default: standard output)")


def run(arguments: argparse.Namespace) -> int:
    state, settings = open_state(), load_settings()
    ids = [arguments.customer] if arguments.customer is not None else []
    with open_customer_data(state, settings) as data:
        people = named_people(data, ids, arguments.email)
        if not any(person.is_held for person in people):
            erased = any(person.is_suppressed for person in people)
            why = ", who was erased: the list of suppressions alone knows them" if erased else "; check the number"
            raise RefusedError(f"nothing is held of this customer{why}")
        text = as_json([data.everything(person, settings) for person in people])
    if arguments.output is None:
        print(text)
    else:
        write_new(Path(arguments.output), f"{text}\n".encode())
    return ExitCode.DONE
