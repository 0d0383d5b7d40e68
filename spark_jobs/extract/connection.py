"""How a source database is reached: one address, its password apart, TLS unless it is this machine."""

import os
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import psycopg2
from psycopg2.extensions import connection as Connection

from jobs_config.errors import ConfigError
from spark_jobs.errors import ExtractionError

PASSWORD_VARIABLE = "BOOKSALES_SOURCE_PASSWORD"  # noqa: S105  the variable's name, not a password
LOOPBACK = ("127.0.0.1", "localhost", "::1")
CONNECT_SECONDS = 15


@dataclass(frozen=True)
class SourceAddress:
    """A PostgreSQL database; the password is never part of a URL, a log line or an argument."""

    host: str
    port: int
    database: str
    user: str
    password: str

    @property
    def sslmode(self) -> str:
        """verify-full everywhere but on this machine."""
        return "prefer" if self.host in LOOPBACK else "verify-full"

    @property
    def jdbc_url(self) -> str:
        """For Spark. Binary transfer from the first execution: 1.4 times the rows per second of text (performance.md, 1.1)."""
        authorities = os.environ.get("PGSSLROOTCERT", "")
        options = f"sslmode={self.sslmode}&prepareThreshold=-1&binaryTransfer=true&connectTimeout={CONNECT_SECONDS}&tcpKeepAlive=true"
        # libpq reads the variable itself, the driver does not; on executors the name alone leads to the file (spark.files).
        options += f"&sslrootcert={quote(authorities)}" if authorities else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"jdbc:postgresql://{host}:{self.port}/{quote(self.database)}?{options}"

    @property
    def jdbc_properties(self) -> dict[str, str]:
        """User, password and driver of every read."""
        return {"user": self.user, "password": self.password, "driver": "org.postgresql.Driver"}

    def __repr__(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.database}"


def parse_address(url: str, password: str | None = None) -> SourceAddress:
    """The address in `postgresql://user@host:port/database`; the password comes from BOOKSALES_SOURCE_PASSWORD.

    Raises ConfigError for anything else, a password inside the URL included. It never repeats the URL: in one that is not
    well-formed a password can stand anywhere.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        # Without its cause, which would show what stands in the port's place.
        raise _not_an_address("host and port cannot be told apart") from None
    wanted = {
        "the scheme postgresql": parts.scheme in ("postgresql", "postgres"),
        "a user": parts.username,
        "a host": parts.hostname,
        "a database": parts.path.strip("/"),
    }
    missing = [what for what, found in wanted.items() if not found]
    if missing:
        raise _not_an_address(f"it lacks {', '.join(missing)}")
    if not unquote(url).isprintable():
        raise _not_an_address("it holds a character that cannot be seen")
    if parts.password or parts.query or parts.fragment:
        raise _not_an_address("it holds a password" if parts.password else "it goes on after the database")
    found = password if password is not None else os.environ.get(PASSWORD_VARIABLE, "")
    return SourceAddress(str(parts.hostname), port, unquote(parts.path.strip("/")), unquote(str(parts.username)), found)


def _not_an_address(fault: str) -> ConfigError:
    return ConfigError(
        f"source URL: {fault}; expected postgresql://user@host:port/database, and the password in {PASSWORD_VARIABLE}"
    )


def connect(address: SourceAddress) -> Connection:
    """A connection of the keeper's kind: keepalives on, UTC. Raises ExtractionError that says what to do."""
    try:
        return psycopg2.connect(
            host=address.host,
            port=address.port,
            dbname=address.database,
            user=address.user,
            password=address.password,
            sslmode=address.sslmode,
            connect_timeout=CONNECT_SECONDS,
            keepalives=1,
            keepalives_idle=30,
            application_name="booksales keeper",
            options="-c timezone=UTC -c statement_timeout=0 -c idle_in_transaction_session_timeout=0",
        )
    except psycopg2.OperationalError as error:
        said = " ".join(str(error).split())
        raise ExtractionError(f"{address!r}: {said}; {_advice(said)}") from error


def _advice(message: str) -> str:
    if "password authentication failed" in message or "no password supplied" in message:
        return f"check the user and {PASSWORD_VARIABLE}"
    if "certificate" in message or "SSL" in message:
        return "the server needs a certificate this machine trusts (sslmode=verify-full; authorities in ~/.postgresql/root.crt)"
    if "does not exist" in message:
        return "check user and database in the source URL"
    return "check that the server runs and can be reached from here (`booksales source status` for the embedded shop)"
