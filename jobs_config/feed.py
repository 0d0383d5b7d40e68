"""The typed model of a CSV feed: how its files are written, and which of their columns fill which of ours.

Nothing is inferred: what a feed does not say, its files may not contain.
"""

import re
import zoneinfo
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from jobs_config.dates import check_format, skeleton

Target = Literal["titles", "corrections", "historical_sales", "third_party_sales"]
# Encodings in which a byte below 128 is that ASCII character, so that records can be told apart before they are decoded.
Encoding = Literal["utf-8", "latin-1", "iso-8859-15", "windows-1250", "windows-1252"]
Period = Literal["none", "day", "month", "year", "all"]

SALES_TARGETS = ("historical_sales", "third_party_sales")
TIMES = ("date", "timestamp")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FeedColumn(_Model):
    """One column of a feed: its header, and how its text is read. Types are those of the contracts.

    `values` translates their words or identifiers into ours; a text that is no key of it is refused. `formats` are those that a date
    or a time may be written in. With unit `cents` a decimal is written as a whole number of hundredths.
    """

    header: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    type: str = Field("string", pattern=r"^(string|int|bigint|boolean|date|timestamp|decimal\(\d+,\d+\))$")
    unit: str = ""
    required: bool = False
    trim: bool = False
    zero_decimals: bool = Field(False, description="a whole number may end in .0, as spreadsheets write it")
    formats: tuple[str, ...] = ()
    values: dict[str, str] = {}

    @property
    def headers(self) -> tuple[str, ...]:
        """Every name that the header may have."""
        return (self.header, *self.aliases)

    @model_validator(mode="after")
    def fits_its_type(self) -> "FeedColumn":
        if (self.type in TIMES) != bool(self.formats):
            raise ValueError(f"`formats` goes with the types date and timestamp, and they need it; this is {self.type}")
        for pattern in self.formats:
            check_format(pattern, self.type)
        shapes = [skeleton(pattern) for pattern in self.formats]
        if len(set(shapes)) < len(shapes):
            raise ValueError(f"formats {', '.join(self.formats)}: one text could be read by two of them")
        if self.zero_decimals and self.type not in ("int", "bigint"):
            raise ValueError(f"`zero_decimals` goes with the types int and bigint; this is {self.type}")
        if self.unit == "cents" and not self.type.startswith("decimal"):
            raise ValueError(f"unit cents goes with a decimal; this is {self.type}")
        return self


class FeedConfig(_Model):
    """A CSV feed. A header that is neither mapped nor listed in `ignored` is refused, so nothing is read by position or by guess."""

    feed: str = Field(pattern="^[a-z][a-z0-9_]*$")
    target: Target
    encoding: Encoding = "utf-8"
    delimiter: str = Field(",", pattern='^[^"\\r\\n]$')
    quoting: Literal["rfc4180", "none"] = "rfc4180"
    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal["", ".", ",", "'", " "] = ""
    time_zone: str = "UTC"
    currency: str = Field("", pattern="^([A-Z]{3})?$", description="of every amount, where no column says it")
    missing: tuple[str, ...] = Field(("",), description="texts that mean that there is no value")
    key: tuple[str, ...] = Field(min_length=1)
    period_key: Period = "none"
    overlaps: bool = Field(False, description="reports sales that the shop holds too: outside default totals")
    corrects: str = ""
    titles_of: str = Field("", description="feed of titles whose keys stand in `title_ref`")
    columns: dict[str, FeedColumn]
    ignored: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def expand_plain_headers(cls, values: Any) -> Any:
        columns = values.get("columns") if isinstance(values, dict) else None
        if isinstance(columns, dict):
            expanded = {name: {"header": given} if isinstance(given, str) else given for name, given in columns.items()}
            return {**values, "columns": expanded}
        return values

    @field_validator("time_zone")
    @classmethod
    def zone_is_known(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError(f"no time zone {value!r}; names are those of the IANA list, such as Europe/Berlin")
        return value

    @field_validator("delimiter")
    @classmethod
    def delimiter_is_one_byte(cls, value: str) -> str:
        if ord(value) > 127:
            raise ValueError("a delimiter is one ASCII character")
        return value

    @model_validator(mode="after")
    def parts_agree(self) -> "FeedConfig":
        if self.thousands_mark == self.decimal_mark:
            raise ValueError(f"decimal_mark and thousands_mark are both {self.decimal_mark!r}")
        unknown = [name for name in self.key if name not in self.columns]
        if unknown:
            raise ValueError(f"key names {', '.join(unknown)}, which is no column of the feed")
        twice = sorted(_twice(self.headers))
        if twice:
            raise ValueError(f"headers {', '.join(map(repr, twice))} stand twice among columns, aliases and ignored")
        if (self.target == "corrections") != bool(self.corrects):
            raise ValueError("`corrects` names the feed of titles that a feed with target corrections corrects")
        if self.period_key in ("day", "month", "year") and self.target not in SALES_TARGETS:
            raise ValueError(f"period_key {self.period_key} needs a date of sale; titles know none and all")
        if self.overlaps and self.target not in SALES_TARGETS:
            raise ValueError("`overlaps` is said of sales")
        if self.target in SALES_TARGETS and bool(self.currency) == ("currency" in self.columns):
            raise ValueError("a feed of sales has a column `currency`, or says which one all amounts are in")
        if bool(self.titles_of) != ("title_ref" in self.columns):
            raise ValueError("`titles_of` names the feed whose keys the column `title_ref` holds; one needs the other")
        return self

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """Every header a file of this feed may have."""
        return (*(name for column in self.columns.values() for name in column.headers), *self.ignored)


def _twice(names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]


def is_decimal(lake_type: str) -> tuple[int, int] | None:
    """Precision and scale of a decimal type; None of any other."""
    found = re.fullmatch(r"decimal\((\d+),(\d+)\)", lake_type)
    return (int(found[1]), int(found[2])) if found else None
