from datetime import date

import numpy as np
import pytest

from datagen.arrays import day_number
from datagen.plan import ShopPlan
from datagen.season import COLLEGE, JUVENILE, TRADE, easter_sunday, on_tuesday, season_weights, weekday_of

YEAR = ShopPlan(sales=10, years=1, until=date(2024, 12, 31))


def weight(kind, month, day):
    return season_weights(YEAR)[kind, (date(2024, month, day) - YEAR.first_day).days]


@pytest.mark.parametrize(
    "easter", [date(1818, 3, 22), date(1981, 4, 19), date(2024, 3, 31), date(2025, 4, 20), date(2038, 4, 25)], ids=str
)
def test_easter_falls_on_the_days_the_almanac_says(easter):
    assert easter_sunday(easter.year) == easter


def test_the_week_before_christmas_is_the_strongest_of_the_trade():
    assert weight(TRADE, 12, 18) == pytest.approx(2.3 * weight(TRADE, 6, 18), rel=0.05)


def test_only_childrens_books_sell_better_before_easter():
    assert weight(JUVENILE, 3, 30) == pytest.approx(1.35 * weight(TRADE, 3, 30))
    assert weight(JUVENILE, 4, 1) == weight(TRADE, 4, 1)


def test_colleges_buy_in_august_and_january_and_not_for_christmas():
    assert weight(COLLEGE, 8, 15) > 2 * weight(COLLEGE, 12, 18)
    assert weight(COLLEGE, 1, 15) > 2 * weight(COLLEGE, 3, 15)


def test_books_appear_on_the_tuesday_on_or_before_a_day():
    days = np.array([day_number(date(2024, 12, day)) for day in (16, 17, 18)])

    assert on_tuesday(days).tolist() == [day_number(date(2024, 12, day)) for day in (10, 17, 17)]


def test_weekdays_count_from_monday_before_and_after_1970():
    assert weekday_of(np.array([day_number(date(1969, 12, 29)), day_number(date(2024, 12, 15))])).tolist() == [0, 6]
