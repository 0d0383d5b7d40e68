"""CSV files that are bad in every known way, made from a seed, each with an answer key. Shares no code with the reader.

A file is a list of records as bytes; each knows whether it may be accepted, and then with which values. Faults of records are mixed
freely with oddities that are no faults; some files are refused as a whole.
"""

import gzip
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle

HEADER = ("number", "title", "authors", "isbn", "year", "price", "day")
# Makes a record of texts, the values they stand for, the order of the columns, the line end and the generator.
Kind = Callable[[dict[str, str], dict[str, object], list[str], bytes, random.Random], "HostileRecord"]
# Numbers of records are their keys: unique over all files of one seed.
RECORDS_PER_FILE = 12
NUMBERS_PER_FILE = 1_000


@dataclass
class HostileRecord:
    """One physical record: its bytes with line end, its values (None: it must be refused), and what was done to it."""

    raw: bytes
    values: dict[str, object] | None
    what: str
    is_blank: bool = False


@dataclass
class HostileFile:
    """A file, and what must come of it; of a file that must be refused no record may be loaded."""

    name: str
    content: bytes
    records: list[HostileRecord] = field(default_factory=list)
    is_refused: bool = False
    what: str = ""


def hostile_files(count: int, seed: int) -> Iterator[HostileFile]:
    """`count` files; the same seed gives the same files. Every kind of fault and oddity comes up in any sixty of them."""
    generator, kinds = random.Random(seed), cycle(KINDS)
    for place in range(count):
        kind = WHOLE_FILE[place // 3 % len(WHOLE_FILE)] if place % 3 == 2 else None
        yield _whole(place, kind, generator) if kind else _mixed(place, kinds, generator)


def _mixed(place: int, kinds: Iterator[Kind], generator: random.Random) -> HostileFile:
    """A file whose records have faults and oddities; the kinds go round, so that none is left out."""
    end = generator.choice([b"\n", b"\r\n"])
    order = list(HEADER)
    if generator.random() < 0.3:
        generator.shuffle(order)
    mark = b"\xef\xbb\xbf" if generator.random() < 0.2 else b""
    records = []
    for line in range(RECORDS_PER_FILE):
        kind = next(kinds) if line % 2 else None
        records.append(_record(kind, place * NUMBERS_PER_FILE + line, order, end, generator))
    if generator.random() < 0.25:
        records.append(_unclosed(place * NUMBERS_PER_FILE + RECORDS_PER_FILE, order, end, generator))
    elif generator.random() < 0.3 and not records[-1].is_blank:
        records[-1].raw = records[-1].raw.removesuffix(end)
    content = mark + ",".join(order).encode() + end + b"".join(record.raw for record in records)
    content, packed = (gzip.compress(content), "packed") if generator.random() < 0.15 else (content, "")
    return HostileFile(f"{place:04d}.csv", content, records, what=packed)


def _record(kind: Kind | None, number: int, order: list[str], end: bytes, generator: random.Random) -> HostileRecord:
    values = _values(number, generator)
    texts = {name: _text(values[name]) for name in HEADER}
    return kind(texts, values, order, end, generator) if kind else _good(texts, values, order, end)


def _values(number: int, generator: random.Random) -> dict[str, object]:
    body = "978" + f"{generator.randrange(10**9):09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return {
        "number": number,
        "title": generator.choice(["Emma", "Der Prozeß", "吾輩は猫である", "Ulysses", "Ça ira", "🐋 Whale"]),
        "authors": generator.choice(["Jane Austen", "Franz Kafka", "夏目漱石"]),
        "isbn": f"{body}{-total % 10}",
        "year": generator.choice([None, 1815, 1999, -380]),
        "price": generator.choice([None, Decimal("9.99"), Decimal("-0.50"), Decimal("1234567.80")]),
        "day": generator.choice([None, date(2024, 2, 29), date(1999, 1, 1) + timedelta(generator.randrange(9000))]),
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _good(texts: dict[str, str], values: dict[str, object], order: list[str], end: bytes) -> HostileRecord:
    return HostileRecord(_joined([_field(texts[name]) for name in order], end), values, "good")


def _joined(fields: list[str], end: bytes) -> bytes:
    return ",".join(fields).encode() + end


def _field(text: str) -> str:
    needs_quotes = any(character in text for character in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if needs_quotes else text


# Oddities: the record is good, and these are its values.


def _odd_text(name: str, text: str) -> Kind:
    def made(texts, values, order, end, generator):
        record = _good({**texts, name: text}, {**values, name: text}, order, end)
        record.what = f"{name} {text[:12]!r}"
        return record

    return made


def _odd_writing(name: str, text: str, value: object) -> Kind:
    def made(texts, values, order, end, generator):
        record = _good({**texts, name: text}, {**values, name: value}, order, end)
        record.what = f"{name} written {text!r}"
        return record

    return made


def _all_in_quotes(texts, values, order, end, generator):
    fields = ['"' + texts[name].replace('"', '""') + '"' for name in order]
    return HostileRecord(_joined(fields, end), values, "everything in quotes")


def _blank(texts, values, order, end, generator):
    return HostileRecord(end, None, "a blank line", is_blank=True)


def _long(texts, values, order, end, generator):
    text = "long " * 40_000
    return HostileRecord(
        _joined([_field({**texts, "title": text}[name]) for name in order], end),
        {**values, "title": text},
        "a long text",
    )


# Faults: the record must be refused.


def _wrong_value(name: str, text: str) -> Kind:
    def made(texts, values, order, end, generator):
        fields = [_field(text if column == name else texts[column]) for column in order]
        return HostileRecord(_joined(fields, end), None, f"{name} {text[:30]!r}")

    return made


def _raw_value(name: str, raw: bytes, what: str) -> Kind:
    """A value as it stands in the file, whatever quotes or bytes it has."""

    def made(texts, values, order, end, generator):
        fields = [raw if column == name else _field(texts[column]).encode() for column in order]
        return HostileRecord(b",".join(fields) + end, None, what)

    return made


def _too_few(texts, values, order, end, generator):
    return HostileRecord(_joined([_field(texts[name]) for name in order][:-1], end), None, "a field too few")


def _too_many(texts, values, order, end, generator):
    return HostileRecord(_joined([_field(texts[name]) for name in order] + ["x"], end), None, "a field too many")


def _header_again(texts, values, order, end, generator):
    return HostileRecord(_joined(order, end), None, "the header again")


def _blanks_alone(texts, values, order, end, generator):
    return HostileRecord(b"   " + end, None, "blanks alone")


def _thousands_bare(texts, values, order, end, generator):
    return HostileRecord(
        _joined(["1,234.50" if name == "price" else _field(texts[name]) for name in order], end),
        None,
        "a bare thousands mark",
    )


def _two_faults(texts, values, order, end, generator):
    changed = {**texts, "number": "1e3", "day": "yesterday", "price": "9.999"}
    return HostileRecord(_joined([_field(changed[name]) for name in order], end), None, "three wrong values")


def _unclosed(number: int, order: list[str], end: bytes, generator: random.Random) -> HostileRecord:
    """A quote that is not closed: what follows, well-formed or not, is part of the record."""
    texts = {name: _text(value) for name, value in _values(number, generator).items()}
    fields = [f'"{texts[name]}' if name == "title" else texts[name] for name in order]
    following = _joined([texts[name] for name in order], end) * generator.randrange(3)
    return HostileRecord(_joined(fields, end) + following, None, "a quote that is not closed")


ODDITIES: list[Kind] = [
    _all_in_quotes,
    _blank,
    _blank,
    _long,
    _odd_text("title", 'He said "hi"'),
    _odd_text("title", '"'),
    _odd_text("title", "Me, Myself"),
    _odd_text("title", "Two\nlines"),
    _odd_text("title", "Two\r\nWindows lines"),
    _odd_text("title", "old\rMac"),
    _odd_text("title", "C:\\"),
    _odd_text("title", 'C:\\"'),
    _odd_text("title", "separated\u2028by\u2029Unicode"),
    _odd_text("title", "next\x85line"),
    _odd_text("title", "NULL"),
    _odd_text("title", "0012"),
    _odd_text("title", "=1+1"),
    _odd_text("title", "tab\there"),
    _odd_text("title", "nbsp\xa0"),
    _odd_text("title", "e\u0301 decomposed"),
    _odd_text("title", "'); drop table books; --"),
    _odd_writing("year", "+1999", 1999),
    _odd_writing("year", "01999", 1999),
    _odd_writing("price", "9.9900", Decimal("9.99")),
    _odd_writing("price", "10", Decimal("10.00")),
    _odd_writing("price", "-0", Decimal("0.00")),
    _odd_writing("price", "9999999999.99", Decimal("9999999999.99")),
    _odd_writing("day", "0001-01-01", date(1, 1, 1)),
    _odd_writing("day", "9999-12-31", date(9999, 12, 31)),
]
FAULTS: list[Kind] = [
    _too_few,
    _too_many,
    _header_again,
    _blanks_alone,
    _thousands_bare,
    _two_faults,
    *(_wrong_value("number", text) for text in ("", " 7 ", "1.0", "1e3", "12345678901234567890", "0x1F", "seven", "١٢", "1_0")),
    *(_wrong_value("year", text) for text in ("2147483648", "1,999", "19 99", "MCMXCIX", "1999.0", "--1")),
    *(_wrong_value("price", text) for text in ("9.999", "1e3", "NaN", "Infinity", "9,99", "$9.99", "9.99-", ".5", "10000000000")),
    *(
        _wrong_value("day", text)
        for text in ("2024-02-30", "2023-02-29", "03.02.2024", "2024-1-2", "2024-01-02T10:00:00Z", "45321", "0000-00-00", "infinity")
    ),
    *(_wrong_value("isbn", text) for text in ("9780306406158", "9.78030640616e+12", "978030640615", "", "ISBN")),
    *(_wrong_value("title", text) for text in ("", "\x07bell", "\x1b[31m", "lost \ufffd text", "mark\ufeff within")),
    _raw_value("title", b"Em\x00ma", "a NUL byte"),
    _raw_value("title", b'"Em\x00ma"', "a NUL byte in quotes"),
    _raw_value("title", b"\xc9mile", "latin-1"),
    _raw_value("title", b"\xc0\xaf", "an overlong sequence"),
    _raw_value("title", b"\xed\xa0\x80", "half a surrogate pair"),
    _raw_value("title", b'"Em"ma', "text behind a quote"),
    _raw_value("title", b'Em"ma', "a quote in mid-field"),
    _raw_value("title", b'Em""ma', "two quotes in mid-field"),
    _raw_value("title", b' "Emma"', "a blank before a quote"),
    _raw_value("title", b'"Emma" ', "a blank behind a quote"),
    _raw_value("title", b"Em\rma", "a lone carriage return"),
]  # fmt: skip
KINDS: list[Kind] = [kind for pair in zip(FAULTS, ODDITIES * 3, strict=False) for kind in pair]
KINDS += FAULTS[len(ODDITIES * 3) :]


# Files that must be refused as a whole.


def _plain_lines(generator: random.Random) -> bytes:
    texts = [[_field(_text(value)) for value in _values(number, generator).values()] for number in range(3)]
    return b"".join(_joined(fields, b"\n") for fields in texts)


def _with_header(*names: str) -> Callable[[random.Random], bytes]:
    return lambda generator: ",".join(names).encode() + b"\n" + _plain_lines(generator)


WHOLE_FILE: list[tuple[str, Callable[[random.Random], bytes]]] = [
    ("empty", lambda generator: b""),
    ("a blank first line", lambda generator: b"\n" + ",".join(HEADER).encode() + b"\n" + _plain_lines(generator)),
    ("no header", _plain_lines),
    ("a header twice", _with_header(*HEADER[:-1], "title")),
    ("a column missing", _with_header(*HEADER[1:])),
    ("an unknown column", _with_header(*HEADER, "discount")),
    ("a blank header", _with_header(*HEADER, "")),
    ("other capitals", _with_header(*(name.upper() for name in HEADER))),
    ("blanks in the header", _with_header(*(f" {name}" for name in HEADER))),
    ("another delimiter", lambda generator: _with_header(*HEADER)(generator).replace(b",", b";")),
    ("UTF-16", lambda generator: _with_header(*HEADER)(generator).decode().encode("utf-16")),
    ("UTF-16 without a mark", lambda generator: _with_header(*HEADER)(generator).decode().encode("utf-16-le")),
    ("line ends of old Macs", lambda generator: _with_header(*HEADER)(generator).replace(b"\n", b"\r")),
    ("a quote open in the header", lambda generator: b'"' + _with_header(*HEADER)(generator)),
    ("random bytes", lambda generator: generator.randbytes(5_000)),
    ("a zip archive", lambda generator: b"PK\x03\x04" + generator.randbytes(500)),
    ("gzip cut short", lambda generator: gzip.compress(generator.randbytes(5_000))[:3_000]),
    ("gzip damaged", lambda generator: gzip.compress(_with_header(*HEADER)(generator))[:-8] + b"\0" * 8),
    ("gzip bomb", lambda generator: gzip.compress(b"0" * (8 << 20))),
    ("a page of the web", lambda generator: b"<!DOCTYPE html>\n<html><body>404</body></html>\n"),
]  # fmt: skip


def _whole(place: int, kind: tuple[str, Callable[[random.Random], bytes]], generator: random.Random) -> HostileFile:
    what, made = kind
    return HostileFile(f"{place:04d}.csv", made(generator), is_refused=True, what=what)
