"""Late shocks: a prize, a film, a death. A few books sell in a jump long after they came out, and fade slowly."""

from dataclasses import dataclass

import numpy as np

from datagen.arrays import Floats, Ints, random_for
from datagen.books import Books
from datagen.plan import ShopPlan
from datagen.season import window_days

SHOCKED_SHARE = 0.002
EARLIEST_AGE_DAYS = 180
# Height of the jump, in a year's sales per day; it fades by the square root of the days (after Sornette et al.).
LOWEST, HIGHEST = 0.002, 0.008
NEVER = 2**31


@dataclass(frozen=True)
class Shocks:
    """By book: the day of its shock, or NEVER, and the height."""

    day: Ints
    height: Floats


def make_shocks(plan: ShopPlan, books: Books) -> Shocks:
    random = random_for(plan, "shocks")
    start, end = window_days(plan)
    count = len(books.published)
    earliest = np.maximum(books.published + EARLIEST_AGE_DAYS, start)
    day = earliest + (random.random(count) * (end - earliest)).astype(np.int64)
    # Once a year or so: a large catalogue has more of them, a small one none.
    is_shocked = (random.random(count) < SHOCKED_SHARE) & (earliest < end) & ~books.is_deleted
    height = random.uniform(LOWEST, HIGHEST, count)
    return Shocks(np.where(is_shocked, day, NEVER), np.where(is_shocked, height, 0.0))
