"""Publishers and their imprints."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from datagen.arrays import Floats, Ints, draw_shares, random_for
from datagen.columns import life, optional, picked, row_ids
from datagen.places import COUNTRIES, opening_of
from datagen.plan import ShopPlan
from datagen.sizes import sizes_of
from datagen.titles import make_house_names

COUNTRY_SHARES = (0.60, 0.22, 0.08, 0.10)
HOUSE_SHARE = 0.3
IMPRINT_SHARE = 0.75


@dataclass(frozen=True)
class Publishers:
    """Publishers by position, houses before imprints; a row's id is its position plus one."""

    name: list[str]
    country: Ints
    parent: Ints  # position of the house, -1 for a house or an independent
    weight: Floats


def make_publishers(plan: ShopPlan) -> Publishers:
    random = random_for(plan, "books_publisher")
    count = sizes_of(plan).publishers
    houses = max(round(count * HOUSE_SHARE), len(COUNTRIES))
    country = draw_shares(random, COUNTRY_SHARES, count)
    country[: len(COUNTRIES)] = np.arange(len(COUNTRIES))
    parent = np.full(count, -1)
    parent[houses:] = random.integers(0, houses, count - houses)
    parent[houses + 1 :][random.random(count - houses - 1) >= IMPRINT_SHARE] = -1
    return Publishers(
        name=make_house_names(random, count),
        country=np.where(parent >= 0, country[parent], country),
        parent=parent,
        weight=random.lognormal(0.0, 1.0, count),
    )


def publishers_table(plan: ShopPlan, publishers: Publishers) -> pa.Table:
    count = len(publishers.name)
    return pa.table(
        {
            "id": row_ids(count),
            "name": publishers.name,
            "country_code": picked(COUNTRIES, publishers.country),
            "parent_id": optional(publishers.parent + 1, missing=publishers.parent < 0),
            **life(np.full(count, opening_of(plan))),
        }
    )
