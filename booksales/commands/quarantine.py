"""`booksales quarantine list|show|export|replay`: what is aside, why, and how it comes back."""

import argparse
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

from api.audit.installation import audited_command
from booksales.commands import Verbs, add_json, add_verb, as_json, as_table, whole_number
from booksales.local_stack.files import write_anew, write_new
from booksales.pipeline import run_pipeline
from booksales.quarantined import Choice, Quarantined, as_export, as_files, read_export, remove
from jobs_config.errors import ConfigError, ExitCode
from jobs_config.feed import FeedConfig
from jobs_config.loader import load_feed, names_of
from jobs_config.settings import Settings, load_settings
from jobs_config.state import StateFolder, open_state
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.masking import masked

LARGEST_RUN = 2**63 - 1
MOST_RECORDS = 100_000
FILE_COLUMNS = (
    "name",
    "feed",
    "run_seq",
    "physical",
    "blank",
    "record_count",
    "accepted",
    "quarantined",
    "superseded",
    "sha256",
)


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "quarantine", "list, show, export or replay quarantined records", run,
        "booksales quarantine list", "booksales quarantine list --files --json",
        "booksales quarantine show --feed goodbooks",
        "booksales quarantine export --feed goodbooks --raw --output repair.csv",
        "booksales quarantine replay repair.csv --feed goodbooks",
    )  # fmt: skip
    verb.add_argument("action", choices=tuple(ACTIONS), help="what to do")
    verb.add_argument(
        "repaired", nargs="?", metavar="FILE", help="replay: an export with its records repaired (default: as they are)"
    )
    verb.add_argument("--feed", default="", help="records of this feed or source only")
    verb.add_argument(
        "--run", dest="run_seq", type=whole_number(1, LARGEST_RUN), help="records that this run put aside only"
    )
    verb.add_argument("--reason", default="", help="records with a reason that holds this text only")
    verb.add_argument("--key", default="", help="records whose key begins so only")
    verb.add_argument(
        "--limit", type=whole_number(1, MOST_RECORDS), default=20, help="show: at most so many records (default: 20)"
    )
    verb.add_argument("--files", action="store_true", help="list: imported files, and what became of their records")
    verb.add_argument(
        "--raw", action="store_true", help="show, export: the text as it was delivered; goes into the audit"
    )
    verb.add_argument(
        "--output", metavar="NEW_FILE", help="export: a new file, of mode 0600 (default: standard output)"
    )
    verb.add_argument("--verbose", action="store_true", help="replay: log every job")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    if arguments.repaired and arguments.action != "replay":
        raise ConfigError(f"{arguments.action} takes no file; --output names the one that export writes")
    state, settings = open_state(), load_settings()
    # A feed may be a file anywhere; its records bear its name.
    source = load_feed(arguments.feed).feed if arguments.feed.endswith((".yaml", ".yml")) else arguments.feed
    choice = Choice(source, arguments.run_seq, arguments.reason, arguments.key)
    return ACTIONS[arguments.action](state, settings, choice, arguments)


def _list(state: StateFolder, settings: Settings, choice: Choice, arguments: argparse.Namespace) -> int:
    if arguments.files:
        rows = [{name: row[name] for name in FILE_COLUMNS} for row in RunLedger(state.ledger_url).files(choice.source)]
        titles, said = list(FILE_COLUMNS), "no file was imported yet"
    else:
        with closing(Quarantined(state)) as quarantined:
            rows = quarantined.counts(choice)
        titles, said = (
            ["source", "table_name", "run_seq", "reason", "record_count", "example"],
            "nothing is quarantined",
        )
    if arguments.json:
        print(as_json(rows))
    else:
        print(
            as_table(titles, [["" if row[name] is None else row[name] for name in titles] for row in rows])
            if rows
            else said
        )
    return ExitCode.DONE


def _show(state: StateFolder, settings: Settings, choice: Choice, arguments: argparse.Namespace) -> int:
    with _audited(state, settings, choice, arguments), closing(Quarantined(state)) as quarantined:
        records = quarantined.records(choice, arguments.limit)
    for record in records:
        record["record"] = _as_text(record.pop("text"), record["source"], arguments.raw)
    if arguments.json:
        print(as_json(records))
    else:
        print("\n\n".join(map(_shown, records)) or "nothing is quarantined")
    return ExitCode.DONE


def _shown(record: Mapping[str, object]) -> str:
    place = f"\n  bytes {record['byte_start']:,} to {record['byte_end']:,}" if record["file_sha256"] else ""
    reasons = "".join(f"\n  {reason}" for reason in record["reasons"])  # type: ignore[attr-defined]
    head = f"{record['source']} → {record['table_name']}, run {record['run_seq']}: {record['row_key']}"
    return f"{head}{place}{reasons}\n  | {record['record']!r}"


def _export(state: StateFolder, settings: Settings, choice: Choice, arguments: argparse.Namespace) -> int:
    with _audited(state, settings, choice, arguments), closing(Quarantined(state)) as quarantined:
        records = quarantined.records(choice)
    export = as_export(
        [
            (record["row_key"], record["reasons"], _as_text(record["text"], record["source"], arguments.raw))
            for record in records
        ]
    )
    if arguments.output is None:
        print(export, end="")
    else:
        write_new(Path(arguments.output), export.encode())
    return ExitCode.DONE


def _replay(state: StateFolder, settings: Settings, choice: Choice, arguments: argparse.Namespace) -> int:
    """Records go through the import again, as files of their feed; what is aside of them now leaves the quarantine."""
    feed = load_feed(arguments.feed)
    with _audited(state, settings, choice, arguments), closing(Quarantined(state)) as quarantined:
        # Of people who were erased there is no text to judge again.
        held = {record["row_key"]: record["text"] for record in quarantined.records(choice) if record["text"]}
        records = _encoded(Path(arguments.repaired), feed) if arguments.repaired else held
        if strangers := sorted(records.keys() - held.keys()):
            raise ConfigError(
                f"{arguments.repaired}: {strangers[0]} is not quarantined for feed {choice.source} (any more)"
            )
        if not records:
            print("nothing is quarantined")
            return ExitCode.DONE
        contents = as_files(records, quarantined, choice.source)
    paths = {state.temporary / name: content for name, content in contents.items()}
    keys = state.temporary / "replay-keys.json"
    try:
        for path, content in [*paths.items(), (keys, json.dumps(sorted(records)).encode())]:
            write_anew(path, content)
        flags = [arguments.feed, *map(str, paths), f"--replay-file={keys}"]
        return run_pipeline(state, settings, "import-csv", flags, None, arguments.verbose)
    finally:
        remove([*paths, keys])


def _audited(
    state: StateFolder, settings: Settings, choice: Choice, arguments: argparse.Namespace
) -> AbstractContextManager[None]:
    """What shows or moves a record in the clear is in the audit."""
    if not arguments.raw and arguments.action != "replay":
        return nullcontext()
    meant = ", ".join(f"{name} {said}" for name, said in vars(choice).items() if said) or "everything"
    return audited_command(state, settings, f"quarantine {arguments.action}", meant)


def _encoded(path: Path, feed: FeedConfig) -> dict[str, bytes]:
    """Key to repaired record as its file would have it. Raises ConfigError for a character that the feed's encoding lacks."""
    try:
        return {key: text.encode(feed.encoding) for key, text in read_export(path).items()}
    except UnicodeEncodeError as error:
        raise ConfigError(f"{path}: {error.object[error.start]!r} is no character of {feed.encoding}") from error


def _as_text(raw: bytes, source: str, in_the_clear: bool) -> str:
    """What a person reads; bytes that do not fit the feed's encoding show as replaced."""
    encoding = load_feed(source).encoding if source in names_of("feeds") else "utf-8"
    text = raw.decode(encoding, "replace")
    return text if in_the_clear else masked(text)


ACTIONS: dict[str, Callable[[StateFolder, Settings, Choice, argparse.Namespace], int]] = {
    "list": _list,
    "show": _show,
    "export": _export,
    "replay": _replay,
}
