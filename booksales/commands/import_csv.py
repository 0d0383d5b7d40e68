"""`booksales import-csv`: load the CSV files of a feed."""

import argparse
from pathlib import Path

from booksales.commands import Verbs, add_json, add_verb
from booksales.commands.runs import newest_run, print_report
from booksales.pipeline import run_pipeline
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
    verb.add_argument("--verbose", action="store_true", help="log every job")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    state = open_state()
    load_feed(arguments.feed)
    files = [str(Path(name).absolute()) for name in arguments.files]
    feed = arguments.feed if not arguments.feed.endswith((".yaml", ".yml")) else str(Path(arguments.feed).absolute())
    before = newest_run(state)
    code = run_pipeline(state, load_settings(), "import-csv", [feed, *files], None, arguments.verbose)
    if arguments.json:
        print_report(state, before)
    return code
