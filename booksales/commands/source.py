"""`booksales source start|stop|status`: the embedded shop's PostgreSQL."""

import argparse
from dataclasses import asdict

from booksales.commands import Verbs, add_json, add_verb, as_json
from booksales.local_stack.postgres import EmbeddedPostgres, PostgresStatus
from jobs_config.errors import ExitCode
from jobs_config.progress import Progress
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "source", "start, stop or look at the embedded shop's PostgreSQL", run,
        "booksales source start", "booksales source status --json", "booksales source stop",
    )  # fmt: skip
    verb.add_argument("action", choices=("start", "stop", "status"))
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    postgres = EmbeddedPostgres(open_state())
    if arguments.action == "start":
        with Progress().phase("start PostgreSQL"):
            postgres.start()
    elif arguments.action == "stop":
        postgres.stop()
    status = postgres.status()
    print(as_json(asdict(status)) if arguments.json else _sentence(status))
    return ExitCode.DONE


def _sentence(status: PostgresStatus) -> str:
    if not status.running:
        return "the embedded PostgreSQL does not run; `booksales source start` starts it"
    where = "the reader's password is in secrets/source_reader_password"
    return f"the embedded PostgreSQL runs: {status.url} (process {status.pid}); {where}"
