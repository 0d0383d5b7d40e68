"""`booksales reload`: rebuild lake and warehouse from the shop as of one moment."""

import argparse

from booksales.commands import Verbs, add_verb, as_json, as_table, confirmed
from booksales.commands.jobs import add_run_options, run_and_report
from booksales.pipeline import find_source
from jobs_config.errors import ExitCode
from jobs_config.loader import load_source
from jobs_config.model import SourceMapping
from jobs_config.settings import Settings, load_settings
from jobs_config.state import StateFolder, open_state
from spark_jobs.extract.connection import SourceAddress, parse_address
from spark_jobs.options import RunOptions
from spark_jobs.plan_reload import plan_reload
from warehouse.contract import tables_of


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "reload", "rebuild lake and warehouse from the shop, as of one moment", run,
        "booksales reload", "booksales reload --dry-run",
        "BOOKSALES_SOURCE_URL=postgresql://reader@db.example.com/shop BOOKSALES_SOURCE=my_shop.yaml booksales reload",
    )  # fmt: skip
    verb.add_argument("--dry-run", action="store_true", help="show tables, partitions, rows and sizes; touch nothing")
    verb.add_argument("--discard-history", action="store_true", help="forget earlier book versions and surrogate keys")
    verb.add_argument("--yes", action="store_true", help="do not ask before history is discarded")
    add_run_options(verb)


def run(arguments: argparse.Namespace) -> int:
    state, settings = open_state(), load_settings()
    mapping = load_source(settings.source)
    source = find_source(state, settings)
    address = parse_address(source.url, source.password)
    if arguments.dry_run:
        return _show_plan(state, settings, mapping, address, arguments.json)
    asks = arguments.discard_history and not arguments.yes
    if asks and not confirmed("Every earlier version of every book will be forgotten.", "discard"):
        return ExitCode.REFUSED
    flags = ["--discard-history"] if arguments.discard_history else []
    return run_and_report(state, settings, "reload", flags, source, arguments)


def _show_plan(
    state: StateFolder, settings: Settings, mapping: SourceMapping, address: SourceAddress, wants_json: bool
) -> int:
    plan = plan_reload(
        RunOptions(state.lake, state.warehouse, state.reports, state.ledger_url, settings, mapping, address, b"")
    )
    if wants_json:
        print(as_json(plan))
        return ExitCode.DONE
    titles = ["table", "writes", "rows", "partitions", "bytes"]
    print(as_table(titles, [[entry[title] for title in titles] for entry in plan]))
    print(f"then the star ({len(tables_of('gold'))} gold tables) and a new warehouse generation; nothing was touched")
    return ExitCode.DONE
