"""The one transaction in which a shop is read or made, and what its failures mean."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from psycopg2 import errors, extensions

from jobs_config.errors import BooksalesError, ConfigError, RefusedError

# Rows carry instants without a zone, which the session reads as UTC.
SESSION = """
set local search_path to public;
set local timezone to 'UTC';
set local statement_timeout to 0;
set local idle_in_transaction_session_timeout to 0;
set local lock_timeout to '30s';
set local maintenance_work_mem to '256MB';
"""
# Any number that nothing else locks in a shop's database.
GENERATION_LOCK = 47_112_025


class ShopError(BooksalesError):
    """PostgreSQL could not do what generating a shop asks of it."""


@contextmanager
def shop_transaction(dsn: str) -> Iterator[extensions.cursor]:
    """A cursor whose work is committed at the end of the block, or undone as a whole."""
    with closing(_connected(dsn)) as connection:
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(SESSION)
                yield cursor
        except errors.LockNotAvailable as error:
            raise RefusedError("the shop's tables are in use; nothing was changed, try again later") from error
        except errors.DependentObjectsStillExist as error:
            raise RefusedError(f"something was built on the shop's tables, drop it first: {_text(error)}") from error
        except psycopg2.Error as error:
            raise ShopError(f"shop database, nothing was changed: {_text(error)}") from error


def hold_generation_lock(cursor: extensions.cursor) -> None:
    """Keep other generations out of this database until the transaction ends; raises RefusedError if one is in it."""
    cursor.execute("select pg_try_advisory_xact_lock(%(key)s)", {"key": GENERATION_LOCK})
    (is_ours,) = cursor.fetchone() or (False,)
    if not is_ours:
        raise RefusedError("another generation is filling this database; wait for its end")


def _connected(dsn: str) -> extensions.connection:
    try:
        extensions.parse_dsn(dsn)
    except psycopg2.ProgrammingError:
        # The cause is dropped: its message repeats parts of the string, which may hold a password.
        raise ConfigError("the shop's database is not named by a PostgreSQL URL or connection string") from None
    try:
        return psycopg2.connect(dsn, client_encoding="UTF8", fallback_application_name="datagen")
    except psycopg2.OperationalError as error:
        raise ConfigError(f"cannot reach the shop's database: {_text(error)}") from error


def _text(error: psycopg2.Error) -> str:
    return " ".join(str(error).split())
