"""The embedded shop's database: PostgreSQL 16 on loopback, passwords only, in the state folder."""

from dataclasses import dataclass
from pathlib import Path

from psycopg2.extensions import make_dsn

from booksales.local_stack import postgres_roles as roles
from booksales.local_stack.errors import LocalStackError
from booksales.local_stack.postgres_server import PostgresServer
from booksales.local_stack.processes import LOOPBACK
from jobs_config.state import StateFolder

DATABASE = "bookstore"


@dataclass(frozen=True)
class PostgresStatus:
    """Whether the embedded PostgreSQL takes connections. `url` holds no password, and nothing where it does not run."""

    running: bool
    port: int | None
    pid: int | None
    url: str
    data: Path
    log: Path


class EmbeddedPostgres:
    """One PostgreSQL per state folder. It outlives the process that started it; any process may start or stop it."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._server = PostgresServer(state.source, state.logs / "source.log")

    def start(self) -> None:
        """Start the server unless it runs, and make the shop's database and its reading role where they are absent.

        Raises LocalStackError with the end of the server's log.
        """
        # Both before there is data: a secret that is absent beside data is a lost one.
        owner_password, reader_password = self._owner_password(), self.reader_password()
        self._server.start(owner_password)
        roles.ensure_reader(self._maintenance_dsn(), reader_password)
        self.create_database(DATABASE)

    def stop(self) -> None:
        """Stop the server if it runs; open transactions are rolled back."""
        self._server.stop()

    def status(self) -> PostgresStatus:
        """What runs now, found without a connection."""
        server = self._server.running()
        if server is None or not server.is_ready:
            return PostgresStatus(False, None, None, "", self._server.data, self._server.log)
        url = _reader_url(server.port, DATABASE)
        return PostgresStatus(True, server.port, server.pid, url, self._server.data, self._server.log)

    def owner_dsn(self, database: str = DATABASE) -> str:
        """The owner's connection string for psycopg2, password included: not for command lines, addresses or logs."""
        return make_dsn(
            host=LOOPBACK, port=self._port(), dbname=database, user=roles.OWNER, password=self._owner_password()
        )

    def reader_url(self, database: str = DATABASE) -> str:
        """The address of the reading role, without its password."""
        return _reader_url(self._port(), database)

    def reader_password(self) -> str:
        """The password that goes with `reader_url`."""
        return self._state.secret("source_reader_password")

    def create_database(self, database: str) -> None:
        """A database of the owner's whose schema public the reader may read, later tables too. Safe to repeat."""
        roles.ensure_database(self._maintenance_dsn(), database)
        roles.grant_reading(self.owner_dsn(database), database)

    def drop_database(self, database: str) -> None:
        """Drop a database, with the connections to it."""
        roles.drop_database(self._maintenance_dsn(), database)

    def _maintenance_dsn(self) -> str:
        return self.owner_dsn(roles.MAINTENANCE_DATABASE)

    def _owner_password(self) -> str:
        return self._state.secret("source_owner_password")

    def _port(self) -> int:
        server = self._server.running()
        if server is None:
            raise LocalStackError("the embedded PostgreSQL does not run; start it by 'booksales source start'")
        return server.port


def _reader_url(port: int, database: str) -> str:
    return f"postgresql://{roles.READER}@{LOOPBACK}:{port}/{database}"
