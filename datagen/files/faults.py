"""Planted faults: records of CSV files that are damaged in ways that real files are, with an answer key.

Each damaged record has one fault. What it was and what it became stands in the key, so that whoever reads the files can be held
against it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from datagen.arrays import random_for
from datagen.plan import ShopPlan

Change = Callable[[str], str]
# How Python spells a byte that is no UTF-8.
LATIN_1_BYTE = "\udce9"


def _day_and_month_swapped(instant: str) -> str:
    day, rest = instant[:10], instant[10:]
    year, month, of_month = day.split("-")
    return f"{of_month}/{month}/{year}{rest}"


def _other_check_digit(isbn: str) -> str:
    return isbn[:-1] + str((int(isbn[-1]) + 1) % 10)


def _decimal_comma(number: str) -> str:
    return _quoted(number.replace(".", ","))


def _tenfold(amount: str) -> str:
    digits = amount.replace(".", "")
    return f"{digits[:-1]}.{digits[-1]}0"


def _plain(text: str) -> str:
    return text.strip('"')


def _quoted(text: str) -> str:
    return f'"{text}"'


# The record stays, and comes a second time with another amount.
REPEATED = "repeated key"
# By table: name of the fault, column, and what becomes of the text there.
FAULTS: dict[str, tuple[tuple[str, str, Change], ...]] = {
    "sales_sale": (
        ("missing key", "id", lambda _: ""),
        ("unknown book", "book_id", lambda _: "999999999"),
        ("unknown currency", "currency", lambda text: _quoted(f"{_plain(text).lower()}?")),
        ("negative price", "unit_price", lambda text: f"-{text}"),
        ("zero quantity", "quantity", lambda _: "0"),
        ("tenfold price", "unit_price", _tenfold),
        (REPEATED, "unit_price", _tenfold),
        ("decimal comma", "unit_price", _decimal_comma),
        ("currency symbol", "unit_price", lambda text: f"${text}"),
        ("future date", "sold_at", lambda text: f"2099{text[4:]}"),
        ("day and month swapped", "sold_at", _day_and_month_swapped),
    ),
    "books_book": (
        ("wrong check digit", "isbn13", lambda text: _quoted(_other_check_digit(_plain(text)))),
        ("missing key", "id", lambda _: ""),
        ("line break in a text", "title", lambda text: _quoted(f"{_plain(text)}\nsecond line")),
        ("Latin-1 bytes", "title", lambda text: _quoted(f"{_plain(text)} {LATIN_1_BYTE}dition")),
        ("decimal comma", "list_price", _decimal_comma),
        ("day and month swapped", "published_on", _day_and_month_swapped),
    ),
}


@dataclass(frozen=True)
class PlantedFault:
    """One damaged record: its table and file, its number there from 1 after the header, and what was done to it."""

    table: str
    part: int
    record: int
    key: str
    fault: str
    column: str
    before: str
    after: str


def plant(plan: ShopPlan, table: str, number: int, text: bytes) -> tuple[bytes, list[PlantedFault]]:
    """The text of a table's n-th file with the plan's share of its records damaged, and the key; other tables stay as they are."""
    kinds = FAULTS.get(table, ())
    if not kinds or not plan.faults:
        return text, []
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")) + 1
    random = random_for(plan, f"{table} faults", number)
    chosen = np.sort(random.choice(len(ends) - 1, round((len(ends) - 1) * plan.faults), replace=False)).tolist()
    names = [_plain(name) for name in text[: ends[0] - 1].decode().split(",")]
    pieces, planted, done, repeated = [], [], 0, 0
    for turn, record in enumerate(chosen):
        begin, end = int(ends[record]), int(ends[record + 1])
        name, column, change = kinds[(turn + number) % len(kinds)]
        fields, place = _fields(text[begin : end - 1].decode()), names.index(column)
        before, fields[place] = fields[place], change(fields[place])
        if name == REPEATED:
            repeated += 1
            begin = end
        pieces += [text[done:begin], _encoded(",".join(fields) + "\n")]
        done = end
        key = before if column == "id" else fields[0]
        # Records that came twice have moved those behind them.
        planted.append(
            PlantedFault(table, number, record + 1 + repeated, key, name, column, before, _shown(fields[place]))
        )
    return b"".join([*pieces, text[done:]]), planted


def _fields(record: str) -> list[str]:
    """A record cut at its commas; those within quotes are part of a text."""
    fields: list[str] = []
    within = False
    for part in record.split(","):
        if within:
            fields[-1] += f",{part}"
        else:
            fields.append(part)
        within ^= part.count('"') % 2 == 1
    return fields


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _shown(text: str) -> str:
    return text.replace(LATIN_1_BYTE, "\\xe9")
