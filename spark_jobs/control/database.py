"""The control database: where the run ledger is, and on PostgreSQL the writer's lease too. Reached by an SQLAlchemy URL.

A password is never part of the URL: it comes from BOOKSALES_LEDGER_PASSWORD.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from jobs_config.errors import ConfigError
from jobs_config.loopback import ADDRESSES
from spark_jobs.errors import LedgerError

PASSWORD_VARIABLE = "BOOKSALES_LEDGER_PASSWORD"  # noqa: S105  the variable's name, not a password
CONNECT_SECONDS = 15
SERVER, FILE = "postgresql", "sqlite"

# Any number will do, as long as it stays: whoever makes tables waits for whoever is making them.
SCHEMA_LOCK = 7_240_001

ADVICE = {
    r"password authentication failed|no password supplied": f"check the user and {PASSWORD_VARIABLE}",
    r"certificate|SSL": "the server needs a certificate this machine trusts (sslmode=verify-full)",
    r'(database|role) ".*" does not exist': "check user and database in the ledger's URL",
    r"permission denied|readonly database|unable to open": "this user may not write there; change its rights, or the owner",
    r"disk is full|No space left": "free some of the disk",
    r"not a database|malformed": (
        "put back a copy; or move it away, and a new one begins: it knows no earlier runs and imported files, so start with "
        "`booksales reload`"
    ),
    r"is locked": "another process is writing to it; start again once it has ended",
}


def is_server(url: str) -> bool:
    """Whether the control database is a server, which several machines can reach. Raises ConfigError for no such URL."""
    return _parsed(url).get_backend_name() == SERVER


def file_of(url: str) -> str:
    """The file of a control database that is one; empty for a server's, and for one in memory."""
    parsed = _parsed(url)
    return str(parsed.database or "") if parsed.get_backend_name() == FILE else ""


def control_engine(url: str) -> Engine:
    """Connections to the control database, made when needed. Raises ConfigError for what is no URL of one."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == FILE:
        return sa.create_engine(parsed, hide_parameters=True)
    arguments: dict[str, object] = {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 30,
        # A connection that a firewall has dropped is noticed in seconds rather than in a quarter of an hour.
        "tcp_user_timeout": 30_000,
        "application_name": "booksales ledger",
    }
    if "sslmode" not in parsed.query:
        is_here = not parsed.host or parsed.host in ADDRESSES or parsed.host.startswith("/")
        arguments["sslmode"] = "prefer" if is_here else "verify-full"
    if password := os.environ.get(PASSWORD_VARIABLE):
        arguments["password"] = password
    return sa.create_engine(parsed, connect_args=arguments, pool_pre_ping=True, hide_parameters=True)


def create_tables(engine: Engine, tables: sa.MetaData) -> None:
    """Make the tables that are not there, and the columns that came since they were made. Raises LedgerError."""
    with transaction(engine) as connection:
        if not _missing(connection, tables):
            return
    with transaction(engine) as connection:
        if engine.dialect.name == SERVER:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(SCHEMA_LOCK)))
        else:
            connection.exec_driver_sql("begin immediate")
        tables.create_all(connection)
        for column in _missing(connection, tables):
            kind = sa.schema.CreateColumn(column).compile(engine)
            connection.execute(sa.DDL(f"alter table {column.table.name} add column {kind}"))


def _missing(connection: Connection, tables: sa.MetaData) -> list[sa.Column[Any]]:
    """Columns that are not there; one that came later may be null, or has a default."""
    inspector = sa.inspect(connection)
    there = {
        (name, column["name"])
        for name in {*tables.tables} & {*inspector.get_table_names()}
        for column in inspector.get_columns(name)
    }
    return [
        column for table in tables.sorted_tables for column in table.columns if (table.name, column.name) not in there
    ]


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction. Raises LedgerError that says what would do, and shows neither values nor a password."""
    try:
        with engine.begin() as connection:
            yield connection
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        said = _said(error)
        raise LedgerError(f"run ledger {engine.url.render_as_string()}: {said}; {_advice(said, engine)}") from error


def _said(error: sa.exc.SQLAlchemyError) -> str:
    """What the database said, as one line. PostgreSQL's details stay out: they quote the row."""
    told = getattr(error, "orig", None) or error
    return " ".join(str(getattr(getattr(told, "diag", None), "message_primary", None) or told).split())


def _advice(said: str, engine: Engine) -> str:
    found = next((advice for pattern, advice in ADVICE.items() if re.search(pattern, said)), "")
    is_remote = engine.dialect.name == SERVER
    return found or ("check that the server runs and can be reached from here" if is_remote else "start again")


def _parsed(url: str) -> URL:
    """The URL, which no message repeats: in one that is not well-formed a password can stand anywhere."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise _not_a_url("it is not well-formed") from None
    if parsed.password or "password" in parsed.query:
        raise _not_a_url(f"it holds a password, which belongs into {PASSWORD_VARIABLE}")
    if parsed.drivername not in (FILE, SERVER, f"{FILE}+pysqlite", f"{SERVER}+psycopg2"):
        raise _not_a_url(f"{parsed.drivername} is no database for it")
    if parsed.get_backend_name() == SERVER and not parsed.database:
        raise _not_a_url("it lacks a database")
    return parsed


def _not_a_url(fault: str) -> ConfigError:
    return ConfigError(
        f"URL of the run ledger: {fault}; expected postgresql+psycopg2://user@host:port/database or sqlite:////folder/ledger.db"
    )
