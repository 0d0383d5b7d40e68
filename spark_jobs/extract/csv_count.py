"""The physical records of a CSV file, counted to check the reader. On purpose it shares no code with it.

It walks from quote to quote: line feeds between quoted fields end records, those inside do not.
"""

from dataclasses import dataclass
from pathlib import Path

BLOCK = 4 << 20


@dataclass
class _Walk:
    """Where the walk is: `inside` a quoted field; `before` is the byte ahead of the next block, `half` a quote at its very end."""

    inside: bool = False
    before: bytes = b"\n"
    half: bool = False
    records: int = 0
    pending: bool = False


def count_physical_records(path: Path, delimiter: str, is_quoted: bool = True) -> int:
    """All records of a file, header and blank lines included, and a last one without a line feed or without an end."""
    walk, mark = _Walk(), delimiter.encode()
    with path.open("rb") as file:
        block = file.read(BLOCK)
        if block.startswith(b"\xef\xbb\xbf"):
            block = block[3:]
        while block:
            if is_quoted:
                _count_block(walk, block, mark)
            else:
                walk.records += block.count(b"\n")
                walk.pending = not block.endswith(b"\n")
            walk.before = block[-1:]
            block = file.read(BLOCK)
    return walk.records + walk.pending


def _count_block(walk: _Walk, block: bytes, mark: bytes) -> None:
    place = _after_half(walk, block) if walk.half else 0
    size, left = len(block), place
    while True:
        quote = block.find(b'"', place)
        if walk.inside:
            if quote < 0:
                walk.pending = True
                return
            if quote + 1 == size:
                # Whether it closes the field, the first byte of the next block says.
                walk.half, walk.pending = True, True
                return
            if block[quote + 1 : quote + 2] == b'"':
                place = quote + 2
                continue
            walk.inside, place = False, quote + 1
            left = place
            continue
        if quote < 0:
            walk.records += block.count(b"\n", left)
            walk.pending = not block.endswith(b"\n")
            return
        ahead = block[quote - 1 : quote] if quote else walk.before
        if ahead in (b"\n", mark):
            walk.records += block.count(b"\n", left, quote)
            walk.inside = True
        place = quote + 1


def _after_half(walk: _Walk, block: bytes) -> int:
    """Where to go on behind a quote that was the last byte of the block before."""
    walk.half = False
    if block.startswith(b'"'):
        return 1
    walk.inside = False
    return 0
