from datetime import date

import pytest

from api.client import Window
from streamlit_app.ranges import interval_of, window_of
from streamlit_app.selection import CUSTOM, RANGES, Selection

FIRST, LAST = date(2022, 5, 4), date(2025, 3, 20)  # a Thursday


@pytest.mark.parametrize(
    ("choice", "window"),
    [
        ("7d", Window(date(2025, 3, 14), LAST)),
        ("30d", Window(date(2025, 2, 19), LAST)),
        ("365d", Window(date(2024, 3, 21), LAST)),
        ("week", Window(date(2025, 3, 9), date(2025, 3, 15))),
        ("4w", Window(date(2025, 2, 16), date(2025, 3, 15))),
        ("mtd", Window(date(2025, 3, 1), LAST)),
        ("qtd", Window(date(2025, 1, 1), LAST)),
        ("ytd", Window(date(2025, 1, 1), LAST)),
        ("all", Window(FIRST, LAST)),
    ],
)
def test_a_range_ends_on_the_last_day_with_data_and_whole_weeks_on_the_last_that_is_over(choice, window):
    assert window_of(Selection(range=choice), FIRST, LAST, "sunday") == window


@pytest.mark.parametrize(
    ("week_start", "last_day"),
    [("monday", date(2025, 3, 16)), ("saturday", date(2025, 3, 14)), ("sunday", date(2025, 3, 15))],
)
def test_a_whole_week_ends_before_the_day_that_weeks_begin_on(week_start, last_day):
    assert window_of(Selection(range="week"), FIRST, LAST, week_start).last == last_day


def test_a_week_that_ends_with_the_data_is_whole():
    saturday = date(2025, 3, 22)

    assert window_of(Selection(range="week"), FIRST, saturday, "sunday") == Window(date(2025, 3, 16), saturday)


def test_own_days_are_a_window_where_both_are_there_and_in_order():
    first, last = date(2023, 1, 1), date(2023, 1, 2)

    assert window_of(Selection(range=CUSTOM, first=first, last=last), None, None, "sunday") == Window(first, last)
    assert window_of(Selection(range=CUSTOM, first=last, last=first), FIRST, LAST, "sunday") is None
    assert window_of(Selection(range=CUSTOM, first=first), FIRST, LAST, "sunday") is None


def test_without_data_there_is_no_window():
    assert {window_of(Selection(range=choice), None, None, "sunday") for choice in RANGES} == {None}


@pytest.mark.parametrize(
    ("days", "interval"), [(1, "day"), (92, "day"), (93, "week"), (400, "week"), (445, "month"), (5000, "quarter")]
)
def test_the_interval_keeps_the_line_readable(days, interval):
    assert interval_of(Selection(), Window(LAST, LAST).grown_to(days)) == interval


def test_a_chosen_interval_holds():
    assert interval_of(Selection(interval="year"), Window(LAST, LAST)) == "year"
