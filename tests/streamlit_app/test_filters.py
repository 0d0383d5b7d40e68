import tomllib
from datetime import date
from pathlib import Path

import pytest

import streamlit_app
from api.client import Window
from streamlit_app import filters

FIRST, LAST = date(2022, 5, 4), date(2025, 3, 20)


@pytest.mark.parametrize(
    ("choice", "window"),
    [
        ("7 days", Window(date(2025, 3, 14), LAST)),
        ("30 days", Window(date(2025, 2, 19), LAST)),
        ("365 days", Window(date(2024, 3, 21), LAST)),
        ("Year to date", Window(date(2025, 1, 1), LAST)),
        ("All", Window(FIRST, LAST)),
        ("Custom", Window(date(2023, 1, 1), date(2023, 1, 2))),
    ],
)
def test_a_range_ends_on_the_last_day_with_data(choice, window):
    assert filters.window_of(choice, FIRST, LAST, Window(date(2023, 1, 1), date(2023, 1, 2))) == window


def test_without_data_there_is_no_range_but_a_custom_one():
    custom = Window(date(2023, 1, 1), date(2023, 1, 2))

    assert {filters.window_of(choice, None, None, custom) for choice in filters.RANGES} == {None, custom}


@pytest.mark.parametrize(
    ("days", "interval"), [(1, "day"), (92, "day"), (93, "week"), (400, "week"), (445, "month"), (5000, "quarter")]
)
def test_the_interval_keeps_the_line_readable(days, interval):
    assert filters.automatic_interval(days) == interval


def test_a_link_with_an_unknown_choice_is_answered_in_words_that_cannot_be_markup():
    (sentence,) = filters.refused_choices({"range": "*Fortnight*<b>", "interval": "Week", "colour": "blue"})

    assert sentence.startswith(r"The link asks for range “\*Fortnight\*\<b\>”; there are 7 days, 30 days")


def test_the_configuration_binds_to_loopback_and_tells_nobody_anything():
    text = (Path(streamlit_app.__file__).parent / ".streamlit" / "config.toml").read_text()
    config = tomllib.loads(text)

    assert config["server"]["address"] == "127.0.0.1"
    assert config["server"]["allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert config["client"]["toolbarMode"] == "viewer"
    assert "http" not in text  # no font or style of another site
