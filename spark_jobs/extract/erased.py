"""Keeping erased people out: before bronze is written, their customer rows are dropped, and their sale lines lose the customer.

The list of suppressions holds digests only, so each run finds out whose they are: it hashes the shop's ids, read in its snapshot.
Where nobody was ever erased, none of this costs anything.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs_config.model import SourceMapping
from spark_jobs.errors import SourceMappingError
from spark_jobs.extract.pseudonym import keyed_hash
from spark_jobs.extract.select import quoted
from spark_jobs.extract.snapshot import SourceSnapshot
from spark_jobs.transforms.members import ERASED_ID

CUSTOMERS, SALES, CUSTOMER = "customers", "sales", "customer_id"

IDS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Erased:
    """Who is suppressed, by the shop's ids in a snapshot: `there` have a row in the shop, `gone` have left traces only."""

    there: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()

    @property
    def ids(self) -> list[int]:
        """All of them, in order."""
        return sorted(self.there | self.gone)


NOBODY = Erased()


def digest_of(customer_hash: str) -> str:
    """The digest by which the suppressions know a person; `silver.customers` holds the keyed hash it is made from."""
    return hashlib.sha256(customer_hash.encode()).hexdigest()


def digest_of_id(customer_id: object, key: bytes) -> str:
    """The digest of a shop's customer id."""
    return digest_of(keyed_hash(str(customer_id), "id", key))


def check_mapping(mapping: SourceMapping) -> None:
    """Raises SourceMappingError unless the keyed hash is made of the id that sale lines bear."""
    columns = mapping.tables[CUSTOMERS].columns
    if columns["customer_hash"].column != columns[CUSTOMER].column:
        raise SourceMappingError(
            f"source {mapping.source}: customer_hash is made of {columns['customer_hash'].column}, customer_id of "
            f"{columns[CUSTOMER].column}; a person can be erased only where both are of one column"
        )


def find_erased(snapshot: SourceSnapshot, digests: Collection[str], key: bytes) -> Erased:
    """Whom of the suppressed the source knows: customers, deleted ones with a tombstone, and customers that only sale lines name."""
    if not digests:
        return NOBODY
    there = {number for number in _customers(snapshot) if digest_of_id(number, key) in digests}
    gone = {number for number in _traces(snapshot) if digest_of_id(number, key) in digests}
    return Erased(frozenset(there), frozenset(gone - there))


def without_erased(rows: DataFrame, table: str, erased: Erased) -> DataFrame:
    """Bronze rows of a table: no row of an erased customer, sale lines of theirs with ERASED_ID instead."""
    if table not in (CUSTOMERS, SALES) or not erased.ids:
        return rows
    # A join and no list of literals, which plans and logs would show.
    ids = rows.sparkSession.createDataFrame([(number,) for number in erased.ids], "_erased bigint")
    return without_erased_ids(rows, table, ids)


def without_erased_ids(rows: DataFrame, table: str, ids: DataFrame, source: str = "") -> DataFrame:
    """The same, of customers whose ids are in the column `_erased`; with a source, of its rows only."""
    is_theirs = F.col(CUSTOMER) == F.col("_erased")
    if source:
        is_theirs = is_theirs & (F.col("_source") == source)
    if table == CUSTOMERS:
        return rows.join(F.broadcast(ids), on=is_theirs, how="left_anti")
    marked = rows.join(F.broadcast(ids), on=is_theirs, how="left")
    kept = F.when(F.col("_erased").isNotNull(), F.lit(ERASED_ID).cast("bigint")).otherwise(F.col(CUSTOMER))
    return marked.withColumn(CUSTOMER, kept).drop("_erased")


def _customers(snapshot: SourceSnapshot) -> Iterator[int]:
    """Every customer's id, some at a time: the key has an index."""
    table = snapshot.tables[CUSTOMERS]
    key = quoted(table.mapping.key)
    page = snapshot.query(f"select {key} from {table.relation} order by 1 limit %s", (IDS_AT_ONCE,))
    while page:
        yield from (number for (number,) in page)
        page = snapshot.query(
            f"select {key} from {table.relation} where {key} > %s order by 1 limit %s", (page[-1][0], IDS_AT_ONCE)
        )


def _traces(snapshot: SourceSnapshot) -> list[int]:
    """Ids of customers without a row: in tombstones, and in sale lines where no foreign key forbids it."""
    customers, sales = snapshot.tables[CUSTOMERS], snapshot.tables[SALES]
    key, of_line = quoted(customers.mapping.key), quoted(sales.mapping.columns[CUSTOMER].column)
    found = snapshot.query(
        f"select distinct {of_line} from {sales.relation} as line where {of_line} is not null and not exists "
        f"(select from {customers.relation} as customer where customer.{key} = line.{of_line})"
    )
    if snapshot.tombstones is not None:
        graves = snapshot.tombstones
        found += snapshot.query(
            f"select distinct {quoted(graves.mapping.row_key)} from {graves.relation} "
            f"where {quoted(graves.mapping.table_name)} = %s and {quoted(graves.mapping.row_key)} is not null",
            (customers.mapping.table,),
        )
    return [number for (number,) in found]
