"""`booksales feeds check|draft`: descriptions of CSV feeds, held against what their records become, and drafted from a file."""

import argparse
from pathlib import Path

from booksales.commands import Verbs, add_json, add_verb, as_json
from booksales.feed_draft import draft
from jobs_config.errors import ConfigError, ExitCode
from jobs_config.loader import load_feed, names_of
from spark_jobs.feed_targets import faults_of_feed


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "feeds", "check the descriptions of CSV feeds, or draft one from a file", run,
        "booksales feeds check", "booksales feeds check my_feed.yaml", "booksales feeds draft report.csv > my_feed.yaml",
    )  # fmt: skip
    verb.add_argument("action", choices=("check", "draft"), help="what to do")
    verb.add_argument(
        "names", nargs="*", metavar="NAME", help="feeds or YAML files to check (default: all); a file to draft from"
    )
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "check":
        return _check(arguments.names or names_of("feeds"), arguments.json)
    if len(arguments.names) != 1:
        raise ConfigError("draft takes one file; it proposes a feed from the beginning of it")
    text = draft(Path(arguments.names[0]))
    print(as_json({"draft": text}) if arguments.json else text, end="" if not arguments.json else "\n")
    return ExitCode.DONE


def _check(names: list[str], wants_json: bool) -> int:
    faults: dict[str, list[str]] = {}
    for name in names:
        try:
            faults[name] = faults_of_feed(load_feed(name), load_feed)
        except ConfigError as error:
            faults[name] = [str(error)]
    if wants_json:
        print(as_json(faults))
    else:
        for name, found in faults.items():
            print("\n".join(f"{name}: {fault}" for fault in found) if found else f"{name}: fits its target")
    return ExitCode.CONFIGURATION if any(faults.values()) else ExitCode.DONE
