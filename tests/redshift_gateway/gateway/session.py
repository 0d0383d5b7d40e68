"""One client's session: its messages go to a backend of their own, but for what the backend does not know."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import psycopg2
from gateway import wire
from gateway.dialect import Acted, Passed, Translated, translate
from gateway.load import Bucket, Column, Copy, LoadError, as_csv, files_of
from gateway.wire import Message, RedshiftError

# SNAPSHOT isolation is Redshift's default.
OPTIONS = (
    r"-c default_transaction_isolation=repeatable\ read -c timezone=UTC -c client_min_messages=error "
    "-c synchronous_commit=off"
)
NO_ROWS = (Message(b"t", b"\0\0"), Message(b"n"))
COLUMNS = """
select attname,
    case when atttypid = 'varchar'::regtype then 'character varying' else format_type(atttypid, atttypmod) end,
    attnotnull,
    case when atttypid = 'varchar'::regtype and atttypmod > 4 then atttypmod - 4 end
from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped order by attnum"""


class Session:
    """Statements of one client, one batch up to each Sync."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, bucket: Bucket, dsn: str) -> None:
        self._client_reader, self._client = reader, writer
        self._bucket, self._dsn = bucket, dsn
        self._prepared: dict[str, Translated] = {}
        self._portals: dict[str, Translated] = {}
        self.status = b"I"
        self.before_answer: Any = None

    async def open(self, role: str) -> None:
        """Connect to a backend as a role. psycopg2 signs in; what follows is ours."""
        self._connection = await asyncio.to_thread(psycopg2.connect, self._dsn, options=OPTIONS)
        duplicate = socket.socket(fileno=socket.dup(self._connection.fileno()))
        duplicate.setblocking(False)
        self._reader, self._backend = await asyncio.open_connection(sock=duplicate)
        if role:
            await self.script(f'set session authorization "{role}"')

    async def close(self) -> None:
        self._backend.close()
        self._connection.close()

    async def serve(self) -> None:
        """Answer until the client goes."""
        while True:
            batch = [await wire.read_message(self._client_reader)]
            while batch[-1].kind not in (wire.SYNC, wire.TERMINATE):
                batch.append(await wire.read_message(self._client_reader))
            if batch[-1].kind == wire.TERMINATE:
                return
            try:
                for message in batch[:-1]:
                    await self._take(message)
            except RedshiftError as failure:
                await self._abort()
                self._client.write(wire.error(failure).encoded())
            await self._sync()

    async def _take(self, message: Message) -> None:
        if message.kind == wire.FLUSH:
            return
        if message.kind == wire.QUERY:
            raise RedshiftError("the simple query protocol is not offered: the driver does not use it")
        if message.kind == wire.PARSE:
            await self._parse(message)
            return
        acted = self._acted_in(message)
        if acted is None:
            self._backend.write(message.encoded())
        elif message.kind == wire.DESCRIBE:
            self._reply(*NO_ROWS)
        elif message.kind == wire.EXECUTE:
            await acted.act(self)
            self._reply(wire.complete(acted.tag))
        else:
            self._reply(Message(b"2" if message.kind == wire.BIND else b"3"))

    async def _parse(self, message: Message) -> None:
        name, rest = wire.split_text(message.body)
        statement, types = wire.split_text(rest)
        if self.status == b"E" and not statement.lower().startswith(("rollback", "commit", "end", "abort")):
            raise RedshiftError(
                "current transaction is aborted, commands ignored until end of transaction block", "25P02"
            )
        translated = translate(statement)
        self._prepared[name] = translated
        if isinstance(translated, Passed):
            self._backend.write(Message(wire.PARSE, wire.text(name, translated.sql) + types).encoded())
        else:
            self._reply(Message(b"1"))

    def _acted_in(self, message: Message) -> Acted | None:
        """What the session is to do itself for a message; None where the backend answers."""
        found: Translated | None
        if message.kind == wire.BIND:
            portal, rest = wire.split_text(message.body)
            found = self._portals[portal] = self._prepared[wire.split_text(rest)[0]]
        elif message.kind == wire.EXECUTE:
            found = self._portals.get(wire.split_text(message.body)[0])
        else:
            known = self._prepared if message.body[:1] == b"S" else self._portals
            found = known.get(wire.split_text(message.body[1:])[0])
        return found if isinstance(found, Acted) else None

    async def _sync(self) -> None:
        self._backend.write(Message(wire.SYNC).encoded())
        while True:
            message = await wire.read_message(self._reader)
            if message.kind == wire.READY:
                self.status = message.body
            if message.kind == wire.ERROR:
                message = wire.error(as_redshift(message))
            if message.kind == wire.COMPLETE and self.before_answer is not None:
                await self.before_answer(message.body[:-1].decode())
            self._client.write(message.encoded())
            if message.kind == wire.READY:
                await self._client.drain()
                return

    def _reply(self, *messages: Message) -> None:
        for message in messages:
            self._client.write(message.encoded())

    async def _abort(self) -> None:
        """What fails in a transaction fails the transaction, wherever it was found out."""
        if self.status == b"T":
            try:
                await self.query("do $$ begin raise exception 'aborted'; end $$")
            except RedshiftError:
                return

    # What actions are made of.

    async def query(self, sql: str) -> list[list[str | None]]:
        """Rows of a statement that the backend runs now, as text. Raises RedshiftError."""
        self._backend.write(Message(wire.QUERY, wire.text(sql)).encoded())
        return await self._until_ready()

    async def script(self, *statements: str, only_inside: str = "") -> None:
        """Run statements as one; the one called `only_inside` is left out where no transaction is open."""
        kept = [one for one in statements if one != only_inside or self.status == b"T"]
        await self.query("; ".join(kept))

    async def outside(self, name: str, statement: str) -> None:
        """Run what no transaction block may hold."""
        if self.status != b"I":
            raise RedshiftError(f"{name} cannot run inside a transaction block", "25001")
        if not statement:
            raise RedshiftError(f"{name} is not offered here")
        await self.query(statement)

    async def copy(self, copy: Copy) -> None:
        """Load the files into the table, inside whatever transaction is open."""
        (copy_id,) = (await self.query("select nextval('redshift.copy_id')"))[0]
        try:
            columns = [
                Column(str(name), str(kind), required == "t", int(most) if most else None)
                for name, kind, required, most in await self.query(COLUMNS.format(table=copy.table))
            ]
            files = await asyncio.to_thread(files_of, copy, self._bucket)
            read = [await asyncio.to_thread(as_csv, url, content, columns, copy.is_filled) for url, content in files]
        except LoadError as error:
            await self._abort()
            await asyncio.to_thread(self._record, int(str(copy_id)), error)
            if self.status == b"I":
                # Known as soon as loading has begun, however it ends; a COPY that never got at its files leaves the one before.
                await self.query(f"select set_config('gateway.copy_id', '{copy_id}', false)")
            raise
        for _, texts in read:
            await self._load(copy.table, texts)
        count = sum(rows for rows, _ in read)
        await self.query(
            f"select set_config('gateway.copy_count', '{count}', false), set_config('gateway.copy_id', '{copy_id}', false)"
        )

    async def _load(self, table: str, texts: Iterator[bytes]) -> None:
        self._backend.write(Message(wire.QUERY, wire.text(f"copy {table} from stdin (format csv)")).encoded())
        first = await wire.read_message(self._reader)
        if first.kind != wire.COPY_IN:
            await self._until_ready(first)
        for part in texts:
            self._backend.write(Message(wire.COPY_DATA, part).encoded())
            await self._backend.drain()
        self._backend.write(Message(wire.COPY_DONE).encoded())
        await self._until_ready()

    async def _until_ready(self, first: Message | None = None) -> list[list[str | None]]:
        rows: list[list[str | None]] = []
        failure: RedshiftError | None = None
        message = first or await wire.read_message(self._reader)
        while message.kind != wire.READY:
            if message.kind == wire.ROW:
                rows.append(wire.read_row(message.body))
            elif message.kind == wire.ERROR:
                failure = as_redshift(message)
            message = await wire.read_message(self._reader)
        self.status = message.body
        if failure is not None:
            raise failure
        return rows

    def _record(self, copy_id: int, error: LoadError) -> None:
        """Load errors outlive the transaction that they ended."""
        fault = error.fault
        connection = psycopg2.connect(self._dsn)
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "insert into public.stl_load_errors (query, filename, line_number, colname, type, col_length, "
                "raw_field_value, err_code, err_reason) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (copy_id, fault.file, fault.line, fault.column.name, fault.column.type, str(fault.column.most_bytes or ""),
                 fault.value, fault.code, fault.reason),
            )  # fmt: skip
        connection.close()


def as_redshift(message: Message) -> RedshiftError:
    """An error of the backend in Redshift's words."""
    fields = wire.read_error(message.body)
    code, told = fields["C"], fields["M"]
    if code == "40001":
        return RedshiftError("1023", "XX000", "Serializable isolation violation on table, transactions form a cycle")
    if code == "23514":
        return RedshiftError("value too long for type character varying", "22001")
    return RedshiftError(told, code, fields.get("D", ""))
