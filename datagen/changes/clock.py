"""The day that is simulated: its place in time and its random numbers."""

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from datagen.arrays import DAY, SECOND, Ints, day_number, instant_of
from datagen.plan import ShopPlan


@dataclass(frozen=True)
class SimulatedClock:
    """One business day of one shop. `now` is the wall clock's instant, which no simulated instant passes."""

    plan: ShopPlan
    day: date
    seed: int
    now: datetime

    @property
    def number(self) -> int:
        return day_number(self.day)

    @property
    def first_number(self) -> int:
        """The first day the shop sold on."""
        return day_number(self.plan.first_day)

    @property
    def start(self) -> int:
        return self.number * DAY

    @property
    def end(self) -> int:
        """The instant after the last one of the day, or now on a day that is still going on."""
        return min(self.start + DAY, max(instant_of(self.now.astimezone(UTC)), self.start + SECOND))

    def squeezed(self, instants: Ints) -> Ints:
        """Instants of this day moved into what is over of it, in the same order; those of earlier days stay."""
        into_day = np.clip(instants - self.start, 0, DAY - 1)
        moved = self.start + (into_day * ((self.end - self.start) / DAY)).astype(np.int64)
        return np.where(instants < self.start, instants, moved)

    def random(self, name: str) -> np.random.Generator:
        """The random numbers of one step of this day: a child of seed and day, so that no step disturbs another."""
        key = (self.number, zlib.crc32(name.encode()))
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))
