"""Files that are damaged as a whole, beside the good ones: what arrives when an export breaks or somebody opens it in between."""

from collections.abc import Callable

RECORDS = 200
RENAMED, DROPPED = b"country_code", b"name"


def damaged_files(text: bytes) -> dict[str, bytes]:
    """By name of the fault, a file made of the first records of a good one."""
    lines = text.splitlines(keepends=True)[: RECORDS + 1]
    good = b"".join(lines)
    return {name: damage(lines, good) for name, damage in DAMAGES.items()}


def _without_column(lines: list[bytes], _: bytes) -> bytes:
    place = lines[0].replace(b'"', b"").split(b",").index(DROPPED)
    cut = (line.split(b",") for line in lines)
    return b"".join(b",".join(fields[:place] + fields[place + 1 :]) for fields in cut)


def _with_column(lines: list[bytes], _: bytes) -> bytes:
    header, *records = (line.rstrip(b"\n") for line in lines)
    return b"\n".join([header + b',"remark"', *(record + b',"seen"' for record in records), b""])


DAMAGES: dict[str, Callable[[list[bytes], bytes], bytes]] = {
    "empty": lambda _, __: b"",
    "only_a_header": lambda lines, _: lines[0],
    "byte_order_mark": lambda _, good: b"\xef\xbb\xbf" + good,
    "missing_column": _without_column,
    "extra_column": _with_column,
    "renamed_header": lambda _, good: good.replace(RENAMED, b"country", 1),
    "truncated_last_record": lambda lines, good: good[: -len(lines[-1]) // 2 - 1],
    "delivered_twice": lambda _, good: good,
    "delivered_twice_again": lambda _, good: good,
}
