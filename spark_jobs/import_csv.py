"""Importing the files of a CSV feed: bronze record by record, silver by the feed's rules, gold and a new publication.

A file is known by the hash of its content and loaded once. A file that cannot be read as the feed's does not hold up the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import SparkSession
from sqlalchemy.engine import RowMapping

from jobs_config.errors import BooksalesError, ConfigError
from jobs_config.feed import FeedConfig
from jobs_config.log_setup import bind_run
from jobs_config.progress import Progress
from spark_jobs.control.results import FileResult
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.csv_feed import DeliveredFile, Delivery, Secrets, deliver
from spark_jobs.extract.csv_fetch import ENDINGS
from spark_jobs.extract.csv_file import content_hash
from spark_jobs.feed_merge import Compared, Imported, check_files, compare_feed, merge_feed
from spark_jobs.meaning import Meaning, as_read, check_meaning, job_parameters
from spark_jobs.options import RunOptions
from spark_jobs.overlap import compare_overlap
from spark_jobs.publish import build_and_publish
from spark_jobs.runner import Run
from spark_jobs.suppressions import suppressed
from spark_jobs.tables import Lake
from warehouse.publication import Publication

DRY_RUN = 0


@dataclass(frozen=True)
class Asked:
    """What a call asks for: the feed and its files, an earlier file that they replace, and whether many rows may go.

    Of a replay, `replays` are the keys of the quarantined records that the files hold again.
    """

    feed: FeedConfig
    paths: Sequence[Path]
    replaces: str = ""
    approves_deletes: bool = False
    replays: Sequence[str] = ()


@dataclass
class Sorted:
    """The files of a call: to load, loaded before (with the run that did), and refused (with the reason)."""

    fresh: list[Path] = field(default_factory=list)
    known: dict[Path, int] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)


def files_below(paths: Sequence[Path]) -> list[Path]:
    """The files named, and of a folder those below it that end in .csv or .csv.gz, in alphabetical order."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        found += sorted(below for below in path.rglob("*") if below.name.lower().endswith(ENDINGS) and below.is_file())
    return found


def sort_files(paths: Sequence[Path], ledger: RunLedger, again: bool = False) -> Sorted:
    """Which files are new; a file given twice is loaded once, and a folder without files is refused.

    With `again`, a file that was loaded is loaded once more.
    """
    sorted_files, hashes = Sorted(), set()
    for path in paths:
        below = files_below([path])
        if not below:
            sorted_files.refused[path] = f"{path}: no file below it ends in {' or '.join(ENDINGS)}"
        for file in below:
            try:
                sha256 = content_hash(file)
            except ExtractionError as error:
                sorted_files.refused[file] = str(error)
                continue
            loaded = ledger.file(sha256)
            if loaded is not None and not again:
                sorted_files.known[file] = loaded["run_seq"]
            elif sha256 not in hashes:
                sorted_files.fresh.append(file)
            hashes.add(sha256)
    return sorted_files


def replaced_hash(asked: Asked, ledger: RunLedger) -> str:
    """The content hash of the file that is replaced, named by hash, by its name in the ledger, or by a copy of it; empty for none.

    Raises ConfigError where no such file of the feed was loaded, or its name was loaded more than once.
    """
    if not asked.replaces:
        return ""
    named = [row["sha256"] for row in ledger.files(asked.feed.feed)
             if asked.replaces in (row["sha256"], row["name"])]  # fmt: skip
    if not named and Path(asked.replaces).is_file():
        sha256 = content_hash(Path(asked.replaces))
        named = [row["sha256"] for row in ledger.files(asked.feed.feed) if row["sha256"] == sha256]
    if len(named) != 1:
        what = "was never loaded" if not named else f"was loaded {len(named)} times"
        raise ConfigError(
            f"--replaces {asked.replaces}: a file of this name or content {what} for feed {asked.feed.feed}; give the content "
            "hash that `booksales quarantine list --files` shows"
        )
    return str(named[0])


def import_files(
    spark: SparkSession, options: RunOptions, asked: Asked, files: Sorted, key: bytes, ledger: RunLedger, run_seq: int,
    progress: Progress,
) -> tuple[Run, Publication | None]:  # fmt: skip
    """Load new files and publish. Raises BooksalesError when none of them can be read, or nothing was ever reloaded."""
    bind_run(run_seq)
    run, meaning, delivery = _begin(spark, options, asked, files, key, ledger, run_seq, progress)
    imported = Imported(asked.feed, delivery.files, replaced_hash(asked, ledger), asked.approves_deletes, asked.replays)
    with progress.phase("clean and check (silver)"):
        compared = merge_feed(run, imported)
        accepted = check_files(run, imported, compared)
    run.files = [_result(file, accepted.get(file.sha256, 0), compared) for file in delivery.files]
    publication = build_and_publish(run, options, as_read(_last_read(ledger, options))[0], meaning, progress)
    if asked.feed.overlaps:
        run.overlap = compare_overlap(run, asked.feed.feed, options.mapping.source)
    for sha256 in [imported.replaces, *(imported.hashes if asked.replays else [])]:
        ledger.forget_file(sha256)
    ledger.record_files(run_seq, asked.feed.feed, run.files)
    return run, publication


def plan_import(
    spark: SparkSession, options: RunOptions, asked: Asked, files: Sorted, key: bytes, ledger: RunLedger, progress: Progress
) -> dict[str, object]:  # fmt: skip
    """What an import would load, change and delete, and what it would put aside and why; nothing stays of it."""
    run, _, delivery = _begin(spark, options, asked, files, key, ledger, DRY_RUN, progress)
    try:
        imported = Imported(asked.feed, delivery.files, replaced_hash(asked, ledger), approves_deletes=True)
        with progress.phase("compare with the lake"):
            compared = compare_feed(run, imported)
    finally:
        run.lake.bronze.drop_files(asked.feed.feed, DRY_RUN)
    planned = [
        _result(file, file.records - _lost(file.sha256, compared), compared).as_values() for file in delivery.files
    ]
    return {
        "files": planned,
        "refused": list(files.refused.values()),
        "new": compared.inserted,
        "changed": compared.updated,
        "deleted": compared.gone,
        "deleted_keys": compared.gone_keys,
        "reasons": compared.reasons,
    }


def _begin(
    spark: SparkSession, options: RunOptions, asked: Asked, files: Sorted, key: bytes, ledger: RunLedger, run_seq: int,
    progress: Progress,
) -> tuple[Run, Meaning, Delivery]:  # fmt: skip
    """The run with the files in bronze; those that cannot be read join the refused. Raises ExtractionError where that is all."""
    feed, lake = asked.feed, Lake(spark, options.lake)
    snapshot_at, meaning = as_read(_last_read(ledger, options))
    secrets = Secrets(key, options.pseudonym_key, suppressed(lake, options.mapping.source))
    with progress.phase(f"read {len(files.fresh)} files of feed {feed.feed}"):
        delivery = deliver(lake, feed, files.fresh, run_seq, secrets)
    files.refused |= delivery.refused
    if not delivery.files:
        raise ExtractionError("; ".join(files.refused.values()))
    if run_seq != DRY_RUN:
        ledger.snapshot_taken(run_seq, snapshot_at, meaning)
    of_feed = {name: getattr(feed, name) for name in ("feed", "key", "titles_of", "currency", "overlaps", "corrects")}
    parameters = {**job_parameters(meaning, snapshot_at), **of_feed, "shop": options.mapping.source, "run_seq": run_seq}
    return Run(run_seq, lake, ledger, feed.feed, parameters, builds_all=False), meaning, delivery


def _last_read(ledger: RunLedger, options: RunOptions) -> RowMapping:
    """The run that read the shop last. Raises BooksalesError where there is none, or one is under way."""
    before = ledger.last_read()
    if before is None:
        raise BooksalesError("the lake is empty: run `booksales reload` once, then import files")
    unfinished = ledger.unfinished_read(before["run_seq"])
    if unfinished is not None:
        raise BooksalesError(
            f"{unfinished['kind']} {unfinished['run_seq']} changed the lake and was not published; run `booksales "
            f"{unfinished['kind']}`, then import files"
        )
    check_meaning(before, options)
    return before


def _lost(sha256: str, compared: Compared) -> int:
    return compared.aside.get(sha256, 0) + compared.superseded.get(sha256, 0)


def _result(file: DeliveredFile, accepted: int, compared: Compared) -> FileResult:
    return FileResult(
        file.sha256, file.path.name, file.physical, file.blank, file.records, accepted,
        compared.aside.get(file.sha256, 0), compared.superseded.get(file.sha256, 0),
    )  # fmt: skip
