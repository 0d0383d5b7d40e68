"""Records that are aside: one table for all, which holds what is aside now. A record that comes again is judged again."""

import threading
from collections.abc import Callable, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.delta_log import Note
from spark_jobs.expectations import REASONS
from spark_jobs.tables import IS_GONE, Lake, in_dates
from warehouse.contract import Contract, load_contract

QUARANTINE = "silver.quarantine"

# Delta has one writer per table, and jobs that run side by side put rows into one quarantine.
_LOCK = threading.Lock()


class Quarantine:
    """The quarantine as one run writes it; each call is one commit, or none where nothing is aside before and after.

    `next_write` numbers the run's writes to this table, whoever makes them.
    """

    def __init__(self, lake: Lake, run_seq: int, next_write: Callable[[], int]) -> None:
        self._lake = lake
        self._run_seq = run_seq
        self._next = next_write
        self._held: dict[tuple[str, str], int] | None = None

    def replace_source(self, checked: DataFrame, contract: Contract, source: str, count: int) -> None:
        """Of a table read whole: what is aside of the source is now `count` rows of `checked`, which have reasons."""
        if count or self.held(contract.table, source):
            where = f"table_name = '{contract.table}' and source = '{source}'"
            self._replace(_records(checked, contract, source, self._run_seq), where)

    def replace_days(self, checked: DataFrame, contract: Contract, days: Sequence[date] | None, count: int) -> None:
        """Of a table whose days, or all, were built anew."""
        if count or self.held(contract.table):
            of_days = "" if days is None else f" and {in_dates('business_date', days)}"
            if days is None or days:
                self._replace(
                    _records(checked, contract, "", self._run_seq), f"table_name = '{contract.table}'{of_days}"
                )

    def merge(self, checked: DataFrame, arrived: DataFrame, contract: Contract, source: str, count: int) -> None:
        """Of a table whose changes were read: `arrived` holds every key that came, so what passes now leaves the quarantine."""
        if count or self.held(contract.table, source):
            aside = _records(checked, contract, source, self._run_seq)
            passed = arrived.select(_row_key(contract)).join(aside, on="row_key", how="left_anti")
            leaving = passed.withColumns(
                {"source": F.lit(source), "table_name": F.lit(contract.table), IS_GONE: F.lit(True)}
            )
            self._merge(aside.withColumn(IS_GONE, F.lit(False)).unionByName(leaving, allowMissingColumns=True))

    def rows_after(self, arrived: DataFrame, contract: Contract, source: str, count: int) -> int:
        """Rows of a source's table that would be aside after a merge of `arrived`, of which `count` are not good."""
        if not self.held(contract.table, source):
            return count
        held = self._lake.read(QUARANTINE).filter((F.col("source") == source) & (F.col("table_name") == contract.table))
        return count + held.join(arrived.select(_row_key(contract)), on="row_key", how="left_anti").count()

    def replace_records(
        self, checked: DataFrame, contract: Contract, source: str, count: int, replaced: Column | None
    ) -> None:
        """Of files of a feed: their `count` records with reasons come, and those of the feed leave that `replaced` holds for."""
        coming = _records(checked, contract, source, self._run_seq).withColumn(IS_GONE, F.lit(False))
        if replaced is not None and self.held(contract.table, source):
            held = self._lake.read(QUARANTINE).filter(
                (F.col("source") == source) & (F.col("table_name") == contract.table) & replaced
            )
            coming = coming.localCheckpoint()
            leaving = held.join(coming, on=list(load_contract(QUARANTINE).key), how="left_anti").localCheckpoint()
            coming = coming.unionByName(leaving.withColumn(IS_GONE, F.lit(True)), allowMissingColumns=True)
            count += leaving.count()
        if count:
            self._merge(coming)

    def drop(self, row_keys: Sequence[str], contract: Contract, source: str) -> None:
        """Take records out, by their keys."""
        # Merged and not replaced by a condition, which Delta's log would keep: a key may be that of a person.
        keys = [(source, contract.table, key) for key in row_keys]
        leaving = self._lake.spark.createDataFrame(keys, "source string, table_name string, row_key string")
        rows = self._lake.read(QUARANTINE).limit(0).unionByName(leaving, allowMissingColumns=True)
        self._merge(rows.withColumn(IS_GONE, F.lit(True)))

    def held(self, table: str, source: str = "") -> int:
        """Rows of a table that were aside when the run first asked."""
        with _LOCK:
            if self._held is None:
                there = self._lake.exists(QUARANTINE)
                counted = self._lake.read(QUARANTINE).groupBy("table_name", "source").count().collect() if there else []
                self._held = {(row["table_name"], row["source"]): row["count"] for row in counted}
        return sum(
            rows
            for (of_table, of_source), rows in self._held.items()
            if of_table == table and source in ("", of_source)
        )

    def _replace(self, rows: DataFrame, where: str) -> None:
        with _LOCK:
            self._lake.replace(rows, QUARANTINE, Note(self._run_seq), where, nth=self._next())

    def _merge(self, rows: DataFrame) -> None:
        with _LOCK:
            self._lake.merge(rows.localCheckpoint(), QUARANTINE, Note(self._run_seq), nth=self._next())


def _records(checked: DataFrame, contract: Contract, source: str, run_seq: int) -> DataFrame:
    """The rows with reasons, as records of the quarantine."""
    is_of_file = "_raw" in checked.columns
    # What was delivered of people who were erased is not kept.
    raw = F.coalesce(F.hex("_raw"), F.lit("")) if is_of_file else F.to_json(F.struct(*contract.columns))
    where = {"file_sha256": "string", "record_number": "bigint", "byte_start": "bigint", "byte_end": "bigint"}
    day = F.col("sale_date") if "sale_date" in contract.columns else F.lit(None)
    return checked.filter(F.size(REASONS) > 0).select(
        F.lit(run_seq).cast("bigint").alias("run_seq"),
        (F.lit(source) if source else F.col("source")).alias("source"),
        F.lit(contract.table).alias("table_name"),
        F.concat_ws("/", "file_sha256", "record_number").alias("row_key") if is_of_file else _row_key(contract),
        day.cast("date").alias("business_date"),
        F.col(REASONS).alias("reasons"),
        *((F.col(name) if is_of_file else F.lit(None).cast(kind)).alias(name) for name, kind in where.items()),
        raw.alias("raw"),
    )


def _row_key(contract: Contract) -> Column:
    return F.concat_ws("/", *(F.coalesce(F.col(name).cast("string"), F.lit("?")) for name in contract.key)).alias(
        "row_key"
    )
