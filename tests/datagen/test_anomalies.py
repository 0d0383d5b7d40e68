"""Planted anomalies happen, where and when the answer key says, and nowhere else."""

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from datagen.anomalies import DEMAND_SPIKE, MISSING_SHOP_DAY, PRICE_ERROR, QUIET_DAYS, STOCK_OUT
from datagen.carried import CarriedInMemory
from datagen.plan import ShopPlan
from datagen.sales import make_sales
from datagen.season import window_days
from datagen.shop import generate_shop, read_mark
from datagen.world import make_world, plan_sales
from jobs_config.errors import ConfigError

PLAN = ShopPlan(sales=300_000, years=1, until=date(2025, 6, 30), anomalies=12)
DAY = 24 * 3600 * 1_000_000


@pytest.fixture(scope="module")
def world():
    return make_world(PLAN)


@pytest.fixture(scope="module")
def rows(world):
    return make_sales(plan_sales(world), 0, CarriedInMemory())


@pytest.fixture(scope="module")
def quiet_rows():
    """The same shop without them."""
    return make_sales(plan_sales(make_world(replace(PLAN, anomalies=0))), 0, CarriedInMemory())


def of_kind(world, kind):
    return [anomaly for anomaly in world.anomalies if anomaly.kind == kind]


def lines_by_day(rows, book):
    """Sale lines of a book on each day of the plan."""
    start, end = window_days(PLAN)
    is_of_book = (rows["book"] == book + 1) & (rows["quantity"] > 0)
    return np.bincount(rows["sold_at"][is_of_book] // DAY - start, minlength=end - start)


def test_the_kinds_take_turns_and_lie_well_within_the_plan(world):
    start, end = window_days(PLAN)

    assert set(Counter(anomaly.kind for anomaly in world.anomalies).values()) == {3}
    assert all(start + QUIET_DAYS <= anomaly.first <= anomaly.last < end for anomaly in world.anomalies)
    assert len({anomaly.book for anomaly in world.anomalies if anomaly.book >= 0}) == 9


def test_a_book_that_is_out_of_stock_sells_nothing_and_sold_before(world, rows):
    for anomaly in of_kind(world, STOCK_OUT):
        by_day = lines_by_day(rows, anomaly.book)
        first, last = anomaly.first - window_days(PLAN)[0], anomaly.last - window_days(PLAN)[0]

        assert by_day[first : last + 1].sum() == 0
        assert by_day[first - 28 : first].sum() > 0


def test_a_spike_is_many_times_an_ordinary_day(world, rows):
    for anomaly in of_kind(world, DEMAND_SPIKE):
        by_day = lines_by_day(rows, anomaly.book)
        at = anomaly.first - window_days(PLAN)[0]

        assert by_day[at] > 5 * max(by_day[at - 14 : at].mean(), by_day[at + 1 : at + 15].mean())


def test_a_wrong_price_is_a_tenth_for_its_days_alone(world, rows):
    lowest = {}
    for anomaly in of_kind(world, PRICE_ERROR):
        list_price = world.books.list_price[anomaly.book]
        is_of_book = (rows["book"] == anomaly.book + 1) & (rows["quantity"] > 0)
        day = rows["sold_at"] // DAY
        is_wrong = is_of_book & (day >= anomaly.first) & (day <= anomaly.last)
        lowest[anomaly.book] = is_wrong.sum()

        assert (rows["unit_price"][is_wrong] < list_price / 5).all()
        assert (rows["unit_price"][is_of_book & ~is_wrong] > list_price / 3).all()
    assert sum(lowest.values()) > 0


def test_a_store_is_silent_on_the_day_that_is_missing_and_only_then(world, rows):
    for anomaly in of_kind(world, MISSING_SHOP_DAY):
        days = rows["sold_at"][rows["store"] == anomaly.store + 1] // DAY

        assert anomaly.first not in days
        assert np.isin([anomaly.first - 1, anomaly.first + 1], days).any()


def test_answers_name_rows_of_the_shop(world):
    first = world.anomalies[0]
    store = of_kind(world, MISSING_SHOP_DAY)[0]

    assert first.answer == {
        "kind": "stock_out",
        "first_day": str(date.fromordinal(date(1970, 1, 1).toordinal() + first.first)),
        "last_day": str(date.fromordinal(date(1970, 1, 1).toordinal() + first.last)),
        "book_id": first.book + 1,
    }
    assert store.answer["store_id"] == store.store + 1


def test_without_anomalies_nothing_is_planted(quiet_rows, rows):
    assert make_world(replace(PLAN, anomalies=0)).anomalies == ()
    assert len(quiet_rows["id"]) == len(rows["id"])
    assert not np.array_equal(quiet_rows["book"], rows["book"])


@pytest.mark.parametrize("wrong", [-1, 401])
def test_an_impossible_number_of_anomalies_is_refused(wrong):
    with pytest.raises(ConfigError, match="anomalies is"):
        replace(PLAN, anomalies=wrong)


def test_a_shop_with_anomalies_is_another_than_one_without(shop_database, quiet):
    small = ShopPlan(sales=500, years=1, until=date(2025, 6, 30), anomalies=4)
    generate_shop(shop_database, small, quiet)

    mark = read_mark(shop_database)

    assert mark.anomalies == 4
    assert mark.is_of(small)
    assert not mark.is_of(replace(small, anomalies=0))
