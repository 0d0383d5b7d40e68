"""What a reader asks the source: rows of the snapshot with what they do to the lake, in ranges that split a table.

Every query carries a guard that yields no row in another snapshot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from spark_jobs.errors import SourceMappingError
from spark_jobs.extract.changes import Changes
from spark_jobs.extract.select import key_list, quoted, select_list
from spark_jobs.extract.snapshot import SourceSnapshot, SourceTable
from warehouse.contract import load_contract

PAGES_PER_PARTITION = 4_096
# To connect and to prepare takes the columnar reader as long as thousands of rows, and it holds no more of a large range.
PAGES_PER_COLUMNAR_PARTITION = 32_768
COLUMNAR_PARTITIONS_PER_CORE = 4
KEYS_PER_PARTITION = 500_000
ROWS_PER_CHANGE_PARTITION = 100_000

# What a bronze row does to the lake: one of a whole table, a new or changed one, one that is gone.
SNAPSHOT, UPSERT, DELETE = "snapshot", "upsert", "delete"


@dataclass(frozen=True)
class Query:
    """What Spark is to run: a table expression with `_operation` and `_position`, and the conditions that split it."""

    expression: str
    predicates: Sequence[str]
    is_whole_table: bool = False


def whole_table_query(snapshot: SourceSnapshot, table: SourceTable, pages: int = 0) -> Query:
    """Every row of a table, in ranges of so many pages or of the usual number."""
    ranges = partition_predicates(table, pages)
    return Query(f"({_rows(snapshot, table, SNAPSHOT)}) as guarded", ranges, is_whole_table=True)


def is_read_by_columns(table: SourceTable) -> bool:
    """Whether the columnar reader may read a table: it has pages to split it by, and no personal column."""
    return table.pages > 0 and not any(column.pseudonymise for column in table.mapping.columns.values())


def range_pages(table: SourceTable, is_columnar: bool, cores: int) -> int:
    """Pages of one range of a whole table: by columns as many as leave all cores busy to the end, else 0, the usual number."""
    if not (is_columnar and is_read_by_columns(table)):
        return 0
    share = table.pages // (COLUMNAR_PARTITIONS_PER_CORE * cores)
    return max(PAGES_PER_PARTITION, min(share, PAGES_PER_COLUMNAR_PARTITION))


def changes_query(snapshot: SourceSnapshot, changes: Changes) -> Query:
    """The rows that changed, and the keys of those that are gone."""
    deleted = _deleted(snapshot, changes) if changes.deleted_keys else ""
    return rows_query(snapshot, changes.table, changes.condition, changes.changed_rows, deleted)


def rows_query(snapshot: SourceSnapshot, table: SourceTable, condition: str, rows: int, others: str = "") -> Query:
    """The `rows` rows for which a condition holds, as new or changed ones, and those of another query with the same columns."""
    expression = " union all ".join(part for part in (_rows(snapshot, table, UPSERT, condition), others) if part)
    is_split = rows > ROWS_PER_CHANGE_PARTITION and table.pages
    return Query(f"({expression}) as guarded", partition_predicates(table) if is_split else ["true"])


def check_columns(snapshot: SourceSnapshot) -> None:
    """Raises SourceMappingError naming every column of every table that is missing or of a type that does not fit."""
    problems = []
    for table in snapshot.tables.values():
        try:
            whole_table_query(snapshot, table)
        except SourceMappingError as error:
            problems.append(str(error))
    if problems:
        raise SourceMappingError("; ".join(problems))


def _rows(snapshot: SourceSnapshot, table: SourceTable, operation: str, condition: str = "true") -> str:
    items = select_list(load_contract(f"silver.{table.name}"), table.mapping, table.columns, f"table {table.name}")
    return (
        f"select {items}, '{operation}'::text as _operation, {_position(table)} as _position "
        f"from {table.relation} where {_guard(snapshot)} and {condition}"
    )


def _deleted(snapshot: SourceSnapshot, changes: Changes) -> str:
    """Rows that hold nothing but the key."""
    table = changes.table
    items = key_list(load_contract(f"silver.{table.name}"), table.mapping.key_column, "deleted_key")
    position = f"null::{'tid' if table.pages else 'bigint'}"
    return (
        f"select {items}, '{DELETE}'::text, {position} from ({changes.tombstones}) as deleted where {_guard(snapshot)}"
    )


def _guard(snapshot: SourceSnapshot) -> str:
    """Yields rows in the keeper's snapshot only."""
    return f"pg_current_snapshot()::text = '{snapshot.text}'"


def _position(table: SourceTable) -> str:
    return "ctid" if table.pages else quoted(table.mapping.key)


def partition_predicates(table: SourceTable, pages: int = 0) -> list[str]:
    """Conditions that split the table without overlap or gap: equal pages, else equal ranges of the key, else none.

    The first and the last range are open, so a row cannot fall outside; one without a position, of a deleted row, is in the first.
    """
    if table.pages:
        step = pages or PAGES_PER_PARTITION
        cuts = [f"'({page},0)'::tid" for page in range(step, table.pages, step)]
    elif table.key_bounds:
        low, high = table.key_bounds
        cuts = [str(cut) for cut in range(low + KEYS_PER_PARTITION, high + 1, KEYS_PER_PARTITION)]
    else:
        cuts = []
    if not cuts:
        return ["true"]
    inner = [f'"_position" >= {start} and "_position" < {end}' for start, end in pairwise(cuts)]
    return [f'("_position" < {cuts[0]} or "_position" is null)', *inner, f'"_position" >= {cuts[-1]}']
