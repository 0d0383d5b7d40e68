"""Messages of PostgreSQL's protocol 3.0, as Redshift and its driver speak it."""

import asyncio
import struct
from dataclasses import dataclass

PARSE, BIND, DESCRIBE, EXECUTE, CLOSE = b"P", b"B", b"D", b"E", b"C"
FLUSH, SYNC, QUERY, TERMINATE, PASSWORD = b"H", b"S", b"Q", b"X", b"p"
ERROR, READY, ROW, COMPLETE, COPY_IN = b"E", b"Z", b"D", b"C", b"G"
COPY_DATA, COPY_DONE = b"d", b"c"
SSL_REQUEST = 80877103
PROTOCOL_3 = 196608


class RedshiftError(Exception):
    """What the server answers in place of a result: SQLSTATE, message and detail."""

    def __init__(self, text: str, code: str = "0A000", detail: str = "") -> None:
        super().__init__(text)
        self.text, self.code, self.detail = text, code, detail


@dataclass(frozen=True)
class Message:
    """One message: its kind, a byte, and its body without the length."""

    kind: bytes
    body: bytes = b""

    def encoded(self) -> bytes:
        return self.kind + struct.pack("!i", len(self.body) + 4) + self.body


async def read_message(reader: asyncio.StreamReader) -> Message:
    """The next message. Raises IncompleteReadError at the end of the stream."""
    kind, length = struct.unpack("!ci", await reader.readexactly(5))
    return Message(kind, await reader.readexactly(length - 4))


async def read_startup(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """The code of a startup packet, and the parameters in it."""
    (length,) = struct.unpack("!i", await reader.readexactly(4))
    body = await reader.readexactly(length - 4)
    (code,) = struct.unpack("!i", body[:4])
    words = [word.decode() for word in body[4:].split(b"\0")]
    return code, dict(zip(words[::2], words[1::2], strict=False))


def text(*words: str) -> bytes:
    """Words as the protocol has them: each ended by a zero byte."""
    return b"".join(word.encode() + b"\0" for word in words)


def split_text(body: bytes) -> tuple[str, bytes]:
    """The first word of a body, and what follows it."""
    word, _, rest = body.partition(b"\0")
    return word.decode(), rest


def authentication(code: int) -> Message:
    """0: let in; 3: send the password."""
    return Message(b"R", struct.pack("!i", code))


def parameter(name: str, value: str) -> Message:
    return Message(b"S", text(name, value))


def complete(tag: str) -> Message:
    return Message(COMPLETE, text(tag))


def error(failure: RedshiftError) -> Message:
    fields = {"S": "ERROR", "C": failure.code, "M": failure.text, "D": failure.detail}
    return Message(ERROR, b"".join(text(name + value) for name, value in fields.items() if value) + b"\0")


def read_error(body: bytes) -> dict[str, str]:
    """Fields of an error message by their letter."""
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}


def read_row(body: bytes) -> list[str | None]:
    """Values of a row that was asked for in text."""
    (count,) = struct.unpack("!h", body[:2])
    values: list[str | None] = []
    place = 2
    for _ in range(count):
        (length,) = struct.unpack("!i", body[place : place + 4])
        place += 4
        values.append(None if length < 0 else body[place : place + length].decode())
        place += max(length, 0)
    return values
