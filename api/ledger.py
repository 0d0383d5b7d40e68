"""What the pipeline's run ledger says, read by its tables' names: runs, quality results and publications."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from jobs_config.errors import BooksalesError

PASSWORD_VARIABLE = "BOOKSALES_LEDGER_PASSWORD"  # noqa: S105  the name of the variable

RUN = sa.table(
    "run", *(sa.column(name) for name in ("run_seq", "kind", "source", "state", "started_at", "finished_at", "detail"))
)
QUALITY = sa.table(
    "quality_result",
    *(sa.column(name) for name in ("run_seq", "table_name", "expectation", "level", "failed_rows", "checked_rows")),
)
STEP = sa.table(
    "step",
    *(sa.column(name) for name in ("run_seq", "name", "table_name", "rows_read", "rows_written", "rows_quarantined")),
    *(sa.column(name) for name in ("rows_inserted", "rows_updated", "rows_deleted", "seconds")),
)
PUBLICATION = sa.table("publication", *(sa.column(name) for name in ("generation", "run_seq", "published_at")))

Rows = Sequence[Mapping[str, Any]]


class NoRunError(BooksalesError):
    """There is no run of that number."""


class Ledger:
    """Reads; where the pipeline has not run yet there is nothing to read."""

    def __init__(self, url: str) -> None:
        parts = sa.make_url(url)
        # The pipeline makes the file; who only reads must not.
        self._file = Path(parts.database or "") if parts.get_backend_name() == "sqlite" else None
        password = None if self._file else os.environ.get(PASSWORD_VARIABLE)
        self._engine: Engine = sa.create_engine(parts.set(password=password) if password else parts)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def runs(self, before: int | None, limit: int) -> Rows:
        """Runs, newest first, below a number."""
        asked = sa.select(RUN).order_by(RUN.c.run_seq.desc()).limit(limit)
        return self._rows(asked if before is None else asked.where(RUN.c.run_seq < before), "run")

    def run(self, run_seq: int) -> Mapping[str, Any] | None:
        """One run; None where there is none of that number."""
        return next(iter(self._rows(sa.select(RUN).where(RUN.c.run_seq == run_seq), "run")), None)

    def steps(self, run_seq: int) -> Rows:
        """What the jobs of a run did, in order of their tables."""
        return self._rows(
            sa.select(STEP).where(STEP.c.run_seq == run_seq).order_by(STEP.c.table_name, STEP.c.name), "step"
        )

    def newest_run_with_steps(self) -> int | None:
        """The newest run in which a job did its work."""
        found = self._rows(sa.select(sa.func.max(STEP.c.run_seq).label("run_seq")), "step")
        return found[0]["run_seq"] if found else None

    def quality(self, run_seq: int | None, limit: int) -> Rows:
        """What expectations found: of one run, else of the newest that has any."""
        newest = sa.select(sa.func.max(QUALITY.c.run_seq)).scalar_subquery()
        asked = sa.select(QUALITY).where(QUALITY.c.run_seq == (newest if run_seq is None else run_seq))
        return self._rows(
            asked.order_by(QUALITY.c.failed_rows.desc(), QUALITY.c.table_name).limit(limit), "quality_result"
        )

    def quality_trend(self, count: int) -> dict[str, Rows]:
        """The newest ended runs that checked anything, oldest first, and what each expectation found that failed in one of them."""
        ended = QUALITY.join(RUN, QUALITY.c.run_seq == RUN.c.run_seq)
        checked = (
            sa.select(QUALITY.c.run_seq)
            .select_from(ended)
            .where(RUN.c.finished_at.is_not(None))
            .distinct()
            .order_by(QUALITY.c.run_seq.desc())
            .limit(count)
        )
        numbers = [row["run_seq"] for row in self._rows(checked, "quality_result")]
        found = self._rows(sa.select(QUALITY).where(QUALITY.c.run_seq.in_(numbers)), "quality_result")
        steps = self._rows(sa.select(STEP).where(STEP.c.run_seq.in_(numbers)), "step")
        runs = self._rows(sa.select(RUN).where(RUN.c.run_seq.in_(numbers)).order_by(RUN.c.run_seq), "run")
        return {
            "runs": [_run_quality(run, found, steps) for run in runs],
            "expectations": _over_runs(found, [run["run_seq"] for run in runs]),
        }

    def publications(self, limit: int) -> Rows:
        """Publications, newest first."""
        return self._rows(sa.select(PUBLICATION).order_by(PUBLICATION.c.generation.desc()).limit(limit), "publication")

    def _rows(self, asked: sa.Select[Any], table: str) -> Rows:
        if self._file is not None and not self._file.exists():
            return []
        with self._engine.connect() as connection:
            if not sa.inspect(connection).has_table(table):
                return []
            rows = connection.execute(asked).mappings().all()
            return [{str(name): value for name, value in row.items()} for row in rows]


def _run_quality(run: Mapping[str, Any], found: Rows, steps: Rows) -> Mapping[str, Any]:
    number = run["run_seq"]
    failed = [each["failed_rows"] > 0 for each in found if each["run_seq"] == number]
    # What is read into silver is read once; later layers read it again.
    silver = [step for step in steps if step["run_seq"] == number and step["table_name"].startswith("silver.")]
    return {
        **{name: run[name] for name in ("run_seq", "kind", "state", "started_at")},
        "rows_read": sum(step["rows_read"] for step in silver),
        "rows_quarantined": sum(step["rows_quarantined"] for step in silver),
        "expectations": len(failed),
        "expectations_failed": sum(failed),
    }


def _over_runs(found: Rows, numbers: Sequence[int]) -> Rows:
    by_expectation: dict[tuple[str, str, str], dict[int, int]] = {}
    for each in found:
        key = each["table_name"], each["expectation"], each["level"]
        by_expectation.setdefault(key, {})[each["run_seq"]] = each["failed_rows"]
    trends = [
        {
            "table_name": table,
            "expectation": expectation,
            "level": level,
            "failed_rows": [failed.get(number) for number in numbers],
        }
        for (table, expectation, level), failed in by_expectation.items()
        if any(failed.values())
    ]
    # By the newest run that has it, then by the one before.
    return sorted(
        trends, key=lambda trend: ([-(count or 0) for count in reversed(trend["failed_rows"])], trend["table_name"])
    )
