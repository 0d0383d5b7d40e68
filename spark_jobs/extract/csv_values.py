"""The text of a field as a value of its column's type, by the feed's rule. Nothing is rounded, nothing is guessed.

A text that does not follow the rule is refused with what the rule is, and its record goes to quarantine.
"""

import re
import zoneinfo
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from jobs_config.dates import format_pattern
from jobs_config.feed import FeedColumn, FeedConfig, is_decimal

Value = str | int | bool | Decimal | date | datetime | None
# A value, and what is wrong with the text; the empty text for nothing.
Parsed = tuple[Value, str]
Rule = Callable[[str], Parsed]

WHOLE_RANGES = {"int": 2**31, "bigint": 2**63}
MOMENT = ("year", "month", "day", "hour", "minute", "second")
YES_NO = {"true": True, "false": False}
# Characters that no field has a use for, and the sign that text was lost before the file was written.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffd\ufffe\uffff]")


def rule_of(column: FeedColumn, feed: FeedConfig) -> Rule:
    """How the texts of a column are read."""
    typed = _typed_rule(column, feed)
    missing = frozenset(feed.missing)

    def read(text: str) -> Parsed:
        if column.trim:
            text = text.strip(" \t")
        if text in missing:
            return None, "required" if column.required else ""
        if UNPRINTABLE.search(text):
            return None, "a character that cannot be printed, or that stands for one that was lost"
        if column.values:
            if text not in column.values:
                return None, f"none of {', '.join(column.values)}"
            text = column.values[text]
        return typed(text)

    return read


def _typed_rule(column: FeedColumn, feed: FeedConfig) -> Rule:
    if column.type in WHOLE_RANGES:
        return _whole_number_rule(column, feed)
    if shape := is_decimal(column.type):
        return _decimal_rule(column, feed, *shape)
    if column.type == "date":
        return _date_rule(column)
    if column.type == "timestamp":
        return _timestamp_rule(column, feed)
    if column.type == "boolean":
        return lambda text: (YES_NO[text], "") if text in YES_NO else (None, "neither true nor false")
    return lambda text: (text, "")


def _whole_number_rule(column: FeedColumn, feed: FeedConfig) -> Rule:
    zeros = rf"(?:{re.escape(feed.decimal_mark)}0+)?" if column.zero_decimals else ""
    pattern, limit = re.compile(rf"([+-]?)({_digits(feed)}){zeros}"), WHOLE_RANGES[column.type]

    def read(text: str) -> Parsed:
        found = pattern.fullmatch(text)
        if not found:
            return None, "not a whole number"
        digits = _plain(found[2], feed)
        if len(digits.lstrip("0")) > 19:
            return None, f"does not fit {column.type}"
        number = -int(digits) if found[1] == "-" else int(digits)
        return (number, "") if -limit <= number < limit else (None, f"does not fit {column.type}")

    return read


def _decimal_rule(column: FeedColumn, feed: FeedConfig, precision: int, scale: int) -> Rule:
    in_cents = column.unit == "cents"
    fraction = "()" if in_cents else rf"(?:{re.escape(feed.decimal_mark)}([0-9]+))?"
    pattern = re.compile(rf"([+-]?)({_digits(feed)}){fraction}")
    what = "not a whole number of cents" if in_cents else f"not a number with {feed.decimal_mark!r} before its decimals"

    def read(text: str) -> Parsed:
        found = pattern.fullmatch(text)
        if not found:
            return None, what
        digits, decimals = _plain(found[2], feed).lstrip("0"), (found[3] or "").rstrip("0")
        if in_cents:
            digits, decimals = digits[:-2], digits[-2:].rjust(2, "0")
        if len(decimals) > scale:
            return None, f"more than {scale} decimals"
        if len(digits) > precision - scale:
            return None, f"does not fit {column.type}"
        return Decimal(f"{found[1]}{digits or 0}.{decimals or 0}"), ""

    return read


def _date_rule(column: FeedColumn) -> Rule:
    patterns = [format_pattern(pattern) for pattern in column.formats]

    def read(text: str) -> Parsed:
        found = next(filter(None, (pattern.fullmatch(text) for pattern in patterns)), None)
        if not found:
            return None, f"not written as {' or '.join(column.formats)}"
        try:
            return date(int(found["year"]), int(found["month"]), int(found["day"])), ""
        except ValueError:
            return None, "no such day"

    return read


def _timestamp_rule(column: FeedColumn, feed: FeedConfig) -> Rule:
    patterns, zone = [format_pattern(pattern) for pattern in column.formats], zoneinfo.ZoneInfo(feed.time_zone)

    def read(text: str) -> Parsed:
        found = next(filter(None, (pattern.fullmatch(text) for pattern in patterns)), None)
        if not found:
            return None, f"not written as {' or '.join(column.formats)}"
        parts = found.groupdict()
        micros = int(parts.get("fraction", "0").ljust(6, "0"))
        try:
            year, month, day, hour, minute, second = (int(parts.get(name, "0")) for name in MOMENT)
            written = datetime(year, month, day, hour, minute, second, micros)
            if "zone" in parts:
                return written.replace(tzinfo=_offset(parts["zone"])).astimezone(UTC), ""
            return _in_zone(written, zone, feed.time_zone)
        except (ValueError, OverflowError):
            return None, "no such moment"

    return read


def _in_zone(written: datetime, zone: zoneinfo.ZoneInfo, name: str) -> Parsed:
    """A local time in UTC, unless the clocks there skipped it or showed it twice."""
    first, second = (written.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    moment = first.astimezone(UTC)
    if first.utcoffset() == second.utcoffset():
        return moment, ""
    if moment.astimezone(zone).replace(tzinfo=None) != written:
        return None, f"the clocks in {name} skipped this time"
    return None, f"the clocks in {name} showed this time twice, and which is meant is not said"


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:
        raise ValueError(f"no time zone is {text} from UTC")
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)


def _digits(feed: FeedConfig) -> str:
    """Digits as they may stand before the decimal mark; thousands are marked throughout or not at all."""
    if not feed.thousands_mark:
        return "[0-9]+"
    return rf"[0-9]{{1,3}}(?:{re.escape(feed.thousands_mark)}[0-9]{{3}})+|[0-9]+"


def _plain(digits: str, feed: FeedConfig) -> str:
    return digits.replace(feed.thousands_mark, "") if feed.thousands_mark else digits
