"""When returns are made and when they arrive."""

from dataclasses import dataclass

import numpy as np

from datagen.arrays import DAY, Floats, Ints, draw_weighted
from datagen.arrival import USUAL_DELAY, lateness_curve
from datagen.orders import time_of_day
from datagen.places import STORE


@dataclass(frozen=True)
class ReturnTimes:
    """By return: when it is made, and when its row arrives."""

    sold_at: Ints
    created: Ints


def return_times(random: np.random.Generator, channel: Ints, day: Ints, not_before: Ints) -> ReturnTimes:
    """Times of returns that arrive on these days, at hours when the channel works; none before the given instants."""
    late = draw_weighted(random, np.cumsum(lateness_curve()), len(day))
    sold_at = np.maximum(time_of_day(random, channel, day - late), not_before)
    end = (day + 1) * DAY - 1
    at_once = np.minimum(sold_at + (random.standard_exponential(len(day)) * USUAL_DELAY).astype(np.int64), end)
    created = np.where(late == 0, at_once, day * DAY + random.integers(0, DAY, len(day)))
    in_time = sold_at + (random.random(len(day)) * (end - sold_at)).astype(np.int64)
    return ReturnTimes(sold_at, np.where(created >= sold_at, created, in_time))


def times_of_carried(random: np.random.Generator, first: int, arrived: Floats, count: int) -> ReturnTimes:
    """Times, in order of arrival, for returns of earlier blocks' lines on the days from `first` on, before these are known.

    So the rows of a block are numbered without waiting for any other block.
    """
    day = first + draw_weighted(random, np.cumsum(arrived), count)
    times = return_times(random, np.full(count, STORE), day, np.full(count, first * DAY))
    order = np.argsort(times.created, kind="stable")
    return ReturnTimes(times.sold_at[order], times.created[order])
