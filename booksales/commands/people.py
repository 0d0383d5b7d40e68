"""How the verbs about people are told who: by the shop's customer ids, or by e-mail on standard input, which no process list shows."""

import argparse
import sys
from collections.abc import Sequence

from booksales.commands import whole_number
from booksales.customer_data import CustomerData, Person
from booksales.lake_files import LakeFiles
from jobs_config.errors import ConfigError, RefusedError
from jobs_config.loader import load_source
from jobs_config.settings import Settings
from jobs_config.state import StateFolder
from spark_jobs.extract.erased import check_mapping

LARGEST_ID = 2**63 - 1


def add_people(verb: argparse.ArgumentParser, several: bool) -> None:
    """The arguments that name a person, or several."""
    verb.add_argument(
        "customer",
        nargs="*" if several else "?",
        type=whole_number(1, LARGEST_ID),
        metavar="ID",
        help="the shop's customer id",
    )
    verb.add_argument(
        "--email", action="store_true", help="read e-mail addresses from standard input, one line, blanks between them"
    )


def open_customer_data(state: StateFolder, settings: Settings) -> CustomerData:
    """Raises SourceMappingError where a mapping does not tell which sale lines are a person's."""
    mapping = load_source(settings.source)
    check_mapping(mapping)
    lake, key = LakeFiles(state.lake), bytes.fromhex(state.secret("pseudonym_key"))
    return CustomerData(lake, state.warehouse, mapping.source, key)


def named_people(data: CustomerData, ids: Sequence[int], by_email: bool) -> list[Person]:
    """Who was named. Raises ConfigError unless it was in one way, RefusedError for an e-mail that nobody has."""
    if bool(ids) == by_email:
        raise ConfigError("name people by their customer ids, or by --email")
    if not by_email:
        return [data.by_id(number) for number in dict.fromkeys(ids)]
    print("e-mail: ", end="", file=sys.stderr, flush=True)
    emails = sys.stdin.readline().split()
    if not emails:
        raise ConfigError("no e-mail on standard input")
    found = [data.by_email(email) for email in emails]
    unknown = sum(not people for people in found)
    if unknown:
        raise RefusedError(
            f"{unknown} of {len(emails)} e-mails belong to nobody who is held; an erasure that did not get through is finished by "
            "`booksales erase-customer --resume`"
        )
    return list(dict.fromkeys(person for people in found for person in people))
