"""Upkeep of lake and warehouse: small files joined, files of old versions removed, deliveries past their time dropped.

Nothing here changes a row. Readers are safe: an open generation stays readable though its file is gone, and a Delta table keeps the
files of every version that is younger than the retention.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from jobs_config.log_setup import bind_run, log_event
from jobs_config.progress import Progress
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.options import RunOptions
from spark_jobs.tables import Lake
from warehouse.contract import tables_of

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upkeep:
    """What was or would be done to one part: files joined, files or folders removed, their bytes."""

    part: str
    action: str
    files: int
    bytes: int


def maintain(
    spark: SparkSession, options: RunOptions, ledger: RunLedger, run_seq: int, dry_run: bool, progress: Progress
) -> list[Upkeep]:
    """Keep lake and warehouse small and quick; with `dry_run` say what would be removed, and touch nothing."""
    bind_run(run_seq)
    lake, settings = Lake(spark, options.lake), options.settings
    done: list[Upkeep] = []
    with progress.phase("join small files, remove old ones"):
        for layer in ("silver", "gold"):
            for name in tables_of(layer):
                table = f"{layer}.{name}"
                if lake.exists(table):
                    progress.note(table)
                    done += _table(lake, ledger, table, settings.lake_retention_hours, dry_run)
    with progress.phase("drop old deliveries"):
        before = datetime.now(UTC) - timedelta(days=settings.bronze_retention_days)
        dropped = lake.bronze.drop_before(before, dry_run)
        done += [
            Upkeep(f"bronze.{name}", "drop deliveries", folders, size) for name, (folders, size) in dropped.items()
        ]
    generations = options.open_warehouse().drop_old(settings.keep_generations, dry_run)
    if generations:
        done.append(Upkeep("warehouse", "drop generations", len(generations), sum(generations.values())))
    for item in done:
        log_event(LOGGER, "upkeep", part=item.part, action=item.action, files=item.files, bytes=item.bytes)
    return done


def _table(lake: Lake, ledger: RunLedger, table: str, hours: int, dry_run: bool) -> list[Upkeep]:
    if dry_run:
        files, size = lake.vacuum(table, hours, dry_run=True)
        return [Upkeep(table, "remove old files", files, size)] if files else []
    ledger.lease.confirm()
    joined = lake.optimize(table)
    files, size = lake.vacuum(table, hours)
    done = {"join files": (joined, 0), "remove old files": (files, size)}
    return [Upkeep(table, action, count, bytes_) for action, (count, bytes_) in done.items() if count]
