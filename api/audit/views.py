"""What administrators look at: entries, who does how much, and what takes long."""

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine, RowMapping

from api.audit.schema import ENTRY

DAY = 24 * 3600 * 1_000_000

INTENT = ENTRY.alias("intent")
OUTCOME = ENTRY.alias("outcome")
TOGETHER = INTENT.outerjoin(OUTCOME, OUTCOME.c.intent_seq == INTENT.c.seq)
_who = sa.func.coalesce(INTENT.c.username, OUTCOME.c.username)
COLUMNS = (
    INTENT.c.seq, INTENT.c.at, INTENT.c.request_id, _who.label("username"), INTENT.c.role, INTENT.c.address, INTENT.c.method,
    INTENT.c.endpoint, INTENT.c.path, INTENT.c.decision, OUTCOME.c.status, OUTCOME.c.duration, OUTCOME.c.columns,
    OUTCOME.c.row_count, OUTCOME.c.publication,
)  # fmt: skip

Row = RowMapping


def entries(engine: Engine, before: int | None, limit: int, username: str | None, endpoint: str | None) -> list[Row]:
    """Requests, newest first, each with what came of it; `before` is the number to go on below."""
    asked = sa.select(*COLUMNS).select_from(TOGETHER).where(INTENT.c.kind == "intent")
    if before is not None:
        asked = asked.where(INTENT.c.seq < before)
    if username is not None:
        asked = asked.where(_who == username)
    if endpoint is not None:
        asked = asked.where(INTENT.c.endpoint == endpoint)
    return _rows(engine, asked.order_by(INTENT.c.seq.desc()).limit(limit))


def activity(engine: Engine, days: int) -> list[Row]:
    """Requests, refusals, rows and the last request of each user over the days, the busiest first."""
    refused = sa.case((OUTCOME.c.status >= 400, 1), else_=0)
    asked = (
        sa.select(
            _who.label("username"),
            sa.func.count().label("requests"),
            sa.func.sum(refused).label("refused"),
            sa.func.coalesce(sa.func.sum(OUTCOME.c.row_count), 0).label("row_count"),
            sa.func.max(INTENT.c.at).label("last_at"),
        )
        .select_from(TOGETHER)
        .where(INTENT.c.kind == "intent", INTENT.c.at >= _since(days), _who.is_not(None))
        .group_by(_who)
        .order_by(sa.desc("requests"), "username")
    )
    return _rows(engine, asked)


def slow(engine: Engine, days: int, limit: int) -> list[Row]:
    """The requests that took longest over the days."""
    asked = (
        sa.select(*COLUMNS)
        .select_from(TOGETHER)
        .where(INTENT.c.kind == "intent", INTENT.c.at >= _since(days), OUTCOME.c.duration.is_not(None))
        .order_by(OUTCOME.c.duration.desc(), INTENT.c.seq.desc())
        .limit(limit)
    )
    return _rows(engine, asked)


def _since(days: int) -> int:
    return time.time_ns() // 1000 - days * DAY


def _rows(engine: Engine, asked: sa.Select[Any]) -> list[Row]:
    with engine.connect() as connection:
        return list(connection.execute(asked).mappings())
