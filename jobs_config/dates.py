"""How a date or a time may be written in a file: `YYYY MM DD HH mm ss f Z` and the characters between them.

    DD.MM.YYYY      31.12.2024
    YYYY-MM-DDTHH:mm:ssZ      2024-12-31T23:59:59+01:00, or Z at its end

Every part has just as many digits as its letters, `f` any from one to six. Years have four digits: two would have to be guessed.
"""

import re

PARTS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "MM": r"(?P<month>[0-9]{2})",
    "DD": r"(?P<day>[0-9]{2})",
    "HH": r"(?P<hour>[0-9]{2})",
    "mm": r"(?P<minute>[0-9]{2})",
    "ss": r"(?P<second>[0-9]{2})",
    "f": r"(?P<fraction>[0-9]{1,6})",
    "Z": r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})",
}
TOKEN = re.compile("|".join(PARTS))
DAY = {"YYYY", "MM", "DD"}


def check_format(pattern: str, lake_type: str) -> None:
    """Raises ValueError for a format that names a part twice, lacks one, or has one that the type has no room for."""
    parts = TOKEN.findall(pattern)
    if len(parts) != len(set(parts)) or set(parts) < DAY or not set(parts) >= DAY:
        raise ValueError(f"format {pattern!r}: it needs each of YYYY, MM and DD once")
    if re.search("[A-Za-z]", TOKEN.sub("", pattern).replace("T", "")):
        raise ValueError(f"format {pattern!r}: parts are {', '.join(PARTS)}; any other letter but T is not understood")
    if lake_type == "date" and set(parts) - DAY:
        raise ValueError(f"format {pattern!r}: a date has no time of day; take the type timestamp")
    if lake_type == "timestamp" and "HH" not in parts:
        raise ValueError(f"format {pattern!r}: a timestamp needs HH at least; take the type date")


def format_pattern(pattern: str) -> re.Pattern[str]:
    """The format as a regular expression with a named group for each part."""
    return re.compile("".join(PARTS.get(piece, re.escape(piece)) for piece in re.split(f"({TOKEN.pattern})", pattern)))


def skeleton(pattern: str) -> str:
    """What a text of this format looks like, whatever its parts mean: two formats with one skeleton cannot be told apart."""
    return TOKEN.sub(lambda part: {"f": "1", "Z": "Z"}.get(part[0], "0" * len(part[0])), pattern)
