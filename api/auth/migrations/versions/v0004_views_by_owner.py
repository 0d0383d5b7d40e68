"""Saved views are kept by their owner's name: who signs in at the company's issuer has no account."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.rename_table("saved_view", "saved_view_of_account")
    op.create_table(
        "saved_view",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("page", sa.String(40), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("saved_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", name="saved_view_by_owner"),
    )
    op.execute(
        "insert into saved_view (owner, name, page, query, saved_at)"
        " select username, name, page, query, saved_at from saved_view_of_account join account using (account_id)"
    )
    op.drop_table("saved_view_of_account")
