"""Compares source, lake and warehouse: rows and money per table and month, as of the last published run.

What the source held was counted by its own SQL inside the run's snapshot and kept in the ledger. The lake is read here by DuckDB from
the Delta log, the warehouse from the generation that serves: nothing of the pipeline's own counts is used.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from booksales.lake_files import LakeFiles
from jobs_config.errors import BooksalesError
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.suppressions import SUPPRESSIONS
from warehouse.contract import tables_of
from warehouse.warehouses import Reading, Warehouse

LONGEST = 300

SALES_BY_MONTH = """
select strftime(sale_month, '%Y-%m') as month, currency, count(*) as line_count, sum(quantity) as quantity,
    sum(quantity * unit_price) as gross
from rows_of_sales
where deleted_at is null and source = $source
group by all
"""

QUARANTINED_BY_MONTH = """
select coalesce(substr(raw ->> 'sale_date', 1, 7), '') as month, coalesce(raw ->> 'currency', '') as currency,
    count(*) as line_count, sum(cast(raw ->> 'quantity' as bigint)) as quantity,
    sum(cast(raw ->> 'quantity' as bigint) * cast(raw ->> 'unit_price' as decimal(12, 2))) as gross,
    bool_or((raw ->> 'quantity') is null or (raw ->> 'unit_price') is null or (raw ->> 'sale_date') is null) as is_unknown
from rows_of_quarantine
where table_name = $table and source = $source and (raw ->> 'deleted_at') is null
group by all
"""

FACT_BY_MONTH = """
select date_trunc('month', sale_date) as month, currency, count(*) as line_count, sum(quantity) as quantity,
    sum(gross_amount) as gross
from analytics.fact_sales
where source = $source
group by 1, 2
"""


@dataclass(frozen=True)
class Comparison:
    """One thing counted in two places or three; None where a place does not hold it.

    `quarantined` and `erased` explain what the lake lacks of the source.
    """

    what: str
    month: str
    currency: str
    source: Any
    lake: Any
    quarantined: Any
    warehouse: Any
    erased: int = 0

    @property
    def agrees(self) -> bool:
        """Whether source = lake + quarantined + erased and lake = warehouse, as far as each place holds it."""
        explained = None if self.lake is None else self.lake + self.quarantined + self.erased
        with_source = self.source is None or explained is None or self.source == explained
        with_warehouse = self.lake is None or self.warehouse is None or self.lake == self.warehouse
        return with_source and with_warehouse


@dataclass(frozen=True)
class Places:
    """What is compared: the generation that serves, the run that built it and the source it was read from.

    `connection` is where tables of the lake are looked at.
    """

    ledger: RunLedger
    lake: LakeFiles
    built_by: int
    source: str
    reading: Reading
    connection: duckdb.DuckDBPyConnection


def verify(ledger: RunLedger, lake: str, warehouse: Warehouse) -> list[Comparison]:
    """Every comparison of the serving generation with lake and source. Raises BooksalesError when there is nothing to compare.

    Raises what a reading of the warehouse raises.
    """
    reading = warehouse.current()
    try:
        places = _places(ledger, lake, reading)
        return [*_table_rows(places), *_sales(places), *_gold_rows(places)]
    except (duckdb.Error, OSError) as error:
        said = " ".join(str(error).split())[:LONGEST]
        raise BooksalesError(
            f"lake or warehouse cannot be read: {type(error).__name__}: {said}; `booksales reload` rebuilds both"
        ) from error
    finally:
        reading.release()


def _places(ledger: RunLedger, lake: str, reading: Reading) -> Places:
    generation = reading.publication.generation
    published = next((row for row in ledger.publications() if row["generation"] == generation), None)
    if published is None:
        raise BooksalesError(f"the ledger does not know generation {generation}; run `booksales reload`")
    read = ledger.last_read(up_to=published["lake_run_seq"])
    if read is None:
        raise BooksalesError("no published run has read the source; run `booksales reload`")
    connection = duckdb.connect(config={"temp_directory": tempfile.gettempdir()})
    connection.execute("set timezone = 'UTC'")
    return Places(ledger, LakeFiles(lake), published["lake_run_seq"], read["source"], reading, connection)


def _table_rows(places: Places) -> Iterator[Comparison]:
    """Rows of every mapped table, deleted ones included, as of the newest run in which the source counted them."""
    for table in tables_of("silver"):
        counted = places.ledger.run_that_counted(table, places.built_by)
        if counted is None:
            continue
        expected = sum(row["row_count"] for row in places.ledger.source_totals(counted) if row["table_name"] == table)
        _attach(places, f"silver.{table}", counted)
        found = _one(places, f"select count(*) from rows_of_{table} where source = $source")
        aside, erased = _quarantined_rows(places, table, counted), _erased_rows(places, table, counted)
        yield Comparison(f"rows of {table}", "", "", expected, found, aside, None, erased)


def _quarantined_rows(places: Places, table: str, run_seq: int) -> int:
    if not _attach_quarantine(places, run_seq):
        return 0
    sql = "select count(*) from rows_of_quarantine where table_name = $table and source = $source"
    row = places.connection.execute(sql, {"table": f"silver.{table}", "source": places.source}).fetchone()
    assert row is not None
    return int(row[0])


def _erased_rows(places: Places, table: str, run_seq: int) -> int:
    """People who were erased and of whom the source has a row still."""
    if table != "customers" or SUPPRESSIONS not in places.ledger.lake_versions(run_seq):
        return 0
    _attach(places, SUPPRESSIONS, run_seq)
    return _one(places, "select count(*) from rows_of_suppressions where source = $source and is_in_source")


def _sales(places: Places) -> Iterator[Comparison]:
    """Live sale lines, copies and gross amount by month and currency.

    Source and lake as of the newest count in the source, lake and warehouse as they serve.
    """
    counted = places.ledger.run_that_counted("sales", places.built_by)
    if counted is not None and counted < places.built_by:
        yield from _sales_of(places, _source_by_month(places, counted), *_lake_by_month(places, counted), None)
        yield from _sales_of(places, None, *_lake_by_month(places, places.built_by), _facts_by_month(places))
    else:
        source = _source_by_month(places, counted) if counted is not None else None
        yield from _sales_of(places, source, *_lake_by_month(places, places.built_by), _facts_by_month(places))


ByMonth = dict[tuple[str, str], tuple[Any, ...]]
NOTHING = (0, 0, Decimal(0))


def _sales_of(
    places: Places, source: ByMonth | None, lake: ByMonth, aside: ByMonth, warehouse: ByMonth | None
) -> Iterator[Comparison]:
    for month, currency in sorted({*(source or {}), *lake, *(warehouse or {})}):
        key = (month, currency)
        quarantined = aside.get(key, NOTHING)
        # A value that was taken out cannot be added up again: copies and money of its month are not compared with the source.
        # A row without a month can be of any, unless the source cannot place it either.
        doubtful = {month, ""} if not any(of_month == "" for of_month, _ in source or {}) else {month}
        unknown = any(len(row) > 3 and row[3] for (of_month, _), row in aside.items() if of_month in doubtful)
        for place, what in enumerate(("live sale lines", "copies", "gross amount")):
            in_source = None if source is None or (unknown and place) else source.get(key, NOTHING)[place]
            in_warehouse = None if warehouse is None else warehouse.get(key, NOTHING)[place]
            yield Comparison(
                what, month, currency, in_source, lake.get(key, NOTHING)[place], quarantined[place] or 0, in_warehouse
            )


def _source_by_month(places: Places, run_seq: int) -> ByMonth:
    return {
        (row["month"], row["currency"]): (row["live_rows"], row["live_quantity"], Decimal(row["live_gross"]))
        for row in places.ledger.source_totals(run_seq)
        if row["table_name"] == "sales"
    }


def _lake_by_month(places: Places, run_seq: int) -> tuple[ByMonth, ByMonth]:
    """What the lake hands on to the warehouse, and what is aside: rows that silver refused, and those without a rate."""
    _attach(places, "silver.sales", run_seq)
    lake = _by_month(places, SALES_BY_MONTH)
    if not _attach_quarantine(places, run_seq):
        return lake, {}
    refused = _by_month(places, QUARANTINED_BY_MONTH, table="silver.sales")
    unrated = _by_month(places, QUARANTINED_BY_MONTH, table="gold.fact_sales")
    handed_on = {key: _plus(row, unrated.get(key, NOTHING), -1) for key, row in lake.items()}
    aside = {key: _plus(refused.get(key, NOTHING), unrated.get(key, NOTHING), 1) for key in {*refused, *unrated}}
    return handed_on, aside


def _facts_by_month(places: Places) -> ByMonth:
    rows = places.reading.rows(FACT_BY_MONTH, {"source": places.source})
    return {
        (f"{row['month']:%Y-%m}", row["currency"]): (row["line_count"], row["quantity"], row["gross"]) for row in rows
    }


def _plus(one: tuple[Any, ...], other: tuple[Any, ...], sign: int) -> tuple[Any, ...]:
    return (*((one[place] or 0) + sign * (other[place] or 0) for place in range(3)), *one[3:])


def _gold_rows(places: Places) -> Iterator[Comparison]:
    """Rows of every table of the star, lake against warehouse."""
    for table in tables_of("gold"):
        _attach(places, f"gold.{table}", places.built_by)
        in_lake = _one(places, f"select count(*) from rows_of_{table}")
        ((in_warehouse,),) = (
            row.values() for row in places.reading.rows(f"select count(*) as n from analytics.{table}")
        )
        yield Comparison(f"rows of {table}", "", "", None, in_lake, 0, in_warehouse)


def _attach(places: Places, table: str, run_seq: int) -> None:
    """Make a lake table readable as rows_of_<table>, at the version that the run left."""
    version = places.ledger.lake_versions(run_seq).get(table)
    if version is None:
        raise BooksalesError(f"run {run_seq} did not record a version of {table}; run `booksales reload`")
    rows = places.lake.rows(table, version)
    places.connection.register(f"rows_of_{table.split('.')[1]}", rows)


def _attach_quarantine(places: Places, run_seq: int) -> bool:
    if "silver.quarantine" not in places.ledger.lake_versions(run_seq):
        return False
    _attach(places, "silver.quarantine", run_seq)
    return True


def _by_month(places: Places, sql: str, **parameters: str) -> ByMonth:
    rows = places.connection.execute(sql, {"source": places.source, **parameters}).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


def _one(places: Places, sql: str) -> int:
    row = places.connection.execute(sql, {"source": places.source} if "$source" in sql else {}).fetchone()
    assert row is not None
    return int(row[0])
