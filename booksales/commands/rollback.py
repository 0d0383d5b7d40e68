"""`booksales rollback`: serve an earlier publication, and keep serving it until told to go on."""

import argparse
from dataclasses import asdict

from booksales.commands import Verbs, add_json, add_verb, as_json, whole_number
from booksales.warehouse_of import warehouse_of
from jobs_config.errors import ConfigError, ExitCode, RefusedError
from jobs_config.state import StateFolder, open_state
from spark_jobs.control.lease import Lease, open_lease
from spark_jobs.control.run_ledger import RunLedger
from warehouse.publication import DamagedPublicationError, Publication, RollbackError, to_roll_back_to
from warehouse.warehouses import Warehouse


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "rollback", "serve an earlier publication, and no later one until --resume", run,
        "booksales rollback", "booksales rollback 12", "booksales rollback --resume",
    )  # fmt: skip
    verb.add_argument(
        "generation", nargs="?", type=whole_number(1, 2**63 - 1), help="a kept generation (default: the one before)"
    )
    verb.add_argument("--resume", action="store_true", help="serve the newest again, and those that follow")
    verb.add_argument("--dry-run", action="store_true", help="list the kept generations, and do nothing")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    if arguments.resume and arguments.generation is not None:
        raise ConfigError("--resume serves the newest generation; leave the number out")
    state = open_state()
    warehouse = warehouse_of(state)
    served = warehouse.serving()
    if arguments.dry_run:
        kept = warehouse.kept()
        if arguments.generation is not None:
            _check_kept(arguments.generation, served.generation, kept)
        values = {"kept": kept, "served": served.generation, "pinned": served.pinned}
        said = f"kept: {', '.join(map(str, kept))}; served: {served.generation}{', pinned' if served.pinned else ''}"
        print(as_json(values) if arguments.json else said)
        return ExitCode.DONE
    with open_lease(state.ledger_url, str(state.lock_file), "rollback") as lease:
        publication = _change(state, warehouse, lease, arguments.generation, arguments.resume)
    if arguments.json:
        print(as_json({**asdict(publication), "pinned": not arguments.resume}))
    else:
        print(_sentence(publication, arguments.resume))
    return ExitCode.DONE


def _check_kept(generation: int, served: int, kept: list[int]) -> None:
    try:
        to_roll_back_to(generation, served, kept)
    except RollbackError as error:
        raise RefusedError(str(error)) from error


def _change(
    state: StateFolder, warehouse: Warehouse, lease: Lease, generation: int | None, wants_newest: bool
) -> Publication:
    """Move the pointer; the ledger says so, as of every run."""
    ledger = RunLedger(state.ledger_url, lease)
    newest = warehouse.newest_run()
    run_seq = ledger.start("resume" if wants_newest else "rollback", "", newest, newest)
    lease.confirm()
    try:
        publication = warehouse.resume() if wants_newest else warehouse.roll_back(generation)
    except (RollbackError, DamagedPublicationError) as error:
        ledger.finish(run_seq, "failed", str(error))
        raise RefusedError(str(error)) from error
    ledger.finish(run_seq, "done", f"generation {publication.generation} serves")
    return publication


def _sentence(publication: Publication, resumed: bool) -> str:
    served = f"generation {publication.generation} of run {publication.run_seq} serves, data through {publication.data_through}"
    return served if resumed else f"{served}; later runs build and do not serve until `booksales rollback --resume`"
