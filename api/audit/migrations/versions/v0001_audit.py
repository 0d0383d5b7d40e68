"""Entries, which nobody may change, and segments, which may go once they are marked as dropped."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SQLITE = (
    "create trigger audit_entry_stays_as_it_is before update on audit_entry "
    "begin select raise(abort, 'audit entries are never changed'); end",
    "create trigger audit_entry_stays before delete on audit_entry when not exists (select 1 from audit_segment "
    "where old.seq between first_seq and last_seq and dropped_at is not null) "
    "begin select raise(abort, 'audit entries go with their segment only'); end",
)
POSTGRESQL = (
    "create function audit_entry_stays() returns trigger language plpgsql as $$ begin "
    "if tg_op = 'DELETE' and exists (select 1 from audit_segment "
    "where old.seq between first_seq and last_seq and dropped_at is not null) then return old; end if; "
    "raise exception 'audit entries are never changed, and go with their segment only'; end $$",
    "create trigger audit_entry_stays before update or delete on audit_entry "
    "for each row execute function audit_entry_stays()",
)


def upgrade() -> None:
    op.create_table(
        "audit_entry",
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
    op.create_table(
        "audit_segment",
        sa.Column("first_seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("last_hash", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.Column("dropped_at", sa.BigInteger),
    )
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[op.get_bind().dialect.name]:
        op.execute(statement)
