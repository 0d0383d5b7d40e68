"""Tables of the audit database. Moments are microseconds since 1970, UTC.

Every request is an `intent`, and at most one `outcome` that points to it. Rows are inserted, never changed; what is past its time
goes a sealed segment at a time, and the segment's signed head stays.
"""

from pathlib import Path

import sqlalchemy as sa

from api.database import Schema

METADATA = sa.MetaData()
AUDIT = Schema("audit", METADATA, Path(__file__).parent / "migrations")

ENTRY = sa.Table(
    "audit_entry",
    METADATA,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("intent_seq", sa.BigInteger, index=True),
    sa.Column("username", sa.String(64), index=True),
    sa.Column("role", sa.String(20)),
    sa.Column("address", sa.String(64)),
    sa.Column("method", sa.String(20)),
    sa.Column("endpoint", sa.String(40)),
    sa.Column("path", sa.String(500)),
    sa.Column("decision", sa.String(40)),
    sa.Column("status", sa.Integer),
    sa.Column("duration", sa.BigInteger),
    sa.Column("columns", sa.String(1000)),
    sa.Column("row_count", sa.BigInteger),
    sa.Column("publication", sa.BigInteger),
    sa.Column("prev_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
SEGMENT = sa.Table(
    "audit_segment",
    METADATA,
    sa.Column("first_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.Column("last_hash", sa.String(64), nullable=False),
    sa.Column("signature", sa.String(64), nullable=False),
    sa.Column("dropped_at", sa.BigInteger),
)
