"""Tables of the accounts database. Moments are whole seconds since 1970, UTC; secrets are kept as hashes only."""

from pathlib import Path

import sqlalchemy as sa

from api.database import Schema

METADATA = sa.MetaData()
ACCOUNTS = Schema("accounts", METADATA, Path(__file__).parent / "migrations")

ACCOUNT = sa.Table(
    "account",
    METADATA,
    sa.Column("account_id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("username", sa.String(64), nullable=False, unique=True),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("is_disabled", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)
# What an account is narrowed to; an account without a row of a kind sees all of that kind.
ACCOUNT_SCOPE = sa.Table(
    "account_scope",
    METADATA,
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("member", sa.String(500), nullable=False),
    sa.PrimaryKeyConstraint("account_id", "kind", "member"),
)
SESSION = sa.Table(
    "session",
    METADATA,
    sa.Column("session_id", sa.String(32), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id"), nullable=False, index=True),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("end_reason", sa.String(40), nullable=False),
)
REFRESH_TOKEN = sa.Table(
    "refresh_token",
    METADATA,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("session_id", sa.ForeignKey("session.session_id"), nullable=False, index=True),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("used_at", sa.BigInteger),
)
SIGN_IN_FAILURE = sa.Table(
    "sign_in_failure",
    METADATA,
    sa.Column("subject", sa.String(200), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sa.Column("blocked_until", sa.BigInteger, nullable=False),
)
JOB = sa.Table(
    "job",
    METADATA,
    sa.Column("job_id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("arguments", sa.Text, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("started_by", sa.String(64), nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("finished_at", sa.BigInteger),
    sa.Column("exit_code", sa.Integer),
    sa.Column("process_id", sa.Integer),
)
# A page of the dashboard and its filters, as the query of a link, under a name of their owner's.
SAVED_VIEW = sa.Table(
    "saved_view",
    METADATA,
    # A username; those who sign in at the company's issuer have one and no account.
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("page", sa.String(40), nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("saved_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("owner", "name"),
)
