"""`booksales import-csv`: load the CSV files of a feed."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from booksales.commands import Verbs, add_verb, as_json, as_table
from booksales.commands.jobs import add_run_options, run_and_report
from booksales.pipeline import plan_pipeline
from jobs_config.errors import ConfigError
from jobs_config.loader import load_feed, names_of
from jobs_config.settings import Settings, load_settings
from jobs_config.state import StateFolder, open_state
from spark_jobs.feed_targets import faults_of_feed
from warehouse.files import is_on_s3

FILE_COLUMNS = ("name", "physical", "blank", "records", "accepted", "quarantined", "superseded")


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "import-csv", "load the CSV files of a feed; every record ends as a row or in quarantine", run,
        "booksales import-csv goodbooks books.csv", "booksales import-csv reseller_monthly reports/ --dry-run",
        "booksales import-csv goodbooks corrected.csv --replaces books.csv",
    )  # fmt: skip
    verb.add_argument("feed", help=f"a feed in jobs_config/feeds ({', '.join(names_of('feeds'))}), or a YAML file")
    verb.add_argument("files", nargs="+", metavar="FILE", help="CSV files, gzip too, or folders of them; s3:// too")
    verb.add_argument(
        "--dry-run", action="store_true", help="show what would be loaded, put aside and deleted; change nothing"
    )
    verb.add_argument(
        "--replaces", metavar="EARLIER", default="", help="an earlier file, by name or content hash, that these correct"
    )
    verb.add_argument(
        "--approve-deletes", action="store_true", help="take away more than 5 %% of what the files replace"
    )
    add_run_options(verb)


def run(arguments: argparse.Namespace) -> int:
    state, settings = open_state(), load_settings()
    faults = faults_of_feed(load_feed(arguments.feed), load_feed)
    if faults:
        raise ConfigError(f"feed {arguments.feed}: {'; '.join(faults)}")
    is_file = arguments.feed.endswith((".yaml", ".yml"))
    feed = str(Path(arguments.feed).absolute()) if is_file else arguments.feed
    files = [name if is_on_s3(name) else str(Path(name).absolute()) for name in arguments.files]
    flags = [feed, *files, *(["--approve-deletes"] if arguments.approve_deletes else [])]
    flags += [f"--replaces={arguments.replaces}"] if arguments.replaces else []
    if arguments.dry_run:
        return _show_plan(state, settings, flags, arguments)
    return run_and_report(state, settings, "import-csv", flags, None, arguments)


def _show_plan(state: StateFolder, settings: Settings, flags: Sequence[str], arguments: argparse.Namespace) -> int:
    code, plan = plan_pipeline(state, settings, "import-csv", None, arguments.verbose, flags)
    if arguments.json:
        print(as_json(plan))
    elif plan:
        print(_sentences(plan))
    return code


def _sentences(plan: dict[str, Any]) -> str:
    lines = [as_table(list(FILE_COLUMNS), [[file[name] for name in FILE_COLUMNS] for file in plan["files"]])]
    lines.append(f"{plan['new']:,} rows would be new, {plan['changed']:,} changed, {plan['deleted']:,} deleted")
    if plan["deleted"]:
        shown = len(plan["deleted_keys"])
        lines.append(
            f"deleted{f' (the first {shown})' if shown < plan['deleted'] else ''}: {', '.join(plan['deleted_keys'])}"
        )
    lines += [f"quarantined: {count:,} records: {reason}" for reason, count in sorted(plan["reasons"].items())]
    return "\n".join([*lines, "nothing was touched"])
