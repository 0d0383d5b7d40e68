from datetime import UTC, date, datetime

import numpy as np
import pytest

from datagen.arrays import DAY, HOUR
from datagen.changes.clock import SimulatedClock
from datagen.plan import ShopPlan

PLAN = ShopPlan(sales=100, until=date(2025, 6, 30))
START = 20_270 * DAY  # 2025-07-01


def clock(day=date(2025, 7, 1), seed=7, now=datetime(2026, 1, 1, tzinfo=UTC)):
    return SimulatedClock(PLAN, day, seed, now)


def test_a_day_that_is_over_keeps_its_instants():
    instants = np.array([START - DAY, START, START + 5 * HOUR, START + DAY - 1])

    assert clock().squeezed(instants).tolist() == instants.tolist()


def test_instants_of_a_day_that_is_going_on_are_moved_before_now_in_their_order():
    noon = clock(now=datetime(2025, 7, 1, 12, tzinfo=UTC))

    squeezed = noon.squeezed(np.array([START - DAY, START, START + 6 * HOUR, START + 18 * HOUR]))

    assert squeezed.tolist() == [START - DAY, START, START + 3 * HOUR, START + 9 * HOUR]


@pytest.mark.parametrize(
    "other",
    [clock(day=date(2025, 7, 2)), clock(seed=8)],
    ids=["another day", "another seed"],
)
def test_each_day_and_seed_has_random_numbers_of_its_own(other):
    assert clock().random("sales").random() == clock().random("sales").random()
    assert clock().random("sales").random() != other.random("sales").random()
    assert clock().random("sales").random() != clock().random("returns").random()
