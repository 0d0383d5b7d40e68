"""`booksales erase-customer`: remove a person's data from everywhere, for good."""

import argparse
import json
from collections.abc import Sequence

from booksales.commands import Verbs, add_json, add_verb, as_json, as_table, confirmed
from booksales.commands.jobs import newest_run
from booksales.commands.people import add_people, named_people, open_customer_data
from booksales.customer_data import Person
from booksales.local_stack.files import write_anew
from booksales.pipeline import run_pipeline
from booksales.warehouse_of import warehouse_of
from jobs_config.errors import ConfigError, ExitCode, RefusedError
from jobs_config.settings import Settings, load_settings
from jobs_config.state import StateFolder, open_state
from spark_jobs.control.run_ledger import RunLedger
from warehouse.publication import NoPublicationError

WORD = "erase"


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "erase-customer", "remove a person's data from lake and warehouse, for good", run,
        "booksales erase-customer 4711 4712", "booksales erase-customer --email", "booksales erase-customer 4711 --dry-run",
        "booksales erase-customer --resume",
    )  # fmt: skip
    add_people(verb, several=True)
    verb.add_argument("--resume", action="store_true", help="finish an erasure that did not get through; name nobody")
    verb.add_argument("--unknown-too", action="store_true", help="keep out an id that nothing is held of yet")
    verb.add_argument("--dry-run", action="store_true", help="say how much is held where; touch nothing")
    verb.add_argument("--yes", action="store_true", help="do not ask before erasing")
    verb.add_argument("--verbose", action="store_true", help="log every step")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    state, settings = open_state(), load_settings()
    if arguments.resume and (arguments.customer or arguments.email):
        raise ConfigError("--resume finishes what an earlier call named; name nobody")
    people, held = _look_up(state, settings, arguments)
    if arguments.dry_run:
        print(as_json({"people": len(people), "held": held}) if arguments.json else _table(people, held))
        return ExitCode.DONE
    if not arguments.yes and not confirmed(_warning(state, people), WORD):
        return ExitCode.REFUSED
    before = newest_run(state)
    code = _erase(state, settings, people, arguments.verbose)
    if arguments.json:
        print(as_json(_outcome(state, before)))
    return code


def _look_up(
    state: StateFolder, settings: Settings, arguments: argparse.Namespace
) -> tuple[list[Person], dict[str, int]]:
    """Who is to go, and how much is held of them where. Raises RefusedError for somebody of whom nothing is known."""
    if arguments.resume:
        return [], {}
    with open_customer_data(state, settings) as data:
        people = named_people(data, arguments.customer, arguments.email)
        unknown = [person for person in people if not person.is_held and not person.is_suppressed]
        if unknown and not arguments.unknown_too:
            listed = ", ".join(str(person.customer_id) for person in unknown)
            raise RefusedError(
                f"nothing is held of customer {listed}; check the number, or keep whoever has it out by --unknown-too"
            )
        return people, data.held(people)


def _table(people: Sequence[Person], held: dict[str, int]) -> str:
    rows: list[list[object]] = [[place, count] for place, count in held.items()]
    known = sum(person.is_suppressed for person in people)
    return (
        f"{as_table(['place', 'held'], rows)}\n{len(people)} people, {known} of them erased before; nothing was touched. "
        "What earlier versions of a table still hold is not counted, and is removed too"
    )


def _warning(state: StateFolder, people: Sequence[Person]) -> str:
    whom = f"The data of {len(people)} people" if people else "What is left of people who were erased"
    try:
        pinned = warehouse_of(state).serving().pinned
    except NoPublicationError:
        pinned = False
    let_go = " The rollback ends: the generation that is pinned holds them." if pinned else ""
    return f"{whom} will be removed for good, and with it every earlier generation and every earlier version of their tables.{let_go}"


def _erase(state: StateFolder, settings: Settings, people: Sequence[Person], verbose: bool) -> int:
    """Run the job; who it is about goes there in a private file, which does not stay."""
    if not people:
        return run_pipeline(state, settings, "erase", [], None, verbose)
    path = state.temporary / "people.json"
    try:
        write_anew(path, json.dumps([person.digest for person in people]).encode())
        return run_pipeline(state, settings, "erase", [f"--people-file={path}"], None, verbose)
    finally:
        path.unlink(missing_ok=True)


def _outcome(state: StateFolder, before: int) -> dict[str, object]:
    """The run that was just made, and what it removed where; {} where it was refused before it began."""
    ledger = RunLedger(state.ledger_url)
    last = next((row for row in ledger.runs(1) if row["run_seq"] > before), None)
    if last is None:
        return {}
    steps = [row for row in ledger.steps(last["run_seq"]) if row["name"].startswith("erase ")]
    names = ("table_name", "rows_updated", "rows_deleted")
    return {"run": dict(last), "removed": [{name: row[name] for name in names} for row in steps]}
