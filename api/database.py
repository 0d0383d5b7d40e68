"""Databases of the API: SQLite in the state folder by default, PostgreSQL by URL; brought up to date when they are opened."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from jobs_config.errors import BooksalesError
from jobs_config.loopback import ADDRESSES

PASSWORD_VARIABLE = "BOOKSALES_CONTROL_PASSWORD"  # noqa: S105  the name of the variable
BUSY_MILLISECONDS = 10_000


@dataclass(frozen=True)
class Schema:
    """Some tables of ours that are brought up to date together; `migrations` has Alembic's steps."""

    name: str
    metadata: sa.MetaData
    migrations: Path

    @property
    def version_table(self) -> str:
        """Where the database keeps which step it is at."""
        return f"{self.name}_version"


class DatabaseError(BooksalesError):
    """A database of the API cannot be opened or brought up to date."""


def open_database(url: str, durability: str = "FULL") -> Engine:
    """An engine for the URL. SQLite files are of mode 0600, many may read while one writes, and writers wait for each other."""
    engine = sa.create_engine(_complete(sa.make_url(url)), pool_size=20, max_overflow=80)
    if engine.dialect.name == "sqlite":
        _only_for_us(engine)
        sa.event.listen(engine, "connect", lambda connection, _: _set_up(connection, durability))
        sa.event.listen(engine, "begin", _begin)
    return engine


def migrate(engine: Engine, schema: Schema) -> None:
    """Bring a schema to the newest version; of several processes one does it, the others wait.

    Raises DatabaseError, nothing changed, where a step fails or a newer version has been here.
    """
    try:
        with writing(engine) as connection:
            alone(connection, "migrations")
            command.upgrade(_alembic(connection, schema), "head")
    except (sa.exc.DBAPIError, command.util.CommandError) as error:
        reason = str(error.orig) if isinstance(error, sa.exc.DBAPIError) else str(error)
        raise DatabaseError(
            f"{schema.name} in {engine.url.render_as_string()}: {reason}; use the version that wrote it, or put back a copy"
        ) from error


def is_up_to_date(engine: Engine, schema: Schema) -> bool:
    """Whether a schema is of the newest version."""
    newest = ScriptDirectory(str(schema.migrations)).get_current_head()
    with engine.connect() as connection:
        migration = MigrationContext.configure(connection, opts={"version_table": schema.version_table})
        return migration.get_current_revision() == newest


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write: on SQLite it is the only one from its beginning on, so what it reads stays true."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def alone(connection: Connection, what: str) -> None:
    """Nobody else is in the same transaction's part until it ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("select pg_advisory_xact_lock(hashtext(:name))"), {"name": f"booksales {what}"})


def run_migrations() -> None:
    """What the `env.py` of each folder of migrations does, over the connection that `migrate` gives it."""
    given = context.config.attributes
    schema: Schema = given["schema"]
    context.configure(
        connection=given["connection"], target_metadata=schema.metadata, version_table=schema.version_table
    )
    context.run_migrations()


def _alembic(connection: Connection, schema: Schema) -> Config:
    config = Config()
    config.set_main_option("script_location", str(schema.migrations))
    config.attributes |= {"connection": connection, "schema": schema}
    return config


def _complete(url: sa.URL) -> sa.URL:
    """The URL with the password of the environment; over a network only with a server whose certificate is checked."""
    if url.get_backend_name() != "postgresql":
        return url
    url = url.set(drivername="postgresql+psycopg2")
    is_near = url.host in (None, *ADDRESSES)
    checked = url if is_near or "sslmode" in url.query else url.update_query_dict({"sslmode": "verify-full"})
    return checked.set(password=os.environ.get(PASSWORD_VARIABLE) or None)


def _only_for_us(engine: Engine) -> None:
    path = Path(str(engine.url.database))
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise DatabaseError(f"{path}: cannot be written ({error.strerror})") from error


def _set_up(connection: Any, durability: str) -> None:
    # The driver would begin transactions at moments of its own choice.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", f"synchronous = {durability}", "foreign_keys = on"):
        cursor.execute(f"pragma {pragma}")
    cursor.execute(f"pragma busy_timeout = {BUSY_MILLISECONDS}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("begin immediate" if connection.get_execution_options().get("writes") else "begin")
