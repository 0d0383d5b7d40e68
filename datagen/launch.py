"""Sales of a book by its age: a launch that peaks in the third week, and a backlist that sells evenly ever after."""

from math import erf, log, sqrt

import numpy as np

from datagen.arrays import Floats, Ints

# A lognormal density in weeks, whose mode is 2.4 weeks and which ends within a year (fitted to Yucesoy et al., EPJ Data Science 2018).
LAUNCH_MEDIAN_DAYS = 8 * 7
LAUNCH_SIGMA = 1.1
LAUNCH_DAYS = 10 * 365
BACKLIST_PER_DAY = 0.135 / 365  # share of the first year's sales; leaves frontlist near a third of all units


def sales_by_age(days: Ints) -> Floats:
    """Sales on one day, so many days after publication, as a share of the first year's; none before it."""
    return np.where(days >= 0, _CURVE[np.clip(days, 0, LAUNCH_DAYS)], 0.0)


def _launched(days: int) -> float:
    """Share of the launch that is over after so many days."""
    return (1 + erf(log(days / LAUNCH_MEDIAN_DAYS) / LAUNCH_SIGMA / sqrt(2))) / 2 if days else 0.0


# The last entry holds ever after.
_CURVE: Floats = np.append(np.diff([_launched(days) for days in range(LAUNCH_DAYS + 1)]), 0.0) + BACKLIST_PER_DAY
