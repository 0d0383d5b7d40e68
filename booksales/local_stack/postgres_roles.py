"""Who may do what in the embedded shop: the owner everything, the reader nothing but read."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor, encrypt_password

OWNER = "shop_owner"
READER = "booksales_reader"
MAINTENANCE_DATABASE = "postgres"

# A writing statement by the reader would fail for want of rights; this one fails it before it takes a lock.
READER_DEFAULTS = "alter role {reader} set default_transaction_read_only = on"
# The last one leaves the mark by which the whole is known to be done; they run as one transaction.
READER_RIGHTS = (
    "revoke connect, temporary on database {database} from public",
    "grant connect on database {database} to {reader}",
    "grant usage on schema public to {reader}",
    "grant select on all tables in schema public to {reader}",
    "alter default privileges for role {owner} in schema public grant select on tables to {reader}",
)


@contextmanager
def administration(dsn: str) -> Iterator[cursor]:
    """A cursor whose every statement commits by itself, as CREATE DATABASE needs; one at a time in each database."""
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as rows:
            rows.execute("select pg_advisory_lock(0)")
            yield rows


def ensure_reader(maintenance_dsn: str, password: str) -> None:
    """Make the reading role where it is absent."""
    with administration(maintenance_dsn) as rows:
        rows.execute("select 1 from pg_roles where rolname = %s", [READER])
        if rows.fetchone():
            return
        # The server is told the verifier only, so that no log can hold the password.
        verifier = encrypt_password(password, READER, scope=rows.connection, algorithm="scram-sha-256")
        create = sql.SQL("create role {reader} login password {verifier} in role pg_read_all_stats")
        rows.execute(create.format(reader=sql.Identifier(READER), verifier=sql.Literal(verifier)))
        rows.execute(sql.SQL(READER_DEFAULTS).format(reader=sql.Identifier(READER)))


def ensure_database(maintenance_dsn: str, database: str) -> None:
    """Make the owner's database where it is absent."""
    with administration(maintenance_dsn) as rows:
        rows.execute("select 1 from pg_database where datname = %s", [database])
        if not rows.fetchone():
            create = sql.SQL("create database {database} owner {owner}")
            rows.execute(create.format(database=sql.Identifier(database), owner=sql.Identifier(OWNER)))


def grant_reading(database_dsn: str, database: str) -> None:
    """Let the reader see every table of schema public that is there or that the owner will make."""
    names = {"database": sql.Identifier(database), "owner": sql.Identifier(OWNER), "reader": sql.Identifier(READER)}
    with administration(database_dsn) as rows:
        # Not again on every start: a grant on a table fails when other work changes that table's definition meanwhile.
        rows.execute("select 1 from pg_default_acl")
        if not rows.fetchone():
            rows.execute(sql.SQL(";").join(sql.SQL(statement).format(**names) for statement in READER_RIGHTS))


def drop_database(maintenance_dsn: str, database: str) -> None:
    """Drop a database, with the connections to it."""
    with administration(maintenance_dsn) as rows:
        rows.execute(
            sql.SQL("drop database if exists {database} with (force)").format(database=sql.Identifier(database))
        )
