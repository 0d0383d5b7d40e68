"""Holding silver against the source, inside the run's snapshot: counts first, then content by buckets of the key.

Rows that a merge cannot know of, because nothing in the source shows them, are found here: a deleted row without a tombstone makes
the counts differ; a bucket whose content differs is read again. docs/sync.md says what each net catches.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs_config.log_setup import log_event
from jobs_config.progress import Progress
from spark_jobs.errors import ApprovalError
from spark_jobs.extract.buckets import BUCKET, bucket_of, content_of, in_buckets, source_buckets
from spark_jobs.extract.delivery import deliver_where
from spark_jobs.extract.erased import CUSTOMERS
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.select import quoted
from spark_jobs.extract.snapshot import SourceTable
from spark_jobs.merge import merge_job
from spark_jobs.quarantine import QUARANTINE
from spark_jobs.registry import silver_job
from spark_jobs.runner import Run
from warehouse.contract import load_contract

LOGGER = logging.getLogger(__name__)

# More than this share of a table is not taken away without a word from a person.
DELETED_SHARE = 0.05

SWEEP = "sweep"


def reconcile(
    run: Run,
    reader: Reader,
    tables: Sequence[SourceTable],
    source_rows: Mapping[str, int],
    by_content: Sequence[str],
    approves_deletes: bool,
    progress: Progress,
) -> None:
    """Make silver equal to the source, but for erased people.

    Tables whose counts differ, and those named in `by_content`, are compared bucket by bucket. Raises ApprovalError where an empty
    table or too many rows would be taken away.
    """
    watched = [table for table in tables if table.mapping.deletes != "none"]
    lake_rows, aside = rows_in_lake(run, watched), _rows_aside(run)
    for table in watched:
        erased = len(reader.erased.there) if table.name == CUSTOMERS else 0
        rows, held = source_rows[table.name] - erased, lake_rows[table.name]
        quarantined = aside.get(f"silver.{table.name}", 0)
        if rows == 0 and held and not approves_deletes:
            raise ApprovalError(_refusal(table, f"it is empty, the lake holds {held:,} rows of it"))
        differs = rows != held + quarantined
        if differs or table.name in by_content:
            progress.note(f"{table.name}: comparing {rows:,} rows with the source")
            _read_again(run, reader, table, held, approves_deletes)
        if differs and quarantined:
            _drop_vanished(run, reader, table)
        if not differs and table.name not in by_content:
            run.rows[f"silver.{table.name}"] = held


def _read_again(run: Run, reader: Reader, table: SourceTable, held: int, approves_deletes: bool) -> None:
    """Read the buckets that differ, and take out what the source does not have."""
    rows = run.lake.read(f"silver.{table.name}").filter(F.col("source") == run.source)
    differing = differing_buckets(reader, table, rows)
    if not differing:
        return
    # Rows of erased people are read too, and go no further.
    deliver_where(run.lake, reader, table, in_buckets(table, differing), SWEEP)
    delivered = run.lake.bronze.read(f"bronze.{table.name}", run.run_seq, SWEEP)
    ghosts = ghosts_in(table, rows, delivered, differing).localCheckpoint()
    guard_deletes(table, ghosts.count(), held, approves_deletes)
    merge_job(run, *silver_job(table.name), part=SWEEP, ghosts=ghosts)


def differing_buckets(reader: Reader, table: SourceTable, rows: DataFrame) -> list[int]:
    """The buckets of the key in which the source differs from `rows`, which are silver's of that source."""
    there = source_buckets(reader.snapshot, table, reader.erased)
    contents = content_of(rows, load_contract(f"silver.{table.name}"), table.mapping).collect()
    here = {row[BUCKET]: (row["rows"], str(row["content"])) for row in contents}
    differing = sorted(bucket for bucket in there.keys() | here.keys() if there.get(bucket) != here.get(bucket))
    log_event(LOGGER, "table.compared", table=table.name, buckets=len(there), differing=len(differing))
    return differing


def ghosts_in(table: SourceTable, rows: DataFrame, delivered: DataFrame, buckets: Sequence[int]) -> DataFrame:
    """Keys of `rows` in these buckets that the source has not delivered of them."""
    contract = load_contract(f"silver.{table.name}")
    keys = list(contract.key_in_source)
    looked_at = rows.filter(bucket_of(table.mapping.key_column).isin(list(buckets))).select(*contract.key)
    return looked_at.join(delivered.select(*keys), on=keys, how="left_anti")


def guard_deletes(table: SourceTable, gone: int, held: int, is_approved: bool) -> None:
    """Raises ApprovalError where more rows are gone from a table than may be taken away unasked."""
    if are_many(gone, held) and not is_approved:
        raise ApprovalError(_refusal(table, f"{gone:,} of {held:,} rows are gone from it"))


def are_many(gone: int, held: int) -> bool:
    """Whether a person has to approve that so many of the rows held are taken away."""
    return gone > DELETED_SHARE * held


def _refusal(table: SourceTable, what: str) -> str:
    return (
        f"{table.relation}: {what}, and no tombstone says why. Nothing was taken away and nothing is published. If that is right, "
        "run `booksales sync --approve-deletes`; if not, mend the source first"
    )


def rows_in_lake(run: Run, tables: Sequence[SourceTable]) -> dict[str, int]:
    """Rows of the source by table: as the ledger knows them for the version there is, else counted, all in one job."""
    found: dict[str, int] = {}
    for table in tables:
        silver = f"silver.{table.name}"
        known = run.ledger.rows_at(silver, run.lake.data_version(silver))
        if known is not None:
            found[table.name] = known
    counts = [
        run.lake.read(f"silver.{table.name}")
        .filter(F.col("source") == run.source)
        .agg(F.lit(table.name).alias("table"), F.count(F.lit(1)).alias("rows"))
        for table in tables
        if table.name not in found
    ]
    if counts:
        found |= {row["table"]: row["rows"] for row in reduce(DataFrame.unionByName, counts).collect()}
    return found


def _rows_aside(run: Run) -> dict[str, int]:
    if not run.lake.exists(QUARANTINE):
        return {}
    aside = run.lake.read(QUARANTINE).filter(F.col("source") == run.source).groupBy("table_name").count()
    return {row["table_name"]: row["count"] for row in aside.collect()}


def _drop_vanished(run: Run, reader: Reader, table: SourceTable) -> None:
    """Take records out of the quarantine that the source no longer has."""
    contract = load_contract(f"silver.{table.name}")
    aside = run.lake.read(QUARANTINE).filter((F.col("source") == run.source) & (F.col("table_name") == contract.table))
    keys = [row["row_key"].removeprefix(f"{run.source}/") for row in aside.select("row_key").collect()]
    key = quoted(table.mapping.key)
    there = reader.snapshot.query(f"select {key}::text from {table.relation} where {key}::text = any(%s)", (keys,))
    vanished = sorted({*keys} - {found for (found,) in there})
    if vanished:
        run.quarantine.drop([f"{run.source}/{name}" for name in vanished], contract, run.source)
