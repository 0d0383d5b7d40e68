"""What each target of a feed takes: the columns its records may have, with their types, and what they may not lack."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jobs_config.errors import ConfigError
from jobs_config.feed import SALES_TARGETS, FeedConfig, is_decimal
from spark_jobs.silver import feed_sales

TITLE_COLUMNS = {
    "book_id": "bigint", "isbn10": "string", "isbn13": "string", "title": "string", "work_title": "string",
    "author_names": "string", "published_year": "int", "language": "string",
}  # fmt: skip
# An ISBN of a title may be repaired; a correction never changes it.
CORRECTED_COLUMNS = {name: kind for name, kind in TITLE_COLUMNS.items() if not name.startswith("isbn")}


@dataclass(frozen=True)
class Takes:
    """Columns by name and type; each of `needs` is a group of which one at least is required."""

    columns: Mapping[str, str]
    needs: Sequence[Sequence[str]] = field(default_factory=list)


SALES = Takes(
    feed_sales.OPTIONAL,
    [["quantity"], ["unit_price"], ["store_code"], ["sold_at", "sold_on"], ["isbn", "book_id", "title_ref"]],
)
TARGETS: dict[str, Takes] = {
    "titles": Takes(TITLE_COLUMNS, [["book_id"], ["title"], ["author_names"], ["isbn10", "isbn13"]]),
    "corrections": Takes(CORRECTED_COLUMNS, [["book_id"]]),
    **dict.fromkeys(SALES_TARGETS, SALES),
}
# A type whose values all fit another's column.
WIDER = {"int": ("bigint",)}
# An identifier need not be a number.
EITHER = {"sale_ref": ("string", "bigint"), "order_ref": ("string", "bigint")}


def faults_of_feed(feed: FeedConfig, load_feed: Callable[[str], FeedConfig]) -> list[str]:
    """What keeps a feed from being loaded into its target; `load_feed` finds the feeds that it names. Empty for a good one."""
    takes = TARGETS[feed.target]
    faults = [
        f"columns.{name}: target {feed.target} takes no such column; it takes {', '.join(takes.columns)}"
        for name in feed.columns
        if name not in takes.columns
    ]
    faults += [
        f"columns.{name}: is {column.type}; {feed.target} holds it as {takes.columns[name]}"
        for name, column in feed.columns.items()
        if name in takes.columns and not _fits(name, column.type, takes.columns[name])
    ]
    faults += [
        f"columns: target {feed.target} needs {' or '.join(group)}; where it is the only one, say `required: true`"
        for group in takes.needs
        if not _has(feed, group)
    ]
    faults += [
        f"key: {name} may be empty; say `required: true`" for name in feed.key if not feed.columns[name].required
    ]
    return faults + _faults_of_others(feed, load_feed)


def _fits(name: str, given: str, held: str) -> bool:
    if given == held or given in EITHER.get(name, ()) or held in WIDER.get(given, ()):
        return True
    narrow, wide = is_decimal(given), is_decimal(held)
    return bool(narrow and wide and narrow[1] <= wide[1] and narrow[0] - narrow[1] <= wide[0] - wide[1])


def _has(feed: FeedConfig, group: Sequence[str]) -> bool:
    there = [feed.columns[name] for name in group if name in feed.columns]
    return len(there) > 1 or any(column.required for column in there)


def _faults_of_others(feed: FeedConfig, load_feed: Callable[[str], FeedConfig]) -> list[str]:
    faults = []
    for key in ("corrects", "titles_of"):
        name = getattr(feed, key)
        if not name:
            continue
        try:
            target = load_feed(name).target
        except ConfigError as error:
            faults.append(f"{key}: {error}")
            continue
        if target != "titles":
            faults.append(f"{key}: feed {name} holds {target}, not titles")
    return faults
