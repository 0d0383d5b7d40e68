"""Importing the files of a CSV feed: bronze record by record, silver by the feed's rules, gold and a new publication.

A file is known by the hash of its content and loaded once. A file that cannot be read as the feed does not hold up the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from jobs_config.errors import BooksalesError
from jobs_config.model import FeedConfig
from jobs_config.progress import Progress
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.csv_feed import DeliveredFile, deliver, feed_schema
from spark_jobs.extract.csv_records import content_hash
from spark_jobs.meaning import as_read, check_meaning, job_parameters
from spark_jobs.options import RunOptions
from spark_jobs.registry import FEEDS
from spark_jobs.reload import build_and_publish
from spark_jobs.run_ledger import RunLedger
from spark_jobs.runner import Run, run_stages
from spark_jobs.tables import Lake
from warehouse.publication import Publication


@dataclass(frozen=True)
class Sorted:
    """The files of a call: to load, loaded before (with the run that did), and refused (with the reason)."""

    fresh: list[Path]
    known: dict[Path, int]
    refused: dict[Path, str]


def sort_files(files: Sequence[Path], ledger: RunLedger) -> Sorted:
    """Which files are new; a file given twice is loaded once."""
    found, hashes = Sorted([], {}, {}), set()
    for path in files:
        try:
            sha256 = content_hash(path)
        except ExtractionError as error:
            found.refused[path] = str(error)
            continue
        loaded = ledger.file(sha256)
        if loaded is not None:
            found.known[path] = loaded["run_seq"]
        elif sha256 not in hashes:
            found.fresh.append(path)
        hashes.add(sha256)
    return found


def import_files(
    spark: SparkSession, options: RunOptions, feed: FeedConfig, files: Sorted, key: bytes, ledger: RunLedger, run_seq: int,
    progress: Progress,
) -> tuple[Run, Publication | None]:  # fmt: skip
    """Load new files and publish. Raises BooksalesError when none of them can be read, or nothing was ever reloaded."""
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
    lake = Lake(spark, options.lake)
    with progress.phase(f"read {len(files.fresh)} files of feed {feed.feed}"):
        delivered = deliver_files(lake, feed, files, run_seq, key)
    if not delivered:
        raise ExtractionError("; ".join(files.refused.values()))
    snapshot_at, meaning = as_read(before)
    ledger.snapshot_taken(run_seq, snapshot_at, meaning)
    parameters = {**job_parameters(meaning, snapshot_at), "feed": feed.feed, "run_seq": run_seq}
    run = Run(run_seq, lake, ledger, feed.feed, parameters, builds_all=False)
    hashes = [file.sha256 for file in delivered]
    run.delivered[f"bronze.{feed.target}"] = lake.read_feed_files(feed.feed, hashes, run_seq, feed_schema(feed))
    with progress.phase("clean and check (silver)"):
        run_stages(run, FEEDS[feed.target], progress)
    publication = build_and_publish(run, options, snapshot_at, meaning, progress)
    ledger.record_files(run_seq, feed.feed, [(file.sha256, file.path.name, file.counts.records) for file in delivered])
    return run, publication


def deliver_files(lake: Lake, feed: FeedConfig, files: Sorted, run_seq: int, key: bytes) -> list[DeliveredFile]:
    """Bring every new file to bronze; one that cannot be read joins the refused."""
    delivered = []
    for path in files.fresh:
        try:
            delivered.append(deliver(lake, feed, path, run_seq, key))
        except ExtractionError as error:
            files.refused[path] = str(error)
    return delivered
