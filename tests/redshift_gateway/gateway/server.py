"""A stand-in for Redshift: a server that its driver can talk to, before a real PostgreSQL and an S3 stand-in.

What it proves and what it cannot is in docs/redshift.md.
"""

import asyncio
import secrets
import ssl
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg2
from gateway import wire
from gateway.load import Bucket
from gateway.session import Session
from gateway.wire import RedshiftError
from psycopg2.extensions import make_dsn

CATALOG = Path(__file__).with_name("catalog.sql")
PARAMETERS = {
    # As Redshift says it; the driver reads it as a version.
    "server_version": "8.0.2",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "TimeZone": "UTC",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
}
ADMIN, DATABASE = "admin", "analytics"


class Gateway:
    """Listens on a free port of this machine until `stop`. Users are those in `passwords`; `admin` is a superuser."""

    def __init__(self, owner_dsn: str, s3: Any, region: str = "eu-central-1") -> None:
        self.region = region
        self.passwords = {ADMIN: secrets.token_hex(8)}
        # Called with what a statement did, before its answer goes out; a test that raises there loses the answer.
        self.before_answer: Callable[[str], Awaitable[None]] | None = None
        # With a certificate of the test's own authority it offers TLS, without one it does not.
        self.tls: ssl.SSLContext | None = None
        # Whether a user of IAM may come in with a password that IAM has made up.
        self.vouched_for: Callable[[str, str], bool] | None = None
        self._name = f"redshift_{secrets.token_hex(4)}"
        self._owner_dsn = owner_dsn
        # What is here is thrown away, so nothing waits for the disk.
        self._dsn = make_dsn(owner_dsn, dbname=self._name, options="-c synchronous_commit=off")
        self._bucket = Bucket(s3, region)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="redshift gateway", daemon=True)
        self._sessions: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Make the database and listen."""
        self._maintain(f"create database {self._name} template template0 lc_collate 'C' lc_ctype 'C' encoding 'UTF8'")
        connection = psycopg2.connect(self._dsn)
        with connection, connection.cursor() as cursor:
            cursor.execute(CATALOG.read_text())
        connection.close()
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Close every session and drop the database."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._maintain(f"drop database {self._name} with (force)")

    def wipe(self) -> None:
        """Drop what users have made, so that a test starts with an empty database."""
        connection = psycopg2.connect(self._dsn)
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "select nspname from pg_namespace where nspname !~ '^pg_' "
                "and nspname not in ('information_schema', 'redshift', 'public')"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'drop schema "{name}" cascade')
            cursor.execute("select table_name from information_schema.tables where table_schema = 'redshift'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"truncate redshift.{name}")
            cursor.execute("truncate public.stl_load_errors")
        connection.close()

    def let_make_schemas(self, user: str) -> None:
        """What `grant create on database` does; the database behind has another name."""
        connection = psycopg2.connect(self._dsn)
        with connection, connection.cursor() as cursor:
            cursor.execute(f"grant create on database {connection.info.dbname} to {user}")
        connection.close()

    def forget_roles(self, names: list[str]) -> None:
        """Drop users and roles, which belong to the whole server, with all that they were granted here."""
        connection = psycopg2.connect(self._dsn)
        with connection, connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"drop owned by {name} cascade")
                cursor.execute(f"drop role {name}")
        connection.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    async def _close(self) -> None:
        self._server.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def _maintain(self, statement: str) -> None:
        connection = psycopg2.connect(self._owner_dsn)
        connection.autocommit = True
        connection.cursor().execute(statement)
        connection.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._sessions.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code, told = await wire.read_startup(reader)
        if code == wire.SSL_REQUEST:
            writer.write(b"S" if self.tls else b"N")
            if self.tls:
                await writer.start_tls(self.tls)
            code, told = await wire.read_startup(reader)
        session = Session(reader, writer, self._bucket, self._dsn)
        session.before_answer = self._told
        try:
            role = await self._let_in(told, reader, writer)
            await session.open(role)
        except RedshiftError as failure:
            writer.write(wire.error(failure).encoded())
            await writer.drain()
            return
        try:
            for name, value in PARAMETERS.items():
                writer.write(wire.parameter(name, value).encoded())
            writer.write(wire.Message(b"K", bytes(8)).encoded() + wire.Message(wire.READY, b"I").encoded())
            await session.serve()
        finally:
            await session.close()

    async def _told(self, tag: str) -> None:
        if self.before_answer is not None:
            await self.before_answer(tag)

    async def _let_in(self, told: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """The role of a user with the right password; empty for the superuser."""
        writer.write(wire.authentication(3).encoded())
        password, _ = wire.split_text((await wire.read_message(reader)).body)
        # A user that IAM vouches for is called IAM:name or IAMR:name.
        user = told["user"].rpartition(":")[2]
        is_vouched_for = self.vouched_for is not None and self.vouched_for(told["user"], password)
        if self.passwords.get(user) != password and not is_vouched_for:
            raise RedshiftError(f'password authentication failed for user "{user}"', "28000")
        if told.get("database") != DATABASE:
            raise RedshiftError(f'database "{told.get("database")}" does not exist', "3D000")
        writer.write(wire.authentication(0).encoded())
        return "" if user == ADMIN else user
