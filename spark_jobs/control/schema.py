"""The tables of the run ledger, in SQLite and in PostgreSQL alike."""

import sqlalchemy as sa

METADATA = sa.MetaData()

RUN = sa.Table(
    "run",
    METADATA,
    sa.Column("run_seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("held_by", sa.String(200), nullable=False),
    sa.Column("started_at", sa.String(32), nullable=False),
    sa.Column("snapshot_at", sa.String(32)),
    # What the run's amounts and dates mean, as JSON: reporting currency, time zone, retail week.
    sa.Column("meaning", sa.Text, nullable=False, server_default="{}"),
    sa.Column("finished_at", sa.String(32)),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    # The state machine's execution that started it, empty for a run that a person started.
    sa.Column("execution", sa.String(80), nullable=False, server_default=""),
)
STEP = sa.Table(
    "step",
    METADATA,
    sa.Column("run_seq", sa.BigInteger, nullable=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("table_name", sa.String(80), nullable=False),
    sa.Column("rows_read", sa.BigInteger, nullable=False),
    sa.Column("rows_written", sa.BigInteger, nullable=False),
    sa.Column("rows_quarantined", sa.BigInteger, nullable=False),
    sa.Column("lake_version", sa.BigInteger),
    sa.Column("seconds", sa.Float, nullable=False),
    # Of a merge only.
    sa.Column("rows_inserted", sa.BigInteger),
    sa.Column("rows_updated", sa.BigInteger),
    sa.Column("rows_deleted", sa.BigInteger),
    sa.PrimaryKeyConstraint("run_seq", "name"),
)
# The version of every lake table once a run had done its work there, whether it wrote the table or not; and its rows, where counted.
TABLE_VERSION = sa.Table(
    "table_version",
    METADATA,
    sa.Column("run_seq", sa.BigInteger, nullable=False),
    sa.Column("table_name", sa.String(80), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("row_count", sa.BigInteger),
    sa.PrimaryKeyConstraint("run_seq", "table_name"),
)
# How far a run read its source, as JSON (extract/position.py).
SOURCE_POSITION = sa.Table(
    "source_position",
    METADATA,
    sa.Column("run_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("position", sa.Text, nullable=False),
)
QUALITY = sa.Table(
    "quality_result",
    METADATA,
    sa.Column("run_seq", sa.BigInteger, nullable=False),
    sa.Column("table_name", sa.String(80), nullable=False),
    sa.Column("expectation", sa.String(80), nullable=False),
    sa.Column("level", sa.String(20), nullable=False),
    sa.Column("failed_rows", sa.BigInteger, nullable=False),
    sa.Column("checked_rows", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("run_seq", "table_name", "expectation"),
)
# What a write was as a whole, by the expectation that asks; compared with runs of the same kind and source.
MEASURE = sa.Table(
    "measure",
    METADATA,
    sa.Column("run_seq", sa.BigInteger, nullable=False),
    sa.Column("table_name", sa.String(80), nullable=False),
    sa.Column("expectation", sa.String(80), nullable=False),
    sa.Column("part", sa.String(20), nullable=False),
    # As text: exact, and a time too.
    sa.Column("value", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("run_seq", "table_name", "expectation", "part"),
)
SOURCE_TOTAL = sa.Table(
    "source_total",
    METADATA,
    sa.Column("run_seq", sa.BigInteger, nullable=False),
    sa.Column("table_name", sa.String(80), nullable=False),
    # As the source has them, however long.
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    sa.Column("live_rows", sa.BigInteger, nullable=False),
    sa.Column("live_quantity", sa.BigInteger, nullable=False),
    # As text: exact, whatever the database makes of numeric.
    sa.Column("live_gross", sa.Text, nullable=False),
)
PUBLICATION = sa.Table(
    "publication",
    METADATA,
    sa.Column("generation", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("run_seq", sa.BigInteger, nullable=False),
    sa.Column("published_at", sa.String(32), nullable=False),
    sa.Column("lake_run_seq", sa.BigInteger, nullable=False),
)
FILE = sa.Table(
    "file",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("feed", sa.String(80), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("run_seq", sa.BigInteger, nullable=False),
    sa.Column("record_count", sa.BigInteger, nullable=False),
)
# What became of a file's physical records: one header, and each of the others in one of these.
FILE_RESULT = sa.Table(
    "file_result",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("physical", sa.BigInteger, nullable=False),
    sa.Column("blank", sa.BigInteger, nullable=False),
    sa.Column("accepted", sa.BigInteger, nullable=False),
    sa.Column("quarantined", sa.BigInteger, nullable=False),
    sa.Column("superseded", sa.BigInteger, nullable=False),
)
