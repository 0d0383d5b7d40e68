"""What the entry file can do: each command is one run in the ledger, with a report and an exit code."""

import argparse
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from jobs_config.errors import ExitCode
from jobs_config.loader import load_feed
from jobs_config.progress import Progress
from spark_jobs.backfill import Window
from spark_jobs.catalog import CatalogError, register_tables
from spark_jobs.control.results import check_of, step_of
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.erase import erase
from spark_jobs.errors import ExpectationError, ExtractionError
from spark_jobs.extract.csv_feed import scratch_folder
from spark_jobs.extract.csv_fetch import Fetched, fetch
from spark_jobs.extract.drift import NEW_COLUMNS
from spark_jobs.import_csv import Asked, import_files, plan_import, replaced_hash, sort_files
from spark_jobs.ledger_run import ledger_run
from spark_jobs.maintain import maintain
from spark_jobs.options import LANDING_VARIABLE, RunOptions, secret_key
from spark_jobs.plan_sync import plan_sync
from spark_jobs.publish import republish
from spark_jobs.reload import reload
from spark_jobs.report import extras_of, write_report
from spark_jobs.runner import Run
from spark_jobs.smoke import smoke
from spark_jobs.sync import SyncOptions, sync
from spark_jobs.tables import Lake
from warehouse.contract import load_contract
from warehouse.publication import Publication, PublicationError

# What a run did, and what it published: nothing where readers would see no change.
Work = Callable[[RunLedger, int], tuple[Run, Publication | None]]


def reload_source(spark: SparkSession, options: RunOptions, arguments: argparse.Namespace, progress: Progress) -> int:
    """A full reload of the source."""
    return _as_run(
        "reload", spark, options, progress, lambda ledger, run_seq: reload(spark, options, ledger, run_seq, progress)
    )


def sync_source(spark: SparkSession, options: RunOptions, arguments: argparse.Namespace, progress: Progress) -> int:
    """What changed in the source since the last run. A sweep looks at every row of every table, a backfill reads old days again."""
    kind = arguments.command
    window = None
    if kind == "backfill":
        window = Window(
            date.fromisoformat(arguments.from_date), date.fromisoformat(arguments.until_date) + timedelta(days=1)
        )
    asked = SyncOptions(kind == "sweep", arguments.approve_deletes, window, tuple(arguments.tables or ()))
    if arguments.plan_file:
        plan = plan_sync(spark, options, asked, RunLedger(options.ledger_url), progress)
        Path(arguments.plan_file).write_text(json.dumps(plan))
        return int(ExitCode.DONE)
    return _as_run(
        kind, spark, options, progress, lambda ledger, run_seq: sync(spark, options, asked, ledger, run_seq, progress)
    )


def publish_again(spark: SparkSession, options: RunOptions, arguments: argparse.Namespace, progress: Progress) -> int:
    """A new publication of the gold tables as the last complete run left them."""
    return _as_run(
        "publish",
        spark,
        options,
        progress,
        lambda ledger, run_seq: republish(spark, options, ledger, run_seq, progress),
    )


def maintain_lake(spark: SparkSession, options: RunOptions, arguments: argparse.Namespace, progress: Progress) -> int:
    """Small files joined, old ones removed."""
    ledger = RunLedger(options.ledger_url, options.lease)
    if arguments.plan_file:
        done = maintain(spark, options, ledger, 0, True, progress)
        Path(arguments.plan_file).write_text(json.dumps([asdict(item) for item in done]))
        return int(ExitCode.DONE)
    with ledger_run("maintain", ledger, spark, options) as run_seq:
        done = maintain(spark, options, ledger, run_seq, False, progress)
        freed = sum(item.bytes for item in done)
        said = f"{sum(item.files for item in done):,} files joined or removed, {freed / 2**20:,.1f} MiB freed"
        ledger.finish(run_seq, "done", said)
        progress.say(f"run {run_seq}: {said}")
    return int(ExitCode.DONE)


def erase_people(spark: SparkSession, options: RunOptions, arguments: argparse.Namespace, progress: Progress) -> int:
    """The people whose digests the file lists are erased, and what an earlier erasure left. The ledger holds how many, never who."""
    digests = json.loads(Path(arguments.people_file).read_text()) if arguments.people_file else []
    ledger = RunLedger(options.ledger_url, options.lease)
    with ledger_run("erase", ledger, spark, options) as run_seq:
        run, done = erase(spark, options, digests, ledger, run_seq, progress, _key_or_none())
        said = f"people erased: {len(digests):,} asked for, {done.new_people:,} of them new on the list"
        if done.publication is None:
            ledger.finish(run_seq, "done", said)
        else:
            ledger.finish(run_seq, "published", said)
            progress.say(write_report(run, done.publication, options.reports, extras_of(run, None)).text)
        progress.say(f"run {run_seq}: {said}")
    return int(ExitCode.DONE)


def import_csv(spark: SparkSession, options: RunOptions, arguments: argparse.Namespace, progress: Progress) -> int:
    """Import the files of a feed, then model and publish. Some files refused: the rest is loaded, and the exit code says so."""
    feed, *named = arguments.files
    replays = json.loads(Path(arguments.replay_file).read_text()) if arguments.replay_file else ()
    with scratch_folder(spark) as scratch:
        fetched = fetch(named, scratch)
        for reason in fetched.refused.values():
            progress.say(f"not loaded: {reason}")
        asked = Asked(load_feed(feed), fetched.paths, arguments.replaces, arguments.approve_deletes, replays)
        try:
            code = _import(spark, options, asked, fetched, arguments.plan_file, progress)
        except ExtractionError as error:
            raise ExtractionError(fetched.as_named(str(error))) from error
    nothing = bool(fetched.refused) and not fetched.paths
    return (
        int(ExitCode.FAILED if nothing else ExitCode.ATTENTION) if fetched.refused and code != ExitCode.FAILED else code
    )


def _import(
    spark: SparkSession, options: RunOptions, asked: Asked, fetched: Fetched, plan_file: str, progress: Progress
) -> int:
    ledger, code = RunLedger(options.ledger_url), int(ExitCode.DONE)
    files = sort_files(asked.paths, ledger, again=bool(asked.replays))
    replaced_hash(asked, ledger)
    for path, run_seq in files.known.items():
        progress.say(fetched.as_named(f"{path}: loaded already by run {run_seq}; nothing to do"))
    if files.fresh:
        key = secret_key(LANDING_VARIABLE)
        if plan_file:
            Path(plan_file).write_text(
                json.dumps(plan_import(spark, options, asked, files, key, ledger, progress), default=str)
            )
        else:
            code = _as_run(
                "import-csv", spark, options, progress,
                lambda ledger, run_seq: import_files(spark, options, asked, files, key, ledger, run_seq, progress),
            )  # fmt: skip
    for reason in files.refused.values():
        progress.say(fetched.as_named(f"not loaded: {reason}"))
    if files.refused and not files.fresh:
        return int(ExitCode.FAILED)
    return int(ExitCode.ATTENTION) if files.refused else code


def ask_warehouse(options: RunOptions, progress: Progress) -> int:
    """A question to the publication that serves, by the way that readers go. Raises PublicationError where the answer is wrong."""
    progress.say(smoke(options.open_warehouse()))
    return int(ExitCode.DONE)


def run_so_far(spark: SparkSession, options: RunOptions, ledger: RunLedger, run_seq: int) -> Run:
    """A run that was stopped, as far as the ledger knows it."""
    run = Run(run_seq, Lake(spark, options.lake), ledger, options.mapping.source, {})
    run.steps = [step_of(row) for row in ledger.steps(run_seq)]
    run.quality = [check_of(row) for row in ledger.quality(run_seq)]
    return run


def refusal_of_catalog(options: RunOptions, ledger: RunLedger, run: Run) -> CatalogError | None:
    """Make the Glue catalog, where the settings name one, say which tables the lake has; why it does not take them, if so."""
    if not options.settings.catalog:
        return None
    contracts = [load_contract(table) for table in ledger.lake_versions(run.run_seq)]
    try:
        register_tables(options.settings.catalog, [(contract, run.lake.path(contract.table)) for contract in contracts])
    except CatalogError as error:
        return error
    return None


def _key_or_none() -> bytes | None:
    return secret_key(LANDING_VARIABLE) if os.environ.get(LANDING_VARIABLE) else None


def _as_run(kind: str, spark: SparkSession, options: RunOptions, progress: Progress, work: Work) -> int:
    """Do the work as a run, and say what came of it."""
    ledger = RunLedger(options.ledger_url, options.lease)
    with ledger_run(kind, ledger, spark, options) as run_seq:
        try:
            run, publication = work(ledger, run_seq)
        except (ExpectationError, PublicationError) as error:
            # On the way to an error, which one of the report's own must not hide.
            with suppress(Exception):
                stopped = run_so_far(spark, options, ledger, run_seq)
                extras = extras_of(stopped, _key_or_none())
                progress.say(write_report(stopped, None, options.reports, extras, failure=str(error)).text)
            raise
        refused = refusal_of_catalog(options, ledger, run)
        if refused is None:
            state, detail = ("published", "") if publication else ("unchanged", "nothing new to publish")
            ledger.finish(run_seq, state, detail)
        if publication is None:
            progress.say(f"run {run_seq}: nothing changed, nothing to publish")
        else:
            extras = extras_of(run, _key_or_none(), run.overlap)
            progress.say(write_report(run, publication, options.reports, extras).text)
        if refused is not None:
            # The run is open still, and ends as one that failed after what it published.
            raise refused
    for warning in (result.detail for result in run.quality if result.expectation == NEW_COLUMNS):
        progress.say(f"warning: {warning}")
    unfinished = ledger.unfinished_erasure()
    if unfinished is not None:
        progress.say(f"erase {unfinished} did not get through: `booksales erase-customer --resume` finishes it")
    limit = options.settings.quarantine_limit_ratio
    over = [step for step in run.steps if step.is_over(limit)]
    return int(ExitCode.ATTENTION if over else ExitCode.DONE)
