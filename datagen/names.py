"""Pools of people's names, one per country, drawn once from Faker with the plan's seed."""

import unicodedata
from dataclasses import dataclass
from itertools import chain

import numpy as np
from faker import Faker

from datagen.arrays import Ints, random_for
from datagen.plan import ShopPlan

# In the order of places.COUNTRIES.
LOCALES = ("en_US", "en_GB", "en_CA", "de_DE")
DRAWS = 800


@dataclass(frozen=True)
class NamePools:
    """First and last names of all countries behind each other; `start` and `count` say where a country's lie."""

    first: list[str]
    first_start: Ints
    first_count: Ints
    last: list[str]
    last_start: Ints
    last_count: Ints

    def draw(self, random: np.random.Generator, country: Ints) -> tuple[Ints, Ints]:
        """Positions of a first and a last name for each country."""
        chance = random.random((2, len(country)))
        first = self.first_start[country] + (chance[0] * self.first_count[country]).astype(np.int64)
        last = self.last_start[country] + (chance[1] * self.last_count[country]).astype(np.int64)
        return first, last


def make_names(plan: ShopPlan) -> NamePools:
    first, last = [], []
    for locale, seed in zip(LOCALES, random_for(plan, "names").integers(0, 2**32, len(LOCALES)), strict=True):
        fake = Faker(locale)
        fake.seed_instance(int(seed))
        first.append(sorted({fake.first_name() for _ in range(DRAWS)}))
        last.append(sorted({fake.last_name() for _ in range(DRAWS)}))
    return NamePools([*chain(*first)], *_spans(first), [*chain(*last)], *_spans(last))


def ascii_name(name: str) -> str:
    """The name as it stands in an e-mail address: letters only, without accents, lower case."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ß", "ss"))
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha())


def _spans(pools: list[list[str]]) -> tuple[Ints, Ints]:
    counts = np.array([len(pool) for pool in pools])
    return np.cumsum(counts) - counts, counts
