"""What has changed in a table since the position before: the condition that finds it, and how many rows that is.

Two nets, both inside the run's snapshot. The watermark column from the cutoff before shows what bears a time; the number of the
transaction that wrote a row shows the rest, at the price of a look at every row. Deleted rows show in the tombstones. Algorithms
and traps: docs/sync.md.
"""

from dataclasses import dataclass
from datetime import datetime

from spark_jobs.errors import ExtractionError
from spark_jobs.extract.position import OVERLAP, SourcePosition, TablePosition, ceiling_of, floor_of
from spark_jobs.extract.select import literal, quoted
from spark_jobs.extract.snapshot import SourceSnapshot, SourceTable

# Up to this size every row is looked at on every run: a second for the source, and nothing is left to a later sweep.
SWEPT_ROWS = 5_000_000


@dataclass(frozen=True)
class Changes:
    """What is to be read of one table: `condition` finds changed rows, `tombstones` is the query of deleted keys, or empty.

    `is_swept` says whether every row was looked at, so that row counts must agree afterwards. Counts are of the snapshot.
    """

    table: SourceTable
    condition: str
    tombstones: str
    is_swept: bool
    changed_rows: int
    deleted_keys: int

    @property
    def rows(self) -> int:
        """Rows that are to arrive."""
        return self.changed_rows + self.deleted_keys


def find_changes(snapshot: SourceSnapshot, before: SourcePosition, sweeps_all: bool) -> list[Changes]:
    """The changes of every table. Raises ExtractionError when the cutoff of this run or of the one before is not known."""
    if snapshot.cutoff is None or before.cutoff is None:
        raise ExtractionError(
            f"{snapshot.address!r}: this user cannot see the transactions of others, so a row committed late could be missed; "
            f"GRANT pg_read_all_stats TO {snapshot.address.user}"
            + ("" if snapshot.cutoff is None else ", which is done now: run `booksales reload` once")
        )
    # To no end: what is committed while an old transaction runs is in the snapshot, and bears a later time than this run's cutoff.
    # The next run reads it again, which changes nothing.
    moment = before.cutoff - OVERLAP
    return [
        _changes_of(snapshot, table, moment, before.tables[name], sweeps_all) for name, table in snapshot.tables.items()
    ]


def is_swept(table: SourceTable, sweeps_all: bool) -> bool:
    """Whether every row of the table is looked at in this run. Of a table without a watermark nothing else would show a change."""
    return sweeps_all or not table.mapping.watermark or table.estimated_rows < SWEPT_ROWS


def _changes_of(
    snapshot: SourceSnapshot,
    table: SourceTable,
    moment: datetime,
    before: TablePosition,
    sweeps_all: bool,
) -> Changes:
    swept = is_swept(table, sweeps_all)
    since = before.swept if swept else ""
    # The rows of a view bear no transaction's number.
    condition = _changed(table.mapping.watermark, moment, "" if table.is_view else since, snapshot.text)
    tombstones = _tombstones(snapshot, table, moment, since)
    changed = snapshot.query(f"select count(*) from {table.relation} where {condition}")[0][0]
    deleted = snapshot.query(f"select count(*) from ({tombstones}) as deleted")[0][0] if tombstones else 0
    return Changes(table, condition, tombstones, swept, changed, deleted)


def _changed(watermark: str, moment: datetime, since: str, now: str) -> str:
    """Rows of a moment or later, or written by a transaction that had not ended at the snapshot `since`."""
    nets = []
    if watermark:
        nets.append(f"{quoted(watermark)} >= {literal(moment.isoformat())}::timestamptz")
    if since:
        nets.append(_written_since(since, now))
    return "(" + " or ".join(f"({net})" for net in nets) + ")" if nets else "true"


def _written_since(since: str, now: str) -> str:
    """The floor of the snapshot before: a transaction below it had ended. Never visibility in it, which subtransactions defeat.

    A row holds 32 bits of its transaction's number; the rest follows from the newest number there is.
    """
    newest = ceiling_of(now)
    number = f"({newest >> 32 << 32} + xmin::text::bigint)"
    return f"(case when {number} >= {newest} then {number} - 4294967296 else {number} end) >= {floor_of(since)}"


def _tombstones(snapshot: SourceSnapshot, table: SourceTable, moment: datetime, since: str) -> str:
    """Keys whose deletion was recorded and that are not there again."""
    graves = snapshot.tombstones
    if graves is None or table.mapping.deletes != "tombstone":
        return ""
    recorded = _changed(graves.mapping.watermark, moment, since, snapshot.text)
    key = quoted(table.mapping.key)
    return (
        f"select distinct {quoted(graves.mapping.row_key)} as deleted_key from {graves.relation} as grave "
        f"where {quoted(graves.mapping.table_name)} = {literal(table.mapping.table)} and {recorded} "
        f"and not exists (select from {table.relation} as living where living.{key} = grave.{quoted(graves.mapping.row_key)})"
    )
