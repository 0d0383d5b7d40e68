"""`booksales import-csv`: load the CSV files of a feed."""

import argparse
from pathlib import Path

from booksales.commands import Verbs, add_verb
from booksales.commands.jobs import add_run_options, run_and_report
from jobs_config.loader import load_feed, names_of
from jobs_config.settings import load_settings
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "import-csv", "load the CSV files of a feed; every record ends as a row or in quarantine", run,
        "booksales import-csv goodbooks books.csv",
    )  # fmt: skip
    verb.add_argument("feed", help=f"a feed in jobs_config/feeds ({', '.join(names_of('feeds'))}), or a YAML file")
    verb.add_argument("files", nargs="+", metavar="FILE", help="CSV files")
    add_run_options(verb)


def run(arguments: argparse.Namespace) -> int:
    state = open_state()
    load_feed(arguments.feed)
    files = [str(Path(name).absolute()) for name in arguments.files]
    feed = arguments.feed if not arguments.feed.endswith((".yaml", ".yml")) else str(Path(arguments.feed).absolute())
    return run_and_report(state, load_settings(), "import-csv", [feed, *files], None, arguments)
