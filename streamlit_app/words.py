"""Numbers, dates and changes as people read them."""

import re
from datetime import date, datetime

Number = int | float

COMPACT_FROM = 10_000_000
SCALES = ((1_000_000_000, "bn"), (1_000_000, "M"))
POINTS = 100
FLAT_BELOW = 0.0005


def whole(value: Number | None) -> str:
    """`1,234`, from ten million on `12.3 M`; a dash for nothing."""
    if value is None:
        return "–"
    if abs(value) >= COMPACT_FROM:
        scale, name = next((scale, name) for scale, name in SCALES if abs(value) >= scale)
        return f"{value / scale:,.{2 if scale > COMPACT_FROM else 1}f} {name}".replace("-", "−")
    return f"{value:,.0f}".replace("-", "−")


def signed(value: Number | None) -> str:
    """`+1,234`, `−1,234`, `0`."""
    return whole(value) if value is None or round(value) <= 0 else f"+{whole(value)}"


def exact(value: Number | None) -> str:
    """`1,234.50`, in full whatever its size."""
    return "–" if value is None else f"{value:,.2f}".replace("-", "−")


def percent(ratio: Number | None, decimals: int = 1) -> str:
    """`12.3 %`."""
    return "–" if ratio is None else f"{100 * ratio:,.{decimals}f} %".replace("-", "−")


def day(value: date) -> str:
    """`20 Mar 2025`."""
    return f"{value.day} {value:%b %Y}"


def day_of(iso: str) -> str:
    """The same of a day as the API writes it."""
    return day(date.fromisoformat(iso))


def days(first: date, last: date) -> str:
    """`19 Feb – 20 Mar 2025`."""
    if first == last:
        return day(first)
    return f"{first.day} {first:%b}{'' if first.year == last.year else f' {first.year}'} – {day(last)}"


def iso_day(iso: str | None) -> str:
    """`20 Mar 2025` of a date as the API writes it; a dash for none."""
    return day(date.fromisoformat(iso)) if iso else "–"


def month(iso: str) -> str:
    """`Mar 2025` of a month's first day as the API writes it."""
    return f"{date.fromisoformat(iso):%b %Y}"


def moment(iso: str) -> str:
    """`21 Mar 2025, 06:30 UTC`."""
    at = datetime.fromisoformat(iso)
    return f"{day(at.date())}, {at:%H:%M} {at.tzname() or ''}".strip()


def day_count(count: int) -> str:
    """`the 30 days before`, `the day before`."""
    return "the day before" if count == 1 else f"the {count} days before"


def change(now: Number | None, before: Number | None, is_ratio: bool = False) -> tuple[str, int]:
    """A change in words, and its direction: 1 up, -1 down, 0 flat or not to be told (then without words)."""
    if now is None or before is None or (not is_ratio and before <= 0):
        return "", 0
    by = now - before if is_ratio else now / before - 1
    if abs(by) < FLAT_BELOW:
        return "unchanged", 0
    if is_ratio:
        return f"{POINTS * abs(by):.1f} points {'higher' if by > 0 else 'lower'}", 1 if by > 0 else -1
    return f"{percent(abs(by))} {'more' if by > 0 else 'less'}", 1 if by > 0 else -1


def plain(value: str) -> str:
    """A member as people write it: formats have names with underscores."""
    return value.replace("_", " ")


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: no emphasis, link, formula, colour or HTML out of somebody's title."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])", r"\\\1", text)
