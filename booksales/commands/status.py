"""`booksales status`: what is there and what is served, in a few lines."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from booksales.commands import Verbs, add_json, add_verb, as_json
from booksales.commands.runs import as_shown, shown_state
from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.warehouse_of import warehouse_of
from jobs_config.errors import ExitCode
from jobs_config.state import StateFolder, open_state
from spark_jobs.control.run_ledger import RunLedger
from warehouse.publication import DamagedPublicationError, NoPublicationError, Publication, PublicationError


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "status", "say what is there and what is served", run, "booksales status", "booksales status --json"
    )
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    state = open_state()
    publication, fault = _served_or_fault(state)
    last = next(iter(RunLedger(state.ledger_url).runs(1)), None)
    source = EmbeddedPostgres(state).status()
    pinned, kept = _pinned_and_kept(state)
    if arguments.json:
        values = {
            "state_folder": state.root,
            "embedded_source": asdict(source),
            "last_run": as_shown(state, last) if last else None,
            "publication": asdict(publication) if publication else None,
            "fault": fault or None,
            "is_pinned": pinned,
            "kept_generations": kept,
        }
        print(as_json(values))
        return ExitCode.ATTENTION if fault else ExitCode.DONE
    print(f"state folder   {state.root}")
    print(f"embedded shop  {'runs: ' + source.url if source.running else 'does not run'}")
    print(f"last run       {_run_in_words(state, last) if last else 'none'}")
    held = "; pinned: later runs do not serve until `booksales rollback --resume`" if pinned else ""
    print(f"served         {fault or _described(publication)}{held}")
    print(f"kept           generations {', '.join(map(str, kept)) or 'none'}")
    return ExitCode.ATTENTION if fault else ExitCode.DONE


def _served_or_fault(state: StateFolder) -> tuple[Publication | None, str]:
    """What serves, or what is wrong with it; neither before the first publication."""
    try:
        return _current(state), ""
    except DamagedPublicationError as error:
        return None, str(error)
    except NoPublicationError:
        return None, ""


def _current(state: StateFolder) -> Publication:
    reading = warehouse_of(state).current()
    reading.release()
    return reading.publication


def served(state: StateFolder) -> Publication | None:
    """The publication that serves, or None."""
    try:
        return _current(state)
    except (NoPublicationError, DamagedPublicationError):
        return None


def _run_in_words(state: StateFolder, run: Mapping[Any, Any]) -> str:
    return f"{run['run_seq']} {run['kind']}: {shown_state(state, run)} {run['detail']}".rstrip()


def _pinned_and_kept(state: StateFolder) -> tuple[bool, list[int]]:
    """Whether a rollback holds the publication that serves, and what is kept; a warehouse that does not answer says neither."""
    warehouse = warehouse_of(state)
    try:
        kept = warehouse.kept()
        return warehouse.serving().pinned, kept
    except NoPublicationError:
        return False, kept
    except PublicationError:
        return False, []


def _described(publication: Publication | None) -> str:
    if publication is None:
        return "nothing yet; `booksales reload` publishes"
    return (
        f"generation {publication.generation} of run {publication.run_seq}: {publication.sale_count:,} sale lines, "
        f"data through {publication.data_through}, published {publication.published_at:%Y-%m-%d %H:%M} UTC"
    )
