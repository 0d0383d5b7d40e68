"""Where the records of a CSV file end, by RFC 4180: at a line feed outside quotes.

A quote opens a quoted field only as its first character; within one, two quotes are one. A quote anywhere else is a fault of its
record and changes nothing about where records end. There are two ways to the same ends: one over whole blocks, which proves that
every quote stands where it may or gives up, and one that follows each field. `csv_count.py` counts in a third way.
"""

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from jobs_config.feed import FeedConfig

Ends = NDArray[np.int64]

QUOTE, LINE_FEED, RETURN = 34, 10, 13


def record_ends(block: bytes, feed: FeedConfig) -> tuple[Ends, bool]:
    """Offsets just behind every complete record of a block that begins with a record, and whether all their quotes are well placed.

    What is behind the last offset is the beginning of a record without its end.
    """
    data = np.frombuffer(block, np.uint8)
    breaks = np.flatnonzero(data == LINE_FEED) + 1
    if feed.quoting == "none" or b'"' not in block:
        return breaks, True
    quotes = np.flatnonzero(data == QUOTE)
    # Quotes before a line feed: with an even number of them it is outside.
    outside = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
    if _are_well_placed(data, quotes, ord(feed.delimiter)):
        return outside, True
    exact = np.fromiter(_exact_ends(block, feed.delimiter), np.int64)
    return exact, False


def _are_well_placed(data: NDArray[np.uint8], quotes: Ends, delimiter: int) -> bool:
    """Whether each quote that opens stands behind a delimiter or line feed, and each that closes before one.

    Behind or before another quote it is half of a doubled one. What follows the block is taken to be a line feed.
    """
    around = np.concatenate(([LINE_FEED], data, [LINE_FEED, LINE_FEED]))
    before, after = around[quotes[0::2]], around[quotes[1::2] + 2]
    opens_well = (before == delimiter) | (before == LINE_FEED) | (before == QUOTE)
    closes_well = (after == delimiter) | (after == LINE_FEED) | (after == RETURN) | (after == QUOTE)
    behind_return = around[quotes[1::2][after == RETURN] + 3]
    return bool(opens_well.all() and closes_well.all() and (behind_return == LINE_FEED).all())


@cache
def _record_pattern(delimiter: str) -> re.Pattern[bytes]:
    mark = re.escape(delimiter.encode())
    other = rb"[^" + mark + rb"\n]*+"
    field = rb'(?>"(?>[^"]++|"")*+"' + other + rb'|[^"' + mark + rb"\n]" + other + rb"|)"
    return re.compile(field + rb"(?>" + mark + field + rb")*+\n")


def _exact_ends(block: bytes, delimiter: str) -> Iterator[int]:
    match, place = _record_pattern(delimiter).match, 0
    while found := match(block, place):
        place = found.end()
        yield place
