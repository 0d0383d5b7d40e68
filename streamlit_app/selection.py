"""What a reader has chosen, and how a link says it. Defaults are left out of a link; what a link says wrongly is said aloud."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from streamlit_app import words

Parameters = dict[str, list[str]]

AUTO, CUSTOM = "auto", "custom"

RANGES = {
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "365d": "365 days",
    "week": "Last whole week",
    "4w": "4 whole weeks",
    "13w": "13 whole weeks",
    "52w": "52 whole weeks",
    "mtd": "Month to date",
    "qtd": "Quarter to date",
    "ytd": "Year to date",
    "all": "All days",
    CUSTOM: "Own days",
}
INTERVALS = {AUTO: "Automatic", "day": "Day", "week": "Week", "month": "Month", "quarter": "Quarter", "year": "Year"}
COMPARISONS = {
    "previous_period": "Days before",
    "52_weeks": "52 weeks before",
    "year": "Year before",
    "none": "Nothing",
}
MEASURES = {
    "net_revenue": "Net revenue",
    "net_units": "Net units",
    "gross_revenue": "Gross revenue",
    "gross_units": "Units sold",
}
MONEY = ("net_revenue", "gross_revenue")
FILTERS = {
    "country": "Country",
    "region": "Region",
    "store": "Store",
    "channel": "Channel",
    "genre": "Genre",
    "subgenre": "Subgenre",
    "format": "Format",
    "publisher": "Publisher",
    "imprint": "Imprint",
    "author": "Author",
    "book": "Book",
    "source": "Source",
}

DEFAULTS = {"range": "30d", "interval": AUTO, "compare": "previous_period", "measure": "net_revenue"}
CHOICES: dict[str, Mapping[str, str]] = {
    "range": RANGES,
    "interval": INTERVALS,
    "compare": COMPARISONS,
    "measure": MEASURES,
}
DAYS = ("from", "until")
EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Selection:
    """Range, interval, comparison, measure and filters: all that a link says about the numbers of a page.

    `first` and `last` are the days of the range `custom`, None where they are not chosen yet. Filters have values.
    """

    range: str = DEFAULTS["range"]
    interval: str = AUTO
    compare: str = DEFAULTS["compare"]
    measure: str = DEFAULTS["measure"]
    first: date | None = None
    last: date | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @staticmethod
    def named() -> tuple[str, ...]:
        """Names of the parameters that a link says a selection by."""
        return (*CHOICES, *DAYS, *FILTERS)

    @property
    def parameters(self) -> Parameters:
        """The selection as a link says it."""
        said = {name: [getattr(self, name)] for name, default in DEFAULTS.items() if getattr(self, name) != default}
        days = {"from": self.first, "until": self.last} if self.range == CUSTOM else {}
        said |= {name: [day.isoformat()] for name, day in days.items() if day}
        return said | {name: list(self.filters[name]) for name in FILTERS if self.filters.get(name)}

    def changed(self, **choices: Any) -> "Selection":
        """The selection with other choices."""
        return replace(self, **choices)

    def narrowed(self, **filters: str | Sequence[str]) -> "Selection":
        """The selection with these filters in place of those of the same name; an empty one is taken away."""
        given = {name: (values,) if isinstance(values, str) else tuple(values) for name, values in filters.items()}
        kept = {name: values for name, values in {**self.filters, **given}.items() if values}
        return replace(self, filters=kept)

    def without(self, name: str, value: str) -> "Selection":
        """The selection without one value of a filter."""
        return self.narrowed(**{name: [kept for kept in self.filters.get(name, ()) if kept != value]})

    def only(self, name: str) -> str:
        """The value of a filter that has just one, else nothing."""
        values = self.filters.get(name, ())
        return values[0] if len(values) == 1 else ""


def read(parameters: Mapping[str, Sequence[str]], others: Sequence[str] = ()) -> tuple[Selection, list[str]]:
    """The selection that a link means, and a sentence for each part of it that means nothing.

    `others` are names of parameters that are not about the selection. A part that means nothing is as if it were not there.
    """
    refused: list[str] = []
    chosen = {name: _choice(name, parameters, refused) for name in CHOICES}
    days = {name: _day(name, parameters, refused) for name in DAYS}
    if any(days.values()) and not parameters.get("range"):
        chosen["range"] = CUSTOM
    filters = {name: tuple(dict.fromkeys(filter(None, parameters.get(name, ())))) for name in FILTERS}
    known = {*Selection.named(), *others}
    refused += [
        f"The link says “{_quoted(name)}”, which means nothing here." for name in parameters if name not in known
    ]
    kept = {name: values for name, values in filters.items() if values}
    return Selection(**chosen, first=days["from"], last=days["until"], filters=kept), refused


def with_members(selection: Selection, members: Mapping[str, Sequence[str]]) -> tuple[Selection, list[str]]:
    """The selection without values that are no members, and a sentence for each of those. Filters not in `members` are kept."""
    refused = []
    for name, known in members.items():
        for value in selection.filters.get(name, ()):
            if value not in known:
                refused.append(
                    f"There is no {FILTERS[name].lower()} “{_quoted(value)}”, or not for you; it is left out."
                )
                selection = selection.without(name, value)
    return selection, refused


def _choice(name: str, parameters: Mapping[str, Sequence[str]], refused: list[str]) -> str:
    asked = (parameters.get(name) or [DEFAULTS[name]])[-1]
    if asked in CHOICES[name]:
        return asked
    refused.append(f"The link asks for {name} “{_quoted(asked)}”; there are {', '.join(CHOICES[name])}.")
    return DEFAULTS[name]


def _day(name: str, parameters: Mapping[str, Sequence[str]], refused: list[str]) -> date | None:
    asked = (parameters.get(name) or [""])[-1]
    try:
        day = date.fromisoformat(asked) if asked else None
    except ValueError:
        day = LATEST
        asked = f"{asked} "
    if day and (len(asked) != len("2025-12-31") or not EARLIEST <= day <= LATEST):
        refused.append(f"The link says {name} “{_quoted(asked.strip())}”, which is no day; write it as 2025-12-31.")
        return None
    return day


def _quoted(text: str) -> str:
    return words.escaped(words.shortened(text, 40))
