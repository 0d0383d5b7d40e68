"""One run in the ledger: begun under a new number, and closed whatever happens."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pyspark.sql import SparkSession

from jobs_config.errors import BooksalesError
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.errors import PUBLISHED, UNPUBLISHED, LedgerError, explained
from spark_jobs.options import RunOptions
from spark_jobs.tables import Lake
from warehouse.publication import PublicationError

LOGGER = logging.getLogger(__name__)


@contextmanager
def ledger_run(kind: str, ledger: RunLedger, spark: SparkSession, options: RunOptions) -> Iterator[int]:
    """Give the block a run number above all there have been; the block finishes the run, a failure closes it.

    Raises what the block raises; what Spark, a database or the disk say becomes a RunError.
    """
    ledger.lease.confirm()
    warehouse = options.open_warehouse()
    lake, base = Lake(spark, options.lake), warehouse.finish()
    published = base.publication.run_seq if base else 0
    newest = max(lake.bronze.newest_run(), published, warehouse.newest_run())
    run_seq = ledger.start(kind, options.mapping.source, newest, published, options.execution)
    if base is not None and not any(row["generation"] == base.generation for row in ledger.publications()):
        # The run that made it was killed before it could say so; nobody has written since.
        ledger.record_publication(base.generation, published, published)
        in_gold = {f"gold.{name}": version for name, version in base.lake_versions.items()}
        ledger.record_versions(published, lake.versions() | in_gold, {})
    try:
        yield run_seq
    except KeyboardInterrupt:
        serves = _what_serves(options, run_seq)
        _close(ledger, run_seq, serves, "interrupted", "stopped by hand")
        raise KeyboardInterrupt(serves) from None
    except (BooksalesError, PublicationError) as error:
        _close(ledger, run_seq, _what_serves(options, run_seq), "failed", str(error))
        raise
    except Exception as error:
        LOGGER.info("run.failed", exc_info=error)
        serves = _what_serves(options, run_seq)
        failure = explained(error, serves)
        _close(ledger, run_seq, serves, "failed", str(failure))
        raise failure from error


def newest_published_run(options: RunOptions) -> int:
    """The run that published last, whether that serves or not; 0 where there is none. Raises PublicationError."""
    return options.open_warehouse().newest_run()


def _what_serves(options: RunOptions, run_seq: int) -> str:
    """A run may fail after the pointer has moved: then readers have what it made."""
    # A warehouse that does not answer cannot say more than the failure does.
    with suppress(PublicationError):
        if newest_published_run(options) == run_seq:
            return PUBLISHED
    return UNPUBLISHED


def _close(ledger: RunLedger, run_seq: int, serves: str, state: str, detail: str) -> None:
    try:
        if serves == PUBLISHED:
            state, detail = "published", f"published; then: {detail}"
        ledger.finish(run_seq, state, detail)
    except LedgerError as error:
        # What stopped the run, a full disk, can stop the ledger too; the next run closes this one.
        LOGGER.warning("run.not_closed", extra={"fields": {"run": run_seq, "error": str(error).splitlines()[0]}})
