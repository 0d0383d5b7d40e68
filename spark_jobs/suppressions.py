"""The list of people who were erased, as runs read and write it."""

from collections.abc import Collection
from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.delta_log import Note
from spark_jobs.extract.erased import Erased, digest_of_id, find_erased
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.snapshot import SourceSnapshot
from spark_jobs.options import RunOptions
from spark_jobs.runner import Run
from spark_jobs.tables import IS_GONE, Lake

SUPPRESSIONS = "silver.suppressions"


def suppressed(lake: Lake, source: str) -> frozenset[str]:
    """The digests of everybody who was erased of a source."""
    if not lake.exists(SUPPRESSIONS):
        return frozenset()
    rows = lake.read(SUPPRESSIONS).filter(F.col("source") == source).select("customer_digest").collect()
    return frozenset(row[0] for row in rows)


def reader_of(spark: SparkSession, snapshot: SourceSnapshot, options: RunOptions, run_seq: int) -> Reader:
    """How this run reads the source, and whom it leaves out."""
    source, key = options.mapping.source, options.pseudonym_key
    erased = find_erased(snapshot, suppressed(Lake(spark, options.lake), source), key)
    return Reader(spark, snapshot, run_seq, source, key, erased, options.settings.reader == "columnar")


def suppress(run: Run, digests: Collection[str], held: Collection[str]) -> int:
    """Put people on the list; `held` are those that a table of customers has a row of. Who is on it stays as noted.

    Returns how many are new.
    """
    new = sorted({*digests} - suppressed(run.lake, run.source))
    now = datetime.now(UTC)
    rows = [(run.source, digest, now, run.run_seq, digest in held) for digest in new]
    if rows:
        _merge(run, run.lake.spark.createDataFrame(rows, run.lake.read(SUPPRESSIONS).schema))
    return len(new)


def note_presence(run: Run, erased: Erased, key: bytes) -> None:
    """Note who of the erased is in the source still: only they explain rows that the lake lacks."""
    if not run.lake.exists(SUPPRESSIONS):
        return
    there = {digest_of_id(number, key) for number in erased.there}
    listed = run.lake.read(SUPPRESSIONS).filter(F.col("source") == run.source)
    now = listed.withColumn("_now", F.col("customer_digest").isin(sorted(there)))
    changed = now.filter(F.col("_now") != F.col("is_in_source")).withColumn("is_in_source", F.col("_now")).drop("_now")
    rows = changed.collect()
    if rows:
        _merge(run, run.lake.spark.createDataFrame(rows, listed.schema))


def _merge(run: Run, rows: DataFrame) -> None:
    run.confirm()
    named = rows.withColumn(IS_GONE, F.lit(False))
    run.lake.merge(named, SUPPRESSIONS, Note(run.run_seq), nth=run.next_write(SUPPRESSIONS))
