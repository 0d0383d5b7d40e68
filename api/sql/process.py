"""Runs one SELECT and ends: a program of its own that knows nothing of the API.

JSON comes in on standard input: `file`, the serving file; `statements`, pairs of SQL and parameters that make the views; `sql`; and
the bounds `seconds`, `memory_mb`, `threads`, `rows` and `answer_bytes`. JSON goes out on standard output: `columns`, pairs of name and
type, `rows`, and `is_truncated`; or `fault`, one of FAULTS, and `reason`.
"""

import json
import os
import resource
import signal
import sys
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

FAULTS = ("question", "value", "memory", "size", "file")

MEGABYTE = 1 << 20
# The interpreter, DuckDB's code and its threads' stacks, beside what DuckDB counts itself.
OWN_MEGABYTES = 1_500
MOST_OPEN_FILES = 32
MOST_COLUMNS = 200
CHUNK = 500

CLOSED = (
    "set enable_external_access = false",
    "set disabled_filesystems = 'LocalFileSystem'",
    "set lock_configuration = true",
)


class Fault(Exception):
    """The question is not answered, for a reason that may be told."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    bound_process(request)
    try:
        answer = answered(opened(request), request)
    except Fault as fault:
        answer = {"fault": fault.kind, "reason": str(fault)}
    json.dump(answer, sys.stdout)


def bound_process(request: dict[str, Any]) -> None:
    """From here on the kernel ends this process where it takes too much, also where nobody is left to do so."""
    seconds = int(request["seconds"]) + 1
    _limit(resource.RLIMIT_CPU, seconds * int(request["threads"]))
    _limit(resource.RLIMIT_AS, (int(request["memory_mb"]) + OWN_MEGABYTES) * MEGABYTE)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, MOST_OPEN_FILES)
    signal.alarm(seconds)
    # What people wait for on a page comes first.
    os.nice(5)


def answered(connection: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request. Raises Fault."""
    try:
        _require_one_select(connection, request["sql"])
        cursor = connection.execute(request["sql"])
        columns = [(str(name), str(kind)) for name, kind, *_ in cursor.description or ()]
        _require_names(columns)
        rows, is_truncated = _rows(cursor, request["rows"], request["answer_bytes"])
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        # These know the question and the catalogue, and no row.
        raise Fault("question", str(error).splitlines()[0]) from error
    except duckdb.PermissionException as error:
        raise Fault("question", "it reaches for a file, a setting or an extension") from error
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise Fault("memory", f"it needs more than {request['memory_mb']} MB") from error
    except duckdb.Error as error:
        # Its own words might quote a value of a row that is out of sight.
        raise Fault("value", "it fails on a value: a text that is no number, or a number that is too large") from error
    return {"columns": columns, "rows": rows, "is_truncated": is_truncated}


def opened(request: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """The views over the serving file, and no way to anything else. Raises Fault."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": str(request["threads"]),
            "memory_limit": f"{request['memory_mb']}MB",
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
        },
    )
    # ATTACH takes no parameter; the path is the API's own.
    path = request["file"].replace("'", "''")
    try:
        connection.execute(f"attach '{path}' as served (read_only)")
    except duckdb.Error as error:
        raise Fault("file", "the serving file is not there") from error
    connection.execute("set timezone = 'UTC'")
    for sql, parameters in request["statements"]:
        connection.execute(sql, parameters)
    for sql in CLOSED:
        connection.execute(sql)
    return connection


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


def _require_one_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """As DuckDB itself reads it, whatever was checked before."""
    kinds = [statement.type for statement in connection.extract_statements(sql)]
    if kinds != [duckdb.StatementType.SELECT]:
        raise Fault("question", "it is not one SELECT")


def _require_names(columns: list[tuple[str, str]]) -> None:
    names = [name for name, _ in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Fault("question", f"two columns are called {twice[:60]!r}; name them with `as`")
    if len(names) > MOST_COLUMNS:
        raise Fault("question", f"it has {len(names)} columns; {MOST_COLUMNS} at most")


def _rows(cursor: duckdb.DuckDBPyConnection, most: int, most_bytes: int) -> tuple[list[list[Any]], bool]:
    """The first rows as JSON can carry them, and whether there are more."""
    rows: list[list[Any]] = []
    size = 0
    while len(rows) <= most and (chunk := cursor.fetchmany(min(CHUNK, most + 1 - len(rows)))):
        plain = [[_plain(value) for value in row] for row in chunk]
        size += len(json.dumps(plain))
        if size > most_bytes:
            raise Fault("size", f"its answer is larger than {most_bytes // MEGABYTE} MB; ask for fewer rows or columns")
        rows += plain
    return rows[:most], len(rows) > most


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None  # neither infinite nor NaN
    if isinstance(value, date | datetime):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


if __name__ == "__main__":
    main()
