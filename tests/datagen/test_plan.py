from datetime import UTC, date, datetime, timedelta

import pytest

from datagen.plan import ShopPlan, yesterday
from jobs_config.errors import ConfigError


def test_a_plan_ends_yesterday_unless_told():
    assert ShopPlan(sales=10).until == datetime.now(UTC).date() - timedelta(days=1)


def test_the_years_of_a_plan_end_on_its_last_day():
    plan = ShopPlan(sales=10, years=2, until=date(2024, 12, 31))

    assert plan.first_day == date(2023, 1, 1)


def test_a_plan_may_end_on_a_leap_day():
    plan = ShopPlan(sales=10, years=1, until=date(2024, 2, 29))

    assert plan.first_day == date(2023, 3, 1)


def test_a_shop_is_seen_in_the_small_hours_after_its_last_day():
    plan = ShopPlan(sales=10, until=date(2024, 12, 31))

    assert plan.as_of == datetime(2025, 1, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sales": 0}, "sales is 0"),
        ({"sales": 1_000_000_001}, "sales is 1000000001"),
        ({"years": 0}, "years is 0"),
        ({"years": 51}, "years is 51"),
        ({"seed": -1}, "seed is -1"),
        ({"until": yesterday() + timedelta(days=1)}, "a day that is not over"),
        ({"until": date(1910, 1, 1)}, "before 1900"),
    ],
    ids=["no sales", "too many sales", "no years", "too many years", "negative seed", "until today", "long ago"],
)
def test_a_plan_that_no_shop_can_follow_is_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        ShopPlan(**{"sales": 10, **wrong})
