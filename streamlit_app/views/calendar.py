"""Calendar: when do we sell? Days as a heat map, weeks against those a year before, the profile of a week, and what feasts did."""

from collections.abc import Mapping, Sequence
from datetime import date
from statistics import mean

import streamlit as st

from api.client import Bucket, Event
from streamlit_app import messages, panels, questions, tables, words
from streamlit_app.charts.calendar import WEEKDAYS, calendar, week_profile
from streamlit_app.charts.trend import trend
from streamlit_app.panels import panel
from streamlit_app.ranges import WEEKDAYS as WEEK_STARTS
from streamlit_app.selection import CUSTOM, MEASURES
from streamlit_app.visit import SalesVisit

BEST_DAYS = 10
# As many cells as a screen shows well; a longer window is shown by its last days.
MOST_DAYS = 3 * 366


def show(visit: SalesVisit) -> None:
    """Draw the page."""
    measure, filters = visit.selection.measure, visit.filters
    shown = visit.window.grown_to(min(visit.window.day_count, MOST_DAYS))
    by_day = questions.timeseries((measure,), "day", shown, filters, visit.comparison)
    by_week = questions.timeseries((measure,), "week", shown, filters, "52_weeks")
    events = questions.events(shown)
    answers = visit.ask(by_day, by_week, events)
    days, before = answers[by_day]["data"]["buckets"], answers[by_day]["data"]["previous"]
    if not any(bucket["metrics"][measure] for bucket in days):
        messages.no_match(visit)
        return
    _days(visit, days, answers[events]["data"], shown.day_count < visit.window.day_count)
    with panel("By retail week", f"{MEASURES[measure]}; dashed: the same weeks 52 weeks before"):
        comparison = answers[by_week]["meta"]["comparison"]
        panels.chart(
            trend(
                answers[by_week]["data"]["buckets"],
                measure,
                MEASURES[measure],
                "week",
                previous=(answers[by_week]["data"]["previous"] or ())
                if comparison and comparison["is_complete"]
                else (),
                before="52 weeks before",
                events={event["day"]: event["event"] for event in answers[events]["data"]},
            ),
            f"{MEASURES[measure]} by week, {len(answers[by_week]['data']['buckets'])} weeks",
            "weeks",
        )
    compared = answers[by_day]["meta"]["comparison"]
    _profile(visit, days, before if before and compared and compared["is_complete"] else ())
    _best_days(visit, days, answers[events]["data"])


def _days(visit: SalesVisit, days: Sequence[Bucket], events: Sequence[Event], is_cut: bool) -> None:
    measure, names = visit.selection.measure, {event["day"]: event["event"] for event in events}
    cells = [(date.fromisoformat(bucket["start"]), _value(bucket, measure)) for bucket in days]
    said = [
        (day, value, f"{WEEKDAYS[day.weekday()]} {words.day(day)}: {words.whole(value)}{_named(names, day)}")
        for day, value in cells
    ]
    best_day, best = max(cells, key=lambda cell: cell[1])
    cut = f"the last {len(days):,} days" if is_cut else f"all {len(days):,} days"
    with panel("Days", f"{MEASURES[measure]}, {cut}; a column is a retail week"):
        figure = calendar(said, WEEK_STARTS[visit.published["retail_week_start"]])
        alt = f"{MEASURES[measure]} by day as a calendar; highest {words.whole(best)} on {words.day(best_day)}"
        panels.chart(figure, alt, "days")


def _profile(visit: SalesVisit, days: Sequence[Bucket], before: Sequence[Bucket]) -> None:
    measure = visit.selection.measure
    means, earlier = weekday_means(days, measure), weekday_means(before, measure) if before else []
    best = max(range(7), key=means.__getitem__)
    with panel("A week's profile", f"mean {MEASURES[measure].lower()} of each weekday"):
        alt = f"Mean {MEASURES[measure].lower()} by weekday; highest {words.whole(means[best])} on {WEEKDAYS[best]}"
        panels.chart(week_profile(means, earlier, WEEK_STARTS[visit.published["retail_week_start"]]), alt, "profile")


def _best_days(visit: SalesVisit, days: Sequence[Bucket], events: Sequence[Event]) -> None:
    """The best days and those with an event, each against the mean of its weekday."""
    measure, names = visit.selection.measure, {event["day"]: event["event"] for event in events}
    means = weekday_means(days, measure)
    best = sorted(days, key=lambda bucket: -_value(bucket, measure))[:BEST_DAYS]
    listed = {bucket["start"]: bucket for bucket in [*best, *(day for day in days if day["start"] in names)]}
    rows, places = [], []
    for start, bucket in listed.items():
        day = date.fromisoformat(start)
        usual = means[day.weekday()]
        rows.append(
            {
                "Day": f"{WEEKDAYS[day.weekday()]} {words.day(day)}",
                "Event": names.get(start, tables.NOTHING),
                MEASURES[measure]: bucket["metrics"][measure],
                "Change": 100 * (_value(bucket, measure) / usual - 1) if usual > 0 else None,
            }
        )
        places.append(_titles_of(day))
    columns = {
        **tables.moved_columns(measure, visit.currency),
        "Change": st.column_config.NumberColumn("Against its weekday", format="%+.1f %%", width=150),
    }
    with panel("Best days, and days with an event", "Pick a row to see the titles of the day."):
        panels.opening_table(rows, columns, "Best days, and days with an event", "best-days", places)


def weekday_means(days: Sequence[Bucket], measure: str) -> list[float]:
    """The mean of each weekday, Monday first; 0 for one that is not there."""
    values: list[list[float]] = [[] for _ in WEEKDAYS]
    for bucket in days:
        values[date.fromisoformat(bucket["start"]).weekday()].append(_value(bucket, measure))
    return [mean(of_day) if of_day else 0.0 for of_day in values]


def _titles_of(day: date) -> panels.Place:
    return panels.Place("titles", lambda selection: selection.changed(range=CUSTOM, first=day, last=day))


def _value(bucket: Bucket, measure: str) -> float:
    return float(bucket["metrics"][measure] or 0)


def _named(names: Mapping[str, str], day: date) -> str:
    return f", {names[day.isoformat()]}" if day.isoformat() in names else ""
