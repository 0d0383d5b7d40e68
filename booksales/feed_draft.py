"""A first draft of a feed from a sample of one of its files, for a person to edit.

A draft proposes what the sample allows and says what it could not decide; what a column means it cannot know.
"""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from jobs_config.dates import format_pattern
from jobs_config.feed import FeedColumn, FeedConfig
from spark_jobs.errors import ExtractionError
from spark_jobs.extract.csv_file import is_compressed, state_of
from spark_jobs.extract.csv_records import fields_of, read_block
from spark_jobs.extract.csv_values import rule_of

SAMPLE_BYTES = 1 << 20
DELIMITERS = (",", ";", "\t", "|")
# Every byte is a character in latin-1, so it would always fit; Windows' own is what such files are in.
ENCODINGS = ("utf-8", "windows-1252")
MARKS = ((".", ""), (".", ","), (",", ""), (",", "."))
FORMATS = (
    "YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "YYYYMMDD", "YYYY-MM-DD HH:mm:ss", "YYYY-MM-DDTHH:mm:ssZ",
    "YYYY-MM-DDTHH:mm:ss.fZ", "DD.MM.YYYY HH:mm:ss", "DD.MM.YYYY HH:mm", "MM/DD/YYYY HH:mm:ss",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """The beginning of a file, read as a feed would: header, rows, and how they are written."""

    encoding: str
    delimiter: str
    names: list[str]
    rows: list[list[str]]

    def texts(self, place: int) -> list[str]:
        """What stands in one column, without what is empty."""
        return [row[place] for row in self.rows if row[place]]


def draft(path: Path) -> str:
    """The draft as YAML with comments. Raises ExtractionError where the file is no CSV."""
    sample = read_sample(path)
    marks = max(MARKS, key=lambda pair: _numbers(sample, *pair))
    columns = [(name, *_proposed(sample.texts(place), *marks)) for place, name in enumerate(sample.names)]
    head = {
        "feed": "my_feed", "target": "titles", "encoding": sample.encoding, "delimiter": sample.delimiter,
        "decimal_mark": marks[0], "thousands_mark": marks[1], "key": ["column_of_ours"],
    }  # fmt: skip
    lines = [
        f"# Drafted from the first {len(sample.rows):,} records of {path.name}. Before it is used: give the feed its name and target,",
        "# put the name that docs/feeds.md has for each column before its header, move what is not wanted to `ignored`, name the key,",
        "# and decide what is marked by a question mark. Then: booksales feeds check my_feed.yaml",
        _yaml(head).rstrip(),
        "columns:",
    ]
    for number, (name, said, remark) in enumerate(columns, start=1):
        lines.append(f"  column_{number}: {_inline({'header': name, **said})}{f'  # {remark}' if remark else ''}")
    return "\n".join([*lines, "ignored: []"]) + "\n"


def read_sample(path: Path) -> Sample:
    """The first records of a file, in the encoding and with the delimiter that fit best."""
    state_of(path)
    with gzip.open(path) if is_compressed(path) else path.open("rb") as file:
        beginning = file.read(SAMPLE_BYTES)
    block = beginning.removeprefix(b"\xef\xbb\xbf")
    if not block:
        raise ExtractionError(f"{path}: the file is empty; a draft needs a header and some records")
    if len(beginning) == SAMPLE_BYTES:
        block = block[: block.rfind(b"\n") + 1]
    encoding = next((name for name in ENCODINGS if _is_text(block, name)), "")
    if not encoding:
        raise ExtractionError(f"{path}: is no text in {' or '.join(ENCODINGS)}")
    found = max((_with(block, encoding, delimiter) for delimiter in DELIMITERS), key=_fit)
    if len(found.names) < 2:
        raise ExtractionError(f"{path}: no delimiter of {' '.join(map(repr, DELIMITERS))} divides its records alike")
    return found


def _is_text(block: bytes, encoding: str) -> bool:
    try:
        return "\x00" not in block.decode(encoding)
    except UnicodeDecodeError:
        return False


def _with(block: bytes, encoding: str, delimiter: str) -> Sample:
    feed = _feed(encoding=encoding, delimiter=delimiter)
    names = fields_of(block.split(b"\n", 1)[0].removesuffix(b"\r"), feed)[0] or [""]
    read = list(read_block(block, feed, len(names), 0, 0))[1:]
    return Sample(encoding, delimiter, names, [record.fields for record in read if record.fields is not None])


def _fit(sample: Sample) -> tuple[int, int]:
    """More fields, in more records that have as many as the header."""
    return (len(sample.names) > 1) * (len(sample.rows) + 1), len(sample.names)


def _feed(**said: object) -> FeedConfig:
    return FeedConfig.model_validate({"feed": "draft", "target": "titles", "key": ["x"], "columns": {"x": "x"}, **said})


def _rule(decimal_mark: str, thousands_mark: str, **column: object) -> Callable[[str], bool]:
    feed = _feed(decimal_mark=decimal_mark, thousands_mark=thousands_mark)
    rule = rule_of(FeedColumn.model_validate({"header": "x", **column}), feed)
    return lambda text: not rule(text)[1]


def _numbers(sample: Sample, decimal_mark: str, thousands_mark: str) -> int:
    """Columns that are numbers throughout, read with these marks."""
    is_number = _rule(decimal_mark, thousands_mark, type="decimal(38,10)")
    columns = [sample.texts(place) for place in range(len(sample.names))]
    return sum(bool(texts) and all(map(is_number, texts)) for texts in columns)


def _proposed(texts: Sequence[str], decimal_mark: str, thousands_mark: str) -> tuple[dict[str, Any], str]:
    """What a column may be, and what a person has to decide."""
    if not texts:
        return {}, "? empty in the whole sample"
    if fitting := [pattern for pattern in FORMATS if all(map(format_pattern(pattern).fullmatch, texts))]:
        fitting = [pattern for pattern in fitting if _all_read(texts, pattern)] or fitting
        kind = "timestamp" if "HH" in fitting[0] else "date"
        doubt = f"? could be {' or '.join(fitting[1:])} too" if len(fitting) > 1 else ""
        return {"type": kind, "formats": fitting[:1]}, doubt
    if all(text.isascii() and text.isdigit() and text.startswith("0") and len(text) > 1 for text in texts):
        return {}, "digits with zeros before them: an identifier, and no number"
    for kind in ("int", "bigint", "decimal(12,2)", "decimal(38,10)"):
        if all(map(_rule(decimal_mark, thousands_mark, type=kind), texts)):
            return {"type": kind}, "? more than two decimals: which precision" if kind == "decimal(38,10)" else ""
    distinct = sorted({*texts})
    if len(distinct) <= 6 < len(texts):
        return {}, f"? one of {', '.join(distinct)}: `values` turns them into ours"
    return ({"trim": True}, "? blanks around some values") if any(text != text.strip() for text in texts) else ({}, "")


def _all_read(texts: Sequence[str], pattern: str) -> bool:
    kind = "timestamp" if "HH" in pattern else "date"
    return all(map(_rule(".", "", type=kind, formats=[pattern]), texts))


def _yaml(values: object) -> str:
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False, default_flow_style=None)


def _inline(values: object) -> str:
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False, default_flow_style=True, width=10_000).strip()
