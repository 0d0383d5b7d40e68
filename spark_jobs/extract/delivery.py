"""From the snapshot to bronze: every table, or what changed of it. A delivery is sealed only when as many rows arrived as the source
counted in the same snapshot.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from jobs_config.log_setup import log_event
from spark_jobs.errors import ExtractionError
from spark_jobs.extract import columnar
from spark_jobs.extract.changes import Changes
from spark_jobs.extract.erased import without_erased
from spark_jobs.extract.jdbc import read_query
from spark_jobs.extract.query import (
    Query,
    changes_query,
    is_read_by_columns,
    range_pages,
    rows_query,
    whole_table_query,
)
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.snapshot import SourceTable
from spark_jobs.tables import Lake

LOGGER = logging.getLogger(__name__)

TABLES_AT_ONCE = 2

# Told rows arrived and rows expected.
Report = Callable[[int, int], None]


def deliver_tables(lake: Lake, reader: Reader, rows_of: Mapping[str, int], report: Report) -> None:
    """Bring every table whole to bronze; `rows_of` is what the source counted. Raises ExtractionError when other rows arrive."""
    # Biggest first, so the small ones fill the gaps.
    tables = sorted(reader.snapshot.tables.values(), key=lambda table: -table.size_bytes)
    cores = reader.spark.sparkContext.defaultParallelism
    pages = {table.name: range_pages(table, reader.is_columnar, cores) for table in tables}
    queries = [(table, whole_table_query(reader.snapshot, table, pages[table.name])) for table in tables]
    _deliver_all(lake, reader, [(table, query, rows_of[table.name]) for table, query in queries], report)


def _is_read_by_columns(reader: Reader, table: SourceTable) -> bool:
    return reader.is_columnar and is_read_by_columns(table)


def deliver_changes(lake: Lake, reader: Reader, changes: Sequence[Changes], report: Report) -> None:
    """Bring what changed to bronze; a table without a change gets no delivery. Raises ExtractionError when other rows arrive."""
    found = sorted((change for change in changes if change.rows), key=lambda change: -change.rows)
    _deliver_all(
        lake, reader, [(change.table, changes_query(reader.snapshot, change), change.rows) for change in found], report
    )


def deliver_where(lake: Lake, reader: Reader, table: SourceTable, condition: str, part: str) -> None:
    """Bring the rows for which a condition holds to bronze, as a further part of the run's delivery, counted anew.

    Raises ExtractionError when other rows arrive.
    """
    rows = _count_where(reader, table, condition)
    deliver(lake, reader, table, rows_query(reader.snapshot, table, condition, rows), rows, part)


def deliver(lake: Lake, reader: Reader, table: SourceTable, query: Query, expected: int, part: str = "") -> int:
    """Bring the rows of one query to bronze, but for those of erased people, and seal them; returns how many arrived.

    Raises ExtractionError when they are not `expected`.
    """
    name = f"bronze.{table.name}"
    if query.is_whole_table and _is_read_by_columns(reader, table):
        arrived = columnar.write_rows(reader, table, query, lake.bronze.make_empty(name, reader.run_seq, part))
    else:
        arrived = _write_by_jdbc(lake, reader, table, query, part)
    if arrived != expected:
        raise ExtractionError(
            f"{table.relation}: {arrived} rows arrived, the snapshot has {expected}; nothing is published. "
            "A partition was not read in the snapshot: check that no pooler stands between (connect to the server itself)"
        )
    log_event(LOGGER, "table.arrived", table=table.name, rows=arrived)
    manifest = {"rows": arrived, "snapshot": reader.snapshot.text, "taken_at": str(reader.snapshot.taken_at)}
    lake.bronze.seal(name, reader.run_seq, manifest, part)
    log_event(LOGGER, "table.extracted", table=table.name, rows=arrived)
    return arrived


def _write_by_jdbc(lake: Lake, reader: Reader, table: SourceTable, query: Query, part: str) -> int:
    observation = Observation(f"bronze_{table.name}")
    rows = read_query(reader, table, query).observe(observation, F.count(F.lit(1)).alias("rows"))
    lake.bronze.write(without_erased(rows, table.name, reader.erased), f"bronze.{table.name}", reader.run_seq, part)
    return int(observation.get["rows"])


def read_changes(reader: Reader, changes: Changes) -> DataFrame:
    """One table's changes as bronze rows, without writing them."""
    rows = read_query(reader, changes.table, changes_query(reader.snapshot, changes))
    return without_erased(rows, changes.table.name, reader.erased)


def read_where(reader: Reader, table: SourceTable, condition: str) -> DataFrame:
    """Rows for which a condition holds as bronze rows, without writing them."""
    query = rows_query(reader.snapshot, table, condition, _count_where(reader, table, condition))
    return without_erased(read_query(reader, table, query), table.name, reader.erased)


def _count_where(reader: Reader, table: SourceTable, condition: str) -> int:
    return int(reader.snapshot.query(f"select count(*) from {table.relation} where {condition}")[0][0])


def _deliver_all(lake: Lake, reader: Reader, wanted: Sequence[tuple[SourceTable, Query, int]], report: Report) -> None:
    expected = sum(rows for _, _, rows in wanted)
    with ThreadPoolExecutor(TABLES_AT_ONCE) as pool:
        arrived = 0
        for job in [pool.submit(deliver, lake, reader, *item) for item in wanted]:
            arrived += job.result()
            report(arrived, expected)
