from datetime import date

import pytest

from streamlit_app import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (1234, "1,234"),
        (-1234.4, "−1,234"),
        (9_999_999, "9,999,999"),
        (12_345_678, "12.3 M"),
        (-12_345_678, "−12.3 M"),
        (1_523_456_789, "1.52 bn"),
    ],
)
def test_whole_numbers_are_short_and_have_separators(value, text):
    assert words.whole(value) == text


def test_prices_and_ratios_have_their_decimals():
    assert words.exact(1234.5) == "1,234.50"
    assert words.percent(0.1234) == "12.3 %"
    assert words.percent(-0.5, 0) == "−50 %"
    assert words.exact(None) == words.percent(None) == "–"


@pytest.mark.parametrize(
    ("now", "before", "is_ratio", "told"),
    [
        (112, 100, False, ("12.0 % more", 1)),
        (90, 100, False, ("10.0 % less", -1)),
        (100, 100, False, ("unchanged", 0)),
        (5, 0, False, ("", 0)),
        (5, -20, False, ("", 0)),
        (None, 3, False, ("", 0)),
        (3, None, False, ("", 0)),
        (0.052, 0.04, True, ("1.2 points higher", 1)),
        (0.04, 0.052, True, ("1.2 points lower", -1)),
        (0.04, 0, True, ("4.0 points higher", 1)),
    ],
)
def test_a_change_is_told_in_words_with_its_direction(now, before, is_ratio, told):
    assert words.change(now, before, is_ratio) == told


def test_dates_are_told_once():
    assert words.days(date(2025, 3, 1), date(2025, 3, 1)) == "1 Mar 2025"
    assert words.days(date(2025, 2, 19), date(2025, 3, 20)) == "19 Feb – 20 Mar 2025"
    assert words.days(date(2024, 12, 31), date(2025, 1, 6)) == "31 Dec 2024 – 6 Jan 2025"
    assert words.moment("2025-03-21T06:30:00+00:00") == "21 Mar 2025, 06:30 UTC"


def test_markdown_and_html_in_a_text_are_shown_as_they_are():
    assert words.escaped("<b>*a* [x](y) $5$ :red[z] `k`") == r"\<b\>\*a\* \[x\]\(y\) \$5\$ \:red\[z\] \`k\`"


def test_a_long_title_is_shortened_and_a_short_one_is_not():
    assert words.shortened("The Salt Cartographer", 21) == "The Salt Cartographer"
    assert words.shortened("The Salt Cartographer", 9) == "The Salt…"
