"""Statements on one connection: bound parameters, rows as dictionaries, a transaction as a block."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any

from warehouse.redshift.address import Address, connect

PARAMETER = re.compile(r"\$([a-z]\w*)")


class Statements:
    """One session in Redshift. SQL names its parameters `$name`, as everywhere in the warehouse.

    A statement may take `most_seconds`, without end where they are none. Raises what the driver raises.
    """

    def __init__(self, address: Address, most_seconds: float | None = None) -> None:
        self._connection = connect(address)
        # The driver's connection is one stream of messages: two threads would read each other's answers.
        self._lock = threading.Lock()
        if most_seconds is not None:
            self.run(f"set statement_timeout to {round(most_seconds * 1000)}")

    def run(self, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        """Carry out one statement; rows changed, or -1 where Redshift does not count them."""
        with self._lock:
            cursor = self._executed(sql, parameters)
            return int(cursor.rowcount)

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """The answer as one dict per row, whole numbers as int and money as Decimal."""
        with self._lock:
            cursor = self._executed(sql, parameters)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]

    def row(self, sql: str, parameters: Mapping[str, object] | None = None) -> dict[str, Any] | None:
        """The only row, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def value(self, sql: str, parameters: Mapping[str, object] | None = None) -> Any:
        """The only value of the only row."""
        (row,) = self.rows(sql, parameters)
        (value,) = row.values()
        return value

    def insert(self, table: str, rows: Sequence[Sequence[object]], at_once: int = 100) -> None:
        """Insert few rows. Many go by COPY: here every row is a part of the statement."""
        for first in range(0, len(rows), at_once):
            part = rows[first : first + at_once]
            names = [[f"v{row}_{column}" for column in range(len(given))] for row, given in enumerate(part)]
            places = ", ".join("(" + ", ".join(f"${name}" for name in row) + ")" for row in names)
            values = {
                name: value
                for row, given in zip(names, part, strict=True)
                for name, value in zip(row, given, strict=True)
            }
            self.run(f"insert into {table} values {places}", values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements of the block, or none of them."""
        self.run("begin")
        try:
            yield
        except BaseException:
            with suppress(Exception):
                self.run("rollback")
            raise
        self.run("commit")

    def close(self) -> None:
        """End the session; what it had begun is rolled back."""
        with suppress(Exception):
            self._connection.close()

    def _executed(self, sql: str, parameters: Mapping[str, object] | None) -> Any:
        cursor = self._connection.cursor()
        if parameters:
            cursor.paramstyle = "named"
            cursor.execute(PARAMETER.sub(r":\1", sql), dict(parameters))
        else:
            cursor.execute(sql)
        return cursor


def _plain(value: Any) -> Any:
    """A sum of bigint is a decimal without places in Redshift; elsewhere it is a whole number, and so it is here."""
    if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
        return int(value)
    return value
