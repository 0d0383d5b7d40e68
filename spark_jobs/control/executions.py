"""Runs as state machines know them: by the execution that started them, and failed before there was a run."""

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from spark_jobs.control.database import control_engine, create_tables, transaction
from spark_jobs.control.run_ledger import now
from spark_jobs.control.schema import METADATA, RUN


class Executions:
    """The part of the run ledger that speaks of executions. Raises LedgerError where it cannot be read or written."""

    def __init__(self, ledger_url: str) -> None:
        self._engine = control_engine(ledger_url)
        create_tables(self._engine, METADATA)

    def run(self, execution: str) -> RowMapping | None:
        """The newest run that an execution started, or None."""
        newest = sa.select(RUN).where(RUN.c.execution == execution).order_by(RUN.c.run_seq.desc()).limit(1)
        with transaction(self._engine) as connection:
            return connection.execute(newest).mappings().first()

    def note_failure(self, kind: str, execution: str, detail: str) -> int:
        """Note a run that failed before it could begin. It wrote nothing, so it needs no lease. Returns its number."""
        with transaction(self._engine) as connection:
            newest = connection.execute(sa.select(sa.func.max(RUN.c.run_seq))).scalar() or 0
            connection.execute(
                RUN.insert().values(
                    run_seq=newest + 1,
                    kind=kind,
                    source="",
                    state="failed",
                    held_by="",
                    started_at=now(),
                    finished_at=now(),
                    # PostgreSQL's text holds anything but the character 0.
                    detail=detail.replace("\0", ""),
                    execution=execution,
                )
            )
        return int(newest) + 1
