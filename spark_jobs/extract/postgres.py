"""Reading a table of the snapshot with Spark: many partitions, one moment.

Every partition imports the keeper's snapshot. Spark runs `sessionInitStatement` and the query in one transaction only if the
option is spelt `fetchsize`, lower case; spelt otherwise it silently is not. So every query carries a guard that yields no row in
another snapshot, and whoever calls compares the rows with the keeper's count.
"""

from itertools import pairwise

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.errors import SourceMappingError
from spark_jobs.extract.pseudonym import pseudonymised
from spark_jobs.extract.select import quoted, select_list
from spark_jobs.extract.snapshot import SourceSnapshot, SourceTable
from warehouse.contract import load_contract

FETCH_ROWS = 10_000
PAGES_PER_PARTITION = 4_096
KEYS_PER_PARTITION = 500_000


def read_table(
    spark: SparkSession, snapshot: SourceSnapshot, table: SourceTable, key: bytes, run_seq: int, source: str
) -> DataFrame:
    """The bronze rows of one table: contract columns, personal ones hashed with `key`, and the bronze columns."""
    address = snapshot.address
    rows = spark.read.jdbc(
        address.jdbc_url,
        guarded_query(snapshot, table),
        predicates=partition_predicates(table),
        properties={
            **address.jdbc_properties,
            "fetchsize": str(FETCH_ROWS),
            "sessionInitStatement": "set transaction isolation level repeatable read, read only; "
            f"set transaction snapshot '{snapshot.identifier}'",
        },
    )
    return pseudonymised(rows.drop("_position"), table.mapping, key).withColumns(
        {
            "_run_seq": F.lit(run_seq).cast("bigint"),
            "_extracted_at": F.lit(snapshot.taken_at),
            "_source": F.lit(source),
            "_operation": F.lit("snapshot"),
        }
    )


def check_columns(snapshot: SourceSnapshot) -> None:
    """Raises SourceMappingError naming every column of every table that is missing or of a type that does not fit."""
    problems = []
    for table in snapshot.tables.values():
        try:
            guarded_query(snapshot, table)
        except SourceMappingError as error:
            problems.append(str(error))
    if problems:
        raise SourceMappingError("; ".join(problems))


def guarded_query(snapshot: SourceSnapshot, table: SourceTable) -> str:
    """The table expression Spark reads: it yields rows in the keeper's snapshot only."""
    items = select_list(load_contract(f"silver.{table.name}"), table.mapping, table.columns, f"table {table.name}")
    position = "ctid" if table.pages else quoted(table.mapping.key)
    guard = f"pg_current_snapshot()::text = '{snapshot.text}'"
    return f'(select {items}, {position} as "_position" from {table.relation} where {guard}) as guarded'


def partition_predicates(table: SourceTable) -> list[str]:
    """Conditions that split the table without overlap or gap: equal pages, else equal ranges of the key, else none.

    The first and the last range are open, so a row cannot fall outside.
    """
    if table.pages:
        cuts = [f"'({page},0)'::tid" for page in range(PAGES_PER_PARTITION, table.pages, PAGES_PER_PARTITION)]
    elif table.key_bounds:
        low, high = table.key_bounds
        cuts = [str(cut) for cut in range(low + KEYS_PER_PARTITION, high + 1, KEYS_PER_PARTITION)]
    else:
        cuts = []
    if not cuts:
        return ["true"]
    inner = [f'"_position" >= {start} and "_position" < {end}' for start, end in pairwise(cuts)]
    return [f'"_position" < {cuts[0]}', *inner, f'"_position" >= {cuts[-1]}']
