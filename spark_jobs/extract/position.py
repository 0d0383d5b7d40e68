"""How far a source has been read, and whether what is there now goes on from there.

A position is kept with every run that reads the source and counts once that run has published. The next sync starts from it.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from spark_jobs.errors import SourceChangedError
from spark_jobs.extract.snapshot import SourceSnapshot

# Covers clocks of applications, steps of the server's clock, and the moment before a backend reports its transaction's start.
OVERLAP = timedelta(minutes=5)


@dataclass(frozen=True)
class TablePosition:
    """One table when it was read. `swept` is the snapshot of the last look at every row's transaction number, empty for none.

    `columns` are those that the table had at the last full reload.
    """

    relation: str
    oid: int
    filenode: int
    key: str
    swept: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourcePosition:
    """One source when it was read.

    `cutoff` is the start of the oldest transaction that ran then, None where the role could not see it; `snapshot` is the text of
    the snapshot; `taken_at` the source's clock.
    """

    system: str
    timeline: int
    database: int
    cutoff: datetime | None
    snapshot: str
    taken_at: datetime
    tables: Mapping[str, TablePosition]

    def as_text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), default=datetime.isoformat)


def parse_position(text: str) -> SourcePosition:
    """A position from its JSON."""
    values: dict[str, Any] = json.loads(text)
    cutoff = values["cutoff"] and datetime.fromisoformat(values["cutoff"])
    tables = {
        name: TablePosition(**{**table, "columns": tuple(table.get("columns", ()))})
        for name, table in values["tables"].items()
    }
    moments = {"cutoff": cutoff, "taken_at": datetime.fromisoformat(values["taken_at"])}
    return SourcePosition(**{**values, **moments, "tables": tables})


def position_of(snapshot: SourceSnapshot) -> SourcePosition:
    """How far this snapshot reads the source, where every row of every table is looked at."""
    tables = {
        name: TablePosition(
            table.relation, table.oid, table.filenode, table.mapping.key, snapshot.text, tuple(sorted(table.columns))
        )
        for name, table in snapshot.tables.items()
    }
    return SourcePosition(
        snapshot.system, snapshot.timeline, snapshot.database, snapshot.cutoff, snapshot.text, snapshot.taken_at, tables
    )


def after_sync(before: SourcePosition, now: SourcePosition, swept: Set[str]) -> SourcePosition:
    """How far a sync reads the source: tables of which it did not look at every row keep the sweep they had."""
    tables = {
        name: replace(
            table,
            columns=before.tables[name].columns,
            swept=table.swept if name in swept else before.tables[name].swept,
        )
        if name in before.tables
        else table
        for name, table in now.tables.items()
    }
    return replace(now, tables=tables)


def floor_of(snapshot: str) -> int:
    """Every transaction below this number had ended when the snapshot (its text) was taken."""
    return int(snapshot.split(":")[0])


def ceiling_of(snapshot: str) -> int:
    """The first transaction number that had not been given out."""
    return int(snapshot.split(":")[1])


def check_goes_on(before: SourcePosition, now: SourcePosition, where: str) -> None:
    """Raises SourceChangedError, naming every sign, when the source is not what was read before at a later time.

    A table whose file is another (TRUNCATE, VACUUM FULL, CLUSTER) is no such sign: its rows are compared (see `rewritten`).
    """
    signs = [sign for sign, is_seen in _signs(before, now).items() if is_seen]
    signs += [
        f"{old.relation} is another table than before"
        for name, old in before.tables.items()
        if name in now.tables and now.tables[name].oid != old.oid
    ]
    signs += [
        f"the key of {name} was {old.key} and is {now.tables[name].key}"
        for name, old in before.tables.items()
        if name in now.tables and now.tables[name].key != old.key
    ]
    signs += [f"{name} was never read" for name in now.tables if name not in before.tables]
    if signs:
        raise SourceChangedError(
            f"{where}: {'; '.join(signs)}. What was read before cannot be continued: make sure that this is the right database, "
            "then read all of it by `booksales reload`"
        )


def _signs(before: SourcePosition, now: SourcePosition) -> dict[str, bool]:
    is_same_database = (before.system, before.database) == (now.system, now.database)
    return {
        "this is another PostgreSQL cluster (its system identifier differs)": before.system != now.system,
        "this is another database of the cluster": before.system == now.system and before.database != now.database,
        f"the server is on timeline {now.timeline}, before it was {before.timeline}: it was restored or failed over": (
            is_same_database and before.timeline != now.timeline
        ),
        "its transaction counter is behind the last run's: it was restored from a backup": (
            is_same_database and ceiling_of(now.snapshot) < ceiling_of(before.snapshot)
        ),
        f"its clock says {now.taken_at:%Y-%m-%d %H:%M:%S}, which is before the last run ({before.taken_at:%Y-%m-%d %H:%M:%S})": (
            now.taken_at < before.taken_at - OVERLAP
        ),
    }


def rewritten(before: SourcePosition, now: SourcePosition) -> list[str]:
    """Tables whose file was replaced since, by TRUNCATE, VACUUM FULL or CLUSTER: rows may have gone without a trace."""
    return [
        name
        for name, table in now.tables.items()
        if name in before.tables and before.tables[name].filenode != table.filenode
    ]
