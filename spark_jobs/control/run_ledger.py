"""The run ledger: the truth about operations. Runs, their steps, quality results, source totals and publications.

SQLite in the state folder on one machine, PostgreSQL in AWS; the same tables through SQLAlchemy.
"""

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from spark_jobs.check_result import CheckResult
from spark_jobs.control.database import control_engine, create_tables, transaction
from spark_jobs.control.lease import FILE_LEASE, Lease
from spark_jobs.control.results import FileResult, StepResult
from spark_jobs.control.schema import (
    FILE,
    FILE_RESULT,
    MEASURE,
    METADATA,
    PUBLICATION,
    QUALITY,
    RUN,
    SOURCE_POSITION,
    SOURCE_TOTAL,
    STEP,
    TABLE_VERSION,
)
from spark_jobs.extract.position import SourcePosition, parse_position
from spark_jobs.extract.source_totals import SourceTotal

# A run of this state has done what it was to do: what it read need not be read again.
COMPLETE = ("published", "unchanged")

# The step with which an erasure is through; one without it must be run again.
PURGED = "purge"

# Kinds of runs that read a source.
READING = ("reload", "sync", "sweep", "backfill")


class RunLedger:
    """Reads and writes the ledger; raises LedgerError where it cannot. Whoever writes a run hands over the lease it holds.

    States only move forward: running, then published, unchanged (nothing new to publish), done, failed or interrupted.
    """

    def __init__(self, url: str, lease: Lease = FILE_LEASE) -> None:
        self.lease = lease
        self._engine = control_engine(url)
        create_tables(self._engine, METADATA)

    def start(self, kind: str, source: str, above: int = 0, published: int = 0, execution: str = "") -> int:
        """Begin a run; returns its run_seq, above that of every run before and above `above`.

        Lake and warehouse ignore what an earlier number writes, so a new ledger beside them must not begin at 1. Runs left
        running by a crash are closed; the one that made the newest generation, `published`, had done its work by then.
        """
        held_by = f"{socket.gethostname()} process {os.getpid()}"
        self.lease.confirm()
        with transaction(self._engine) as connection:
            # Whoever starts holds the lease, so nobody else can be running.
            connection.execute(
                RUN.update()
                .where((RUN.c.state == "running") & (RUN.c.run_seq == published))
                .values(state="published", finished_at=now(), detail="ended without a word after it had published")
            )
            connection.execute(
                RUN.update()
                .where(RUN.c.state == "running")
                .values(state="failed", finished_at=now(), detail="ended without a word")
            )
            newest = connection.execute(sa.select(sa.func.max(RUN.c.run_seq))).scalar() or 0
            run_seq = int(max(newest, above)) + 1
            values = {
                "run_seq": run_seq,
                "kind": kind,
                "source": source,
                "state": "running",
                "held_by": held_by,
                "started_at": now(),
                "execution": execution,
            }
            connection.execute(RUN.insert().values(**values))
        self.lease.note_run(run_seq)
        return run_seq

    def snapshot_taken(self, run_seq: int, snapshot_at: datetime, meaning: Mapping[str, str]) -> None:
        """Note the moment the run reads its source at, and what its amounts and dates mean."""
        self._update(run_seq, snapshot_at=snapshot_at.astimezone(UTC).isoformat(), meaning=json.dumps(meaning))

    def finish(self, run_seq: int, state: str, detail: str = "") -> None:
        """Close a run, once: a later word about a closed run is ignored."""
        # PostgreSQL's text holds anything but the character 0.
        told = detail.replace("\0", "")
        with transaction(self._engine) as connection:
            connection.execute(
                RUN.update()
                .where((RUN.c.run_seq == run_seq) & (RUN.c.state == "running"))
                .values(state=state, detail=told, finished_at=now())
            )

    def record_step(self, run_seq: int, step: StepResult) -> None:
        """Add one job's counts."""
        self._insert(STEP, [{"run_seq": run_seq, **asdict(step)}])

    def record_quality(self, run_seq: int, results: Sequence[CheckResult]) -> None:
        """Add what the expectations of one table found; a table that a run writes twice has both findings added up."""
        with transaction(self._engine) as connection:
            for result in results:
                of_check = (
                    (QUALITY.c.run_seq == run_seq)
                    & (QUALITY.c.table_name == result.table)
                    & (QUALITY.c.expectation == result.expectation)
                )
                counts = {
                    "failed_rows": QUALITY.c.failed_rows + result.failed_rows,
                    "checked_rows": QUALITY.c.checked_rows + result.checked_rows,
                }
                if connection.execute(QUALITY.update().where(of_check).values(**counts)).rowcount == 0:
                    values = {
                        "run_seq": run_seq, "table_name": result.table, "expectation": result.expectation,
                        "level": result.level, "failed_rows": result.failed_rows, "checked_rows": result.checked_rows,
                    }  # fmt: skip
                    connection.execute(QUALITY.insert().values(**values))

    def record_measures(self, run_seq: int, table: str, part: str, values: Mapping[str, str]) -> None:
        """Keep what a write was as a whole, by expectation."""
        self._insert(
            MEASURE,
            [
                {"run_seq": run_seq, "table_name": table, "part": part, "expectation": name, "value": value}
                for name, value in values.items()
            ],
        )

    def earlier_measures(self, run_seq: int, table: str, part: str, most: int = 30) -> dict[str, list[str]]:
        """The measures of a table in complete runs of the same kind and source before this one, oldest first."""
        this = self.run(run_seq)
        if this is None:
            return {}
        alike = (RUN.c.kind == this["kind"]) & (RUN.c.source == this["source"]) & RUN.c.state.in_(COMPLETE)
        of_table = (MEASURE.c.table_name == table) & (MEASURE.c.part == part) & (MEASURE.c.run_seq < run_seq)
        joined = sa.select(MEASURE).join(RUN, RUN.c.run_seq == MEASURE.c.run_seq).where(alike & of_table)
        found: dict[str, list[str]] = {}
        for row in self._rows(joined.order_by(MEASURE.c.run_seq)):
            found.setdefault(row["expectation"], []).append(row["value"])
        return {name: values[-most:] for name, values in found.items()}

    def record_source_totals(self, run_seq: int, totals: Sequence[SourceTotal]) -> None:
        """Keep what the source said about itself inside the run's snapshot."""
        self._insert(
            SOURCE_TOTAL,
            [
                {"run_seq": run_seq, "table_name": total.table, "month": total.month, "currency": total.currency,
                 "row_count": total.rows, "live_rows": total.live_rows, "live_quantity": total.live_quantity,
                 "live_gross": str(total.live_gross)}
                for total in totals
            ],
        )  # fmt: skip

    def record_publication(self, generation: int, run_seq: int, lake_run_seq: int) -> None:
        """Note that a run published a generation of the gold tables that `lake_run_seq` built."""
        values = {"generation": generation, "run_seq": run_seq, "published_at": now(), "lake_run_seq": lake_run_seq}
        self._insert(PUBLICATION, [values])

    def record_files(self, run_seq: int, feed: str, files: Sequence[FileResult]) -> None:
        """Note files as loaded, and what became of their records."""
        for table in (FILE, FILE_RESULT):
            names = [column.name for column in table.columns]
            values = [
                {**file.as_values(), "feed": feed, "run_seq": run_seq, "record_count": file.records} for file in files
            ]
            self._insert(table, [{name: row[name] for name in names} for row in values])

    def files(self, feed: str = "") -> list[RowMapping]:
        """Files that are loaded, of one feed or all, newest first, with what became of their records."""
        joined = sa.select(FILE, *(column for column in FILE_RESULT.columns if column.name != "sha256")).join(
            FILE_RESULT, FILE_RESULT.c.sha256 == FILE.c.sha256, isouter=True
        )
        condition = FILE.c.feed == feed if feed else sa.true()
        return self._rows(joined.where(condition).order_by(FILE.c.run_seq.desc(), FILE.c.name))

    def forget_file(self, sha256: str) -> None:
        """A file that another has replaced may be loaded again."""
        with transaction(self._engine) as connection:
            for table in (FILE, FILE_RESULT):
                connection.execute(table.delete().where(table.c.sha256 == sha256))

    def file(self, sha256: str) -> RowMapping | None:
        """A loaded file by its content hash, or None."""
        found = self._rows(sa.select(FILE).where(FILE.c.sha256 == sha256))
        return found[0] if found else None

    def runs(self, limit: int = 20) -> list[RowMapping]:
        """The newest runs, newest first."""
        return self._rows(sa.select(RUN).order_by(RUN.c.run_seq.desc()).limit(limit))

    def run(self, run_seq: int) -> RowMapping | None:
        """One run, or None."""
        found = self._rows(sa.select(RUN).where(RUN.c.run_seq == run_seq))
        return found[0] if found else None

    def steps(self, run_seq: int) -> list[RowMapping]:
        """Steps of a run, by name; jobs of one stage end in any order."""
        return self._rows(sa.select(STEP).where(STEP.c.run_seq == run_seq).order_by(STEP.c.name))

    def quality(self, run_seq: int) -> list[RowMapping]:
        """Expectation results of a run."""
        return self._rows(
            sa.select(QUALITY).where(QUALITY.c.run_seq == run_seq).order_by(QUALITY.c.table_name, QUALITY.c.expectation)
        )

    def source_totals(self, run_seq: int) -> list[RowMapping]:
        """What the source held in a run's snapshot."""
        return self._rows(sa.select(SOURCE_TOTAL).where(SOURCE_TOTAL.c.run_seq == run_seq))

    def publications(self) -> list[RowMapping]:
        """Publications, newest first."""
        return self._rows(sa.select(PUBLICATION).order_by(PUBLICATION.c.generation.desc()))

    def last_read(self, up_to: int | None = None) -> RowMapping | None:
        """The newest complete run, up to the number given, that read a source."""
        condition = RUN.c.kind.in_(READING) & RUN.c.state.in_(COMPLETE)
        if up_to is not None:
            condition &= RUN.c.run_seq <= up_to
        found = self._rows(sa.select(RUN).where(condition).order_by(RUN.c.run_seq.desc()).limit(1))
        return found[0] if found else None

    def unfinished_read(self, after: int) -> RowMapping | None:
        """The newest run after `after` that read a source, may have written a lake table and is not complete, or None.

        A run keeps its position before it writes the first, and a step after each.
        """
        writing = [sa.select(table.c.run_seq).where(table.c.run_seq > after) for table in (STEP, SOURCE_POSITION)]
        condition = RUN.c.kind.in_(READING) & RUN.c.state.not_in(COMPLETE) & RUN.c.run_seq.in_(sa.union(*writing))
        found = self._rows(sa.select(RUN).where(condition).order_by(RUN.c.run_seq.desc()).limit(1))
        return found[0] if found else None

    def record_versions(self, run_seq: int, versions: Mapping[str, int], rows: Mapping[str, int]) -> None:
        """Keep the version of every lake table as the run leaves them, and the rows of those that were counted."""
        values = [
            {"run_seq": run_seq, "table_name": table, "version": version, "row_count": rows.get(table)}
            for table, version in versions.items()
        ]
        self.lease.confirm()
        with transaction(self._engine) as connection:
            connection.execute(TABLE_VERSION.delete().where(TABLE_VERSION.c.run_seq == run_seq))
            if values:
                connection.execute(TABLE_VERSION.insert(), values)

    def rows_at(self, table: str, version: int | None) -> int | None:
        """The rows of a lake table at a version, None where no run counted them."""
        condition = (TABLE_VERSION.c.table_name == table) & (TABLE_VERSION.c.version == version)
        with transaction(self._engine) as connection:
            return connection.execute(sa.select(sa.func.max(TABLE_VERSION.c.row_count)).where(condition)).scalar()

    def lake_versions(self, run_seq: int) -> dict[str, int]:
        """The version of every lake table as a run left them."""
        found = self._rows(sa.select(TABLE_VERSION).where(TABLE_VERSION.c.run_seq == run_seq))
        return {row["table_name"]: row["version"] for row in found}

    def record_position(self, run_seq: int, source: str, position: SourcePosition) -> None:
        """Keep how far the run reads its source; it counts once the run is complete."""
        self._insert(SOURCE_POSITION, [{"run_seq": run_seq, "source": source, "position": position.as_text()}])

    def position(self, source: str) -> SourcePosition | None:
        """How far the source has been read by the newest complete run that read it, None where there is none."""
        read = sa.select(SOURCE_POSITION.c.position).join(RUN, RUN.c.run_seq == SOURCE_POSITION.c.run_seq)
        newest = read.where((SOURCE_POSITION.c.source == source) & RUN.c.state.in_(COMPLETE)).order_by(
            RUN.c.run_seq.desc()
        )
        found = self._rows(newest.limit(1))
        return parse_position(found[0]["position"]) if found else None

    def run_that_counted(self, table: str, up_to: int) -> int | None:
        """The newest complete run, up to `up_to`, in which the source counted the table's rows, and which no erasure has overtaken.

        An erasure removes the versions before it, and carries on what was counted of tables that had not changed since.
        """
        counted = sa.select(sa.func.max(SOURCE_TOTAL.c.run_seq)).join(RUN, RUN.c.run_seq == SOURCE_TOTAL.c.run_seq)
        erasures = RUN.alias()
        is_erasure = (erasures.c.kind == "erase") & erasures.c.state.in_(COMPLETE) & (erasures.c.run_seq <= up_to)
        floor = sa.select(sa.func.coalesce(sa.func.max(erasures.c.run_seq), 0)).where(is_erasure).scalar_subquery()
        condition = (
            (SOURCE_TOTAL.c.table_name == table)
            & SOURCE_TOTAL.c.run_seq.between(floor, up_to)
            & RUN.c.state.in_(COMPLETE)
        )
        with transaction(self._engine) as connection:
            return connection.execute(counted.where(condition)).scalar()

    def tables_counted(self, up_to: int) -> list[str]:
        """The tables that a source ever counted in a run before `up_to`."""
        found = self._rows(sa.select(SOURCE_TOTAL.c.table_name).where(SOURCE_TOTAL.c.run_seq < up_to).distinct())
        return sorted(row["table_name"] for row in found)

    def carry_source_totals(self, run_seq: int, counted: Sequence[tuple[str, int]]) -> None:
        """Let what the source counted of a table in an earlier run be as of `run_seq`."""
        for table, earlier in counted:
            of_table = (SOURCE_TOTAL.c.run_seq == earlier) & (SOURCE_TOTAL.c.table_name == table)
            rows = self._rows(sa.select(SOURCE_TOTAL).where(of_table))
            self._insert(SOURCE_TOTAL, [{**row, "run_seq": run_seq} for row in rows])

    def runs_of(self, kind: str) -> set[int]:
        """The numbers of every run of a kind."""
        return {row["run_seq"] for row in self._rows(sa.select(RUN.c.run_seq).where(RUN.c.kind == kind))}

    def unfinished_erasure(self) -> int | None:
        """The newest erasure, where it did not get through: people it was asked to erase may be held yet."""
        newest = max(self.runs_of("erase"), default=None)
        through = newest is not None and any(step["name"] == PURGED for step in self.steps(newest))
        return None if through else newest

    def _update(self, run_seq: int, **values: object) -> None:
        with transaction(self._engine) as connection:
            connection.execute(RUN.update().where(RUN.c.run_seq == run_seq).values(**values))

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.lease.confirm()
            with transaction(self._engine) as connection:
                connection.execute(table.insert(), rows)

    def _rows(self, query: sa.Select[Any]) -> list[RowMapping]:
        with transaction(self._engine) as connection:
            return list(connection.execute(query).mappings())


def now() -> str:
    """The time as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
