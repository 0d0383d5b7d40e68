"""Reading old days again, on purpose: every sale line of a window as the source has it now, whatever its times say."""

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.extract.delivery import deliver_where, read_where
from spark_jobs.extract.reader import Reader
from spark_jobs.extract.select import literal, quoted
from spark_jobs.extract.snapshot import SourceTable
from spark_jobs.merge import merge_job
from spark_jobs.reconcile import guard_deletes
from spark_jobs.registry import silver_job
from spark_jobs.runner import Run
from warehouse.contract import load_contract

WINDOW, MOVED = "window", "moved"


@dataclass(frozen=True)
class Window:
    """Business dates, half-open."""

    first: date
    end: date

    @property
    def days(self) -> list[date]:
        """Every date of the window."""
        return [self.first + timedelta(days=number) for number in range((self.end - self.first).days)]


def read_window_again(run: Run, reader: Reader, window: Window, time_zone: str, approves_deletes: bool) -> None:
    """Make the sales of a window equal to the source's: lines of these days there and here are compared.

    A line that silver has in the window and the source does not is looked up by its key: it has moved to another day, or is gone.
    Raises ApprovalError where more than a run may take away unasked is gone.
    """
    table = reader.snapshot.tables["sales"]
    deliver_where(run.lake, reader, table, _in_window(table, window, time_zone), WINDOW)
    lines = run.lake.read("silver.sales").filter(F.col("source") == run.source)
    others = _held_elsewhere(lines, window, run.lake.bronze.read("bronze.sales", run.run_seq, WINDOW))
    merge_job(run, *silver_job("sales"), part=WINDOW)
    if not others:
        return
    gone = _gone(reader, table, others)
    guard_deletes(table, len(gone), lines.count(), approves_deletes)
    deliver_where(run.lake, reader, table, _with_keys(table, others), MOVED)
    merge_job(run, *silver_job("sales"), part=MOVED, ghosts=_ghosts(run, gone))


def plan_window(
    run: Run, reader: Reader, lines: DataFrame, window: Window, time_zone: str
) -> tuple[DataFrame, DataFrame]:
    """The rows that `read_window_again` would bring, and the keys that it would take out of `lines`; nothing is written."""
    table = reader.snapshot.tables["sales"]
    rows = read_where(reader, table, _in_window(table, window, time_zone)).localCheckpoint()
    others = _held_elsewhere(lines, window, rows)
    if others:
        rows = rows.unionByName(read_where(reader, table, _with_keys(table, others)))
    return rows, _ghosts(run, _gone(reader, table, others))


def _held_elsewhere(lines: DataFrame, window: Window, delivered: DataFrame) -> list[int]:
    """Those of the source's lines in silver that are in the window, and were not delivered of it."""
    here = lines.filter((F.col("sale_date") >= window.first) & (F.col("sale_date") < window.end)).select("sale_id")
    return [row["sale_id"] for row in here.join(delivered.select("sale_id"), on="sale_id", how="left_anti").collect()]


def _gone(reader: Reader, table: SourceTable, keys: list[int]) -> list[int]:
    key = quoted(table.mapping.key)
    there = reader.snapshot.query(f"select {key} from {table.relation} where {key} = any(%s)", (keys,))
    return sorted({*keys} - {found for (found,) in there})


def _ghosts(run: Run, keys: list[int]) -> DataFrame:
    schema = load_contract("silver.sales").columns["sale_id"].type
    return run.lake.spark.createDataFrame([(run.source, key) for key in keys], f"source string, sale_id {schema}")


def _with_keys(table: SourceTable, keys: list[int]) -> str:
    return f"{quoted(table.mapping.key)} in ({', '.join(map(str, keys))})"


def _in_window(table: SourceTable, window: Window, time_zone: str) -> str:
    sold_at = quoted(table.mapping.columns["sold_at"].column)
    bounds = [
        f"{literal(day.isoformat())}::timestamp at time zone {literal(time_zone)}" for day in (window.first, window.end)
    ]
    return f"{sold_at} >= {bounds[0]} and {sold_at} < {bounds[1]}"
