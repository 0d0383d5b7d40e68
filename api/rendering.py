"""From an answer to bytes: JSON, CSV, XLSX or Arrow, as the request accepts, each with what the numbers are about."""

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from fastapi import Request, Response

from jobs_config.spreadsheets import FORMULA_STARTS

JSON, CSV = "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ARROW = "application/vnd.apache.arrow.stream"
TYPES = {JSON: "json", CSV: "csv", XLSX: "xlsx", ARROW: "arrow"}

Row = Mapping[str, Any]


class NotAcceptableError(Exception):
    """The request accepts none of the types that the answer could have."""


def render(body: object, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """JSON; a decimal goes out digit by digit, as a number, never through a float."""
    return Response(orjson.dumps(body, default=_exact), status, headers, JSON)


def accepted(request: Request) -> str:
    """The media type to answer with. Raises NotAcceptableError naming those there are."""
    wanted = ",".join(request.headers.getlist("accept")) or "*/*"
    ranked = sorted(((_quality(wanted, name), -place, name) for place, name in enumerate(TYPES)), reverse=True)
    quality, _, best = ranked[0]
    if quality <= 0:
        raise NotAcceptableError(f"there are {', '.join(TYPES)}; the request accepts {wanted[:100]}")
    return best


def render_table(
    media_type: str, file: str, rows: Sequence[Row], about: Mapping[str, Any], columns: Sequence[str] = ()
) -> Response:
    """Rows as a file of the type, with what they are about inside; `columns` are those of a table that may have no row."""
    names = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
    content = {CSV: _csv, XLSX: _xlsx, ARROW: _arrow}[media_type](names, rows, about)
    headers = {"Content-Disposition": f'attachment; filename="{file}.{TYPES[media_type]}"'}
    return Response(content, 200, headers, "text/csv; charset=utf-8" if media_type == CSV else media_type)


def harmless(value: Any) -> Any:
    """Text that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _quality(wanted: str, name: str) -> float:
    """How much a type is wanted: the most exact range that holds it decides."""
    found = (-1, 0.0)
    for part in wanted.split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        exactness = {name: 2, f"{name.split('/')[0]}/*": 1, "*/*": 0}.get(media, -1)
        found = max(found, (exactness, _number(parameters))) if exactness >= 0 else found
    return found[1]


def _number(parameters: list[str]) -> float:
    given = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
    try:
        return min(max(float(given), 0.0), 1.0)
    except ValueError:
        return 0.0


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    raise TypeError(f"{type(value).__name__} cannot be shown as JSON")


def _csv(names: Sequence[str], rows: Sequence[Row], about: Mapping[str, Any]) -> bytes:
    """What the rows are about stands in columns of their own, so that every line still says it when it is copied."""
    text = io.StringIO()
    told = [_cell(value) for value in about.values()]
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([harmless(name) for name in (*names, *(f"meta_{name}" for name in about))])
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names] + told)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else harmless(_flat(value))


def _flat(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "; ".join(str(part) for part in value)
    return "; ".join(f"{key}: {_flat(part)}" for key, part in value.items()) if isinstance(value, dict) else value


def _xlsx(names: Sequence[str], rows: Sequence[Row], about: Mapping[str, Any]) -> bytes:
    import xlsxwriter

    file = io.BytesIO()
    # Text is text, whatever it begins with or looks like.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("Data")
        sheet.freeze_panes(1, 0)
        for place, name in enumerate(names):
            sheet.write_string(0, place, name, bold)
        for line, row in enumerate(rows, 1):
            for place, name in enumerate(names):
                _write(sheet, line, place, row.get(name))
        told = book.add_worksheet("About")
        for line, (name, value) in enumerate(about.items()):
            told.write_string(line, 0, name, bold)
            _write(told, line, 1, value)
    return file.getvalue()


def _write(sheet: Any, line: int, place: int, value: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(line, place, value)
    elif value is not None:
        sheet.write_string(line, place, str(_flat(value))[:32_000])


def _arrow(names: Sequence[str], rows: Sequence[Row], about: Mapping[str, Any]) -> bytes:
    import pyarrow as pa

    columns = {name: [_typed(row.get(name)) for row in rows] for name in names}
    table = pa.table(columns).replace_schema_metadata({"about": orjson.dumps(about, default=_exact)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _typed(value: Any) -> Any:
    return _flat(value) if isinstance(value, list | tuple | dict) else value
