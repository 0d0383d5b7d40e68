"""A page in one sentence, computed from its data: how much, against what, and what made the most of it."""

from datetime import date

from api.client import Body, Movement, Mover, Summary, SummaryMetrics
from streamlit_app import words
from streamlit_app.selection import MEASURES, MONEY


def headline(summary: Body[Summary], measure: str, by_genre: Body[Movement] | None) -> str:
    """The sentence, as Markdown; without whole days to compare with it says how much and no more."""
    meta = summary["meta"]
    now, before = dict(summary["data"]["current"])[measure], comparable(summary)
    amount = words.whole(_number(now))
    money = f"{meta['currency']} {amount}" if measure in MONEY else f"{amount} copies"
    sentence = f"{MEASURES[measure]} of **{money}** from {_span(meta['from'], meta['until'])}"
    comparison = meta["comparison"]
    if comparison is None or before is None:
        return f"{sentence}."
    change, direction = words.change(_number(now), _number(dict(before)[measure]))
    if not change:
        return f"{sentence}."
    than = "" if direction == 0 else " than"
    compared = f"{sentence}, **{change}**{than} from {_span(comparison['from'], comparison['until'])}"
    reason = because(by_genre["data"]) if by_genre and direction else ""
    return f"{compared}{reason}."


def because(movement: Movement) -> str:
    """What made the most of a change, in words: `; 66 % of the rise is Fiction`. Nothing where there is no such part."""
    change = movement["total"]["change"]
    parts = movement["gains"] if change > 0 else movement["losses"]
    if not parts or not change:
        return ""
    name, share = words.escaped(_name(parts[0])), parts[0]["change"] / change
    if share > 1:
        return f"; {name} alone {'rose' if change > 0 else 'fell'} by more than that"
    return f"; {words.percent(share, 0)} of the {'rise' if change > 0 else 'fall'} is {name}"


def comparable(summary: Body[Summary]) -> SummaryMetrics | None:
    """The window compared with, unless the data begins inside it: then it would make any change look like growth."""
    comparison = summary["meta"]["comparison"]
    return summary["data"]["previous"] if comparison and comparison["is_complete"] else None


def _name(mover: Mover) -> str:
    return str(list(mover["members"].values())[-1])


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def _span(first: str, last: str) -> str:
    return words.days(date.fromisoformat(first), date.fromisoformat(last))
