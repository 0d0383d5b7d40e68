"""Erasing people: their data leaves every place that keeps it, physically; sums and orders stay.

In this order, so that a killed run is completed by running again: first the list of suppressions, from which on nobody comes back;
then the rows of silver and gold, and a new generation; then what is left of them in older generations, in files of old versions
and in bronze. Every run erases everybody on the list, not only whom it was asked for. What is kept about people: docs/privacy.md.
"""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs_config.errors import RefusedError
from jobs_config.log_setup import bind_run, log_event
from jobs_config.progress import Progress
from spark_jobs.control.results import StepResult
from spark_jobs.control.run_ledger import PURGED, RunLedger
from spark_jobs.delta_log import Note
from spark_jobs.erase_files import ErasedPeople, customers_of_files, erase_from_files, quarantined_without
from spark_jobs.extract.erased import CUSTOMER, CUSTOMERS, SALES, check_mapping, digest_of_id, without_erased_ids
from spark_jobs.meaning import as_read, job_parameters
from spark_jobs.options import RunOptions
from spark_jobs.publish import build_and_publish
from spark_jobs.quarantine import QUARANTINE
from spark_jobs.runner import Run, record
from spark_jobs.suppressions import suppress, suppressed
from spark_jobs.tables import IS_GONE, Lake, in_dates
from spark_jobs.transforms.members import ERASED_ID
from warehouse.publication import Publication

LOGGER = logging.getLogger(__name__)

# Tables of which an old version may hold a row of an erased person.
PERSONAL = ("silver.customers", "silver.sales", QUARANTINE, "gold.dim_customer", "gold.fact_sales")
ID_IN_RAW = f"$.{CUSTOMER}"


@dataclass(frozen=True)
class Erasure:
    """What came of it: people who were not on the list before, and the generation without them; None before the first load."""

    new_people: int
    publication: Publication | None


def erase(
    spark: SparkSession,
    options: RunOptions,
    digests: Collection[str],
    ledger: RunLedger,
    run_seq: int,
    progress: Progress,
    landing_key: bytes | None = None,
) -> tuple[Run, Erasure]:
    """Erase the people of these digests, and finish what an earlier erasure left. Raises RefusedError where a load is unfinished."""
    bind_run(run_seq)
    check_mapping(options.mapping)
    read = ledger.last_read()
    unfinished = ledger.unfinished_read(read["run_seq"]) if read else None
    if unfinished is not None:
        raise RefusedError(
            f"{unfinished['kind']} {unfinished['run_seq']} changed the lake and was not published; run "
            f"`booksales {unfinished['kind']}`, then erase"
        )
    run = Run(run_seq, Lake(spark, options.lake), ledger, options.mapping.source, {}, builds_all=False)
    if read is None and _holds_anything(run.lake, options):
        raise RefusedError(
            "lake or warehouse hold data, and the ledger knows of no complete read of the shop: run `booksales reload`, then erase"
        )
    with progress.phase("put on the list of suppressions"):
        new = suppress(run, digests, _with_a_row(run, digests))
        log_event(LOGGER, "people.suppressed", table="silver.suppressions")
    if read is None:
        _record_purge(run)
        return run, Erasure(new, None)
    snapshot_at, meaning = as_read(read)
    ledger.snapshot_taken(run_seq, snapshot_at, meaning)
    run.parameters = job_parameters(meaning, snapshot_at)
    run.publishes_whole = True
    _prepare_bronze(run.lake)
    with progress.phase("find what is held"):
        ids = _ids_held(run, options.pseudonym_key)
    people = ErasedPeople(suppressed(run.lake, run.source), options.pseudonym_key, landing_key)
    with progress.phase("erase from silver"):
        if ids is not None:
            _erase_silver(run, ids)
        _merge(run, quarantined_without(run, people), QUARANTINE, Note(run.run_seq), part=" of files")
        _carry_totals(run)
    publication = build_and_publish(run, options, snapshot_at, meaning, progress)
    assert publication is not None
    with progress.phase("remove earlier generations, old versions and deliveries"):
        _purge(run, options, publication, ids, people)
    return run, Erasure(new, publication)


def _holds_anything(lake: Lake, options: RunOptions) -> bool:
    return lake.bronze.newest_run() > 0 or lake.exists("silver.customers") or bool(options.open_warehouse().kept())


def _with_a_row(run: Run, digests: Collection[str]) -> set[str]:
    """The digests of whom silver or the quarantine has a customer row, as the source had when it was read."""
    of_row = run.lake.read("silver.customers").select("source", "customer_hash")
    aside = _aside(run, CUSTOMERS).select("source", F.get_json_object("raw", "$.customer_hash").alias("customer_hash"))
    rows = of_row.unionByName(aside).filter(F.col("source") == run.source)
    digest = F.sha2("customer_hash", 256)
    return {row[0] for row in rows.select(digest).filter(digest.isin(sorted(digests))).collect()}


def _aside(run: Run, table: str) -> DataFrame:
    aside = run.lake.read(QUARANTINE)
    return aside.filter((F.col("source") == run.source) & (F.col("table_name") == f"silver.{table}"))


def _prepare_bronze(lake: Lake) -> None:
    """Bring a rewrite to its end that was cut off, and drop deliveries that were: nothing reads them."""
    for table in lake.bronze.tables():
        lake.bronze.finish_rewrites(table)
        lake.bronze.drop_unsealed(table)


def _ids_held(run: Run, key: bytes) -> DataFrame | None:
    """The shop's ids of suppressed people wherever one stands, as `_erased`; None where there is none."""
    places = [run.lake.read("silver.customers").filter(F.col("source") == run.source), _sales_of_theirs(run)]
    delivered = [run.lake.bronze.read_all(f"bronze.{name}") for name in (CUSTOMERS, SALES)]
    places += [rows.filter(F.col("_source") == run.source) for rows in delivered if rows is not None]
    places += [
        _aside(run, name).select(F.get_json_object("raw", ID_IN_RAW).cast("bigint").alias(CUSTOMER))
        for name in (CUSTOMERS, SALES)
    ]
    places += customers_of_files(run)
    ids = reduce(DataFrame.unionByName, (rows.select(CUSTOMER) for rows in places)).distinct()
    known = F.udf(lambda number: digest_of_id(number, key), "string")(CUSTOMER)
    digests = sorted(suppressed(run.lake, run.source))
    found = ids.filter(F.col(CUSTOMER).isNotNull() & (F.col(CUSTOMER) != ERASED_ID)).filter(known.isin(digests))
    rows = [(row[0],) for row in found.collect()]
    return run.lake.spark.createDataFrame(rows, "_erased bigint") if rows else None


def _theirs(rows: DataFrame, ids: DataFrame) -> DataFrame:
    return rows.join(F.broadcast(ids), on=F.col(CUSTOMER) == F.col("_erased"), how="left_semi")


def _erase_silver(run: Run, ids: DataFrame) -> None:
    _erase_customers(run, ids)
    _erase_from_sales(run, ids)
    _erase_quarantined(run, ids)


def _erase_customers(run: Run, ids: DataFrame) -> None:
    customers = run.lake.read("silver.customers").filter(F.col("source") == run.source)
    gone = _theirs(customers, ids).withColumn(IS_GONE, F.lit(True))
    _merge(run, gone, "silver.customers", Note(run.run_seq, days=[]))


def _erase_from_sales(run: Run, ids: DataFrame) -> None:
    """Their lines stay, and lose the customer; the commit says which days that touches."""
    sales = _sales_of_theirs(run)
    lines = _theirs(sales, ids).withColumn(CUSTOMER, F.lit(ERASED_ID).cast("bigint")).withColumn(IS_GONE, F.lit(False))
    lines = lines.localCheckpoint()
    places = lines.select("sale_date", "sale_month").distinct().collect()
    note = Note(run.run_seq, days=sorted(row["sale_date"] for row in places))
    _merge(run, lines, "silver.sales", note, in_dates("target.sale_month", {row["sale_month"] for row in places}))


def _sales_of_theirs(run: Run) -> DataFrame:
    """Lines whose customers are the shop's: its own, and those of files that point to it."""
    return run.lake.read("silver.sales").filter(F.coalesce("member_source", "source") == run.source)


def _erase_quarantined(run: Run, ids: DataFrame) -> None:
    """A quarantined customer leaves; a quarantined sale line loses its customer, in the text of the record."""
    of_record = F.get_json_object("raw", ID_IN_RAW).cast("bigint")
    customers = _theirs(_aside(run, CUSTOMERS).withColumn(CUSTOMER, of_record), ids).withColumn(IS_GONE, F.lit(True))
    lines = _theirs(_aside(run, SALES).withColumn(CUSTOMER, of_record), ids).withColumn(IS_GONE, F.lit(False))
    # Within a value quotes are escaped, so this is the column's name and nothing else.
    raw = F.regexp_replace("raw", rf'"{CUSTOMER}":\d+', f'"{CUSTOMER}":{ERASED_ID}')
    rows = customers.unionByName(lines.withColumn("raw", raw)).drop(CUSTOMER)
    _merge(run, rows, QUARANTINE, Note(run.run_seq))


def _merge(run: Run, rows: DataFrame, table: str, note: Note, where: str = "true", part: str = "") -> None:
    began, kept = time.monotonic(), rows.localCheckpoint()
    count, gone = kept.count(), kept.filter(IS_GONE).count()
    if count:
        run.confirm()
        run.lake.merge(kept, table, note, where, nth=run.next_write(table))
    _record(run, table, count - gone, gone, began, part)


def _record(run: Run, place: str, updated: int, deleted: int, began: float, part: str = "") -> None:
    version = run.lake.newest_version(place) if place in PERSONAL else None
    seconds = time.monotonic() - began
    step = StepResult(
        f"erase {place}{part}", place, updated + deleted, updated, 0, version, seconds, rows_updated=updated,
        rows_deleted=deleted,
    )  # fmt: skip
    record(run, step, [])


def _carry_totals(run: Run) -> None:
    """Keep what the source counted comparable: of tables that nobody but erasures wrote since, it is as true of what is there now."""
    erasures = run.ledger.runs_of("erase")
    carried = []
    for name in run.ledger.tables_counted(run.run_seq):
        counted = run.ledger.run_that_counted(name, run.run_seq)
        version = run.ledger.lake_versions(counted).get(f"silver.{name}") if counted is not None else None
        writers = run.lake.writers_since(f"silver.{name}", version) if version is not None else None
        if counted is not None and writers is not None and writers <= erasures:
            carried.append((name, counted))
    run.ledger.carry_source_totals(run.run_seq, carried)


def _purge(
    run: Run, options: RunOptions, publication: Publication, ids: DataFrame | None, people: ErasedPeople
) -> None:
    """Remove what holds the people still: generations, files of old versions, rows of bronze. Nothing of it serves."""
    began = time.monotonic()
    run.confirm()
    dropped = options.open_warehouse().serve_only(publication)
    log_event(LOGGER, "generations.dropped", generations=len(dropped))
    _record(run, "warehouse", 0, len(dropped), began)
    for table in PERSONAL:
        if run.lake.exists(table):
            run.confirm()
            run.lake.vacuum(table, hours=0)
            log_event(LOGGER, "table.purged", table=table)
    for name in (CUSTOMERS, SALES):
        _erase_deliveries(run, name, ids)
    began = time.monotonic()
    _record(run, "files", erase_from_files(run, ids, people), 0, began)
    _record_purge(run)


def _record_purge(run: Run) -> None:
    """The last step: with it in the ledger, an erasure is not taken up again."""
    record(run, StepResult(PURGED, "", 0, 0, 0, None, 0.0), [])


def _erase_deliveries(run: Run, name: str, ids: DataFrame | None) -> None:
    """Write those folders of bronze anew that hold one of the people."""
    began, table = time.monotonic(), f"bronze.{name}"
    delivered = run.lake.bronze.read_all(table)
    if delivered is None or ids is None:
        return
    theirs = _theirs(delivered.filter(F.col("_source") == run.source), ids)
    found: Sequence[tuple[str, int]] = [(row[0], row[1]) for row in theirs.groupBy("_folder").count().collect()]
    for folder, _ in sorted(found):
        rows = run.lake.bronze.read_folder(table, folder)
        run.confirm()
        run.lake.bronze.rewrite(table, folder, without_erased_ids(rows, name, ids, run.source), run.run_seq)
        log_event(LOGGER, "delivery.rewritten", table=f"{table}/{folder}")
    count = sum(rows for _, rows in found)
    _record(run, table, count if name == SALES else 0, count if name == CUSTOMERS else 0, began)
