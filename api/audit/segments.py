"""Segments: a sealed stretch of the chain with its signed head. Retention drops whole segments and keeps their heads."""

import time

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, RowMapping

from api.audit.chain import segment_signature
from api.audit.schema import ENTRY, SEGMENT
from api.database import alone, writing

DAY = 24 * 3600 * 1_000_000

Segment = RowMapping


def seal(engine: Engine, key: bytes) -> bool:
    """Seal what has come since the last segment; whether there was anything."""
    with writing(engine) as connection:
        alone(connection, "audit")
        sealed = connection.execute(sa.select(sa.func.max(SEGMENT.c.last_seq))).scalar() or 0
        newest = connection.execute(
            sa.select(ENTRY.c.seq, ENTRY.c.at, ENTRY.c.hash)
            .where(ENTRY.c.seq > sealed)
            .order_by(ENTRY.c.seq.desc())
            .limit(1)
        ).first()
        if newest is None:
            return False
        segment = {"first_seq": sealed + 1, "last_seq": newest[0], "last_at": newest[1], "last_hash": newest[2]}
        segment["dropped_at"] = None
        connection.execute(SEGMENT.insert().values(**segment, signature=segment_signature(key, segment)))
        return True


def drop_old(engine: Engine, key: bytes, retention_days: int) -> int:
    """Drop the entries of the segments whose last one is older than the days; returns how many segments.

    A segment whose head is not as it was signed stays, for whoever looks into it.
    """
    oldest_kept = time.time_ns() // 1000 - retention_days * DAY
    dropped = 0
    with writing(engine) as connection:
        alone(connection, "audit")
        for segment in segments(connection):
            if segment["dropped_at"] is not None:
                continue
            if segment["last_at"] >= oldest_kept or segment["signature"] != segment_signature(key, segment):
                break
            gone = {**segment, "dropped_at": time.time_ns() // 1000}
            signed = {"dropped_at": gone["dropped_at"], "signature": segment_signature(key, gone)}
            connection.execute(SEGMENT.update().where(SEGMENT.c.first_seq == segment["first_seq"]).values(**signed))
            connection.execute(ENTRY.delete().where(ENTRY.c.seq.between(segment["first_seq"], segment["last_seq"])))
            dropped += 1
    return dropped


def segments(connection: Connection) -> list[Segment]:
    """Every sealed segment, oldest first."""
    return list(connection.execute(sa.select(SEGMENT).order_by(SEGMENT.c.first_seq)).mappings())


def last_dropped(connection: Connection) -> Segment | None:
    """The newest segment whose entries are gone."""
    gone = [segment for segment in segments(connection) if segment["dropped_at"] is not None]
    return gone[-1] if gone else None
