"""`booksales backfill`: read old days again, on purpose."""

import argparse
from datetime import date, timedelta

from booksales.commands import Verbs, add_verb
from booksales.commands.sync import add_options, run_or_plan
from jobs_config.errors import ConfigError
from jobs_config.loader import load_source
from jobs_config.settings import load_settings
from jobs_config.state import open_state

MOST_DAYS = 3_660
A_YEAR = timedelta(days=366)


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "backfill", "read old business dates again from the shop, and build them anew", run,
        "booksales backfill --from 2025-03-01 --until 2025-03-31",
        "booksales backfill --from 2025-03-01 --until 2025-03-01 --tables books customers",
        "booksales backfill --from 2025-03-01 --until 2025-03-31 --dry-run",
    )  # fmt: skip
    verb.add_argument(
        "--from", dest="first", type=_day, required=True, metavar="DATE", help="first business date, YYYY-MM-DD"
    )
    verb.add_argument(
        "--until", dest="last", type=_day, required=True, metavar="DATE", help="last business date, included"
    )
    verb.add_argument("--tables", nargs="+", metavar="TABLE", help="compare these tables as a whole too")
    add_options(verb)


def run(arguments: argparse.Namespace) -> int:
    state, settings = open_state(), load_settings()
    mapping = load_source(settings.source)
    _check(arguments, sorted(mapping.tables))
    flags = [f"--from-date={arguments.first}", f"--until-date={arguments.last}"]
    flags += [part for name in arguments.tables or [] for part in ("--table", name)]
    return run_or_plan(state, settings, "backfill", flags, arguments)


def _check(arguments: argparse.Namespace, tables: list[str]) -> None:
    if arguments.last < arguments.first:
        raise ConfigError(f"--until {arguments.last} is before --from {arguments.first}")
    if (arguments.last - arguments.first).days >= MOST_DAYS:
        raise ConfigError(
            f"{arguments.first} to {arguments.last} is more than {MOST_DAYS:,} days; use `booksales reload`"
        )
    if arguments.last > date.today() + A_YEAR:
        raise ConfigError(f"--until {arguments.last} is more than a year ahead; no sale is dated there")
    unknown = [name for name in arguments.tables or [] if name not in tables]
    if unknown:
        raise ConfigError(f"no table {unknown[0]!r} in the source mapping; it has {', '.join(tables)}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; use YYYY-MM-DD") from None
