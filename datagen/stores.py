"""The shop's stores: per country one each for web, app, wholesale and education, and bookstores in its regions."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from datagen.arrays import DAY, HOUR, Flags, Floats, Ints, draw_shares, random_for
from datagen.columns import days, life, row_ids
from datagen.places import (
    CHANNEL_NAMES,
    CHANNELS,
    COUNTRIES,
    COUNTRY_NAMES,
    REGIONS,
    STORE,
    opening_of,
    regions_of_country,
)
from datagen.plan import ShopPlan
from datagen.season import window_days
from datagen.sizes import sizes_of

COUNTRY_SHARES = (0.52, 0.22, 0.13, 0.13)
REMOTE_CHANNELS = tuple(channel for channel in range(len(CHANNELS)) if channel != STORE)
REMOTE_STORES = len(REMOTE_CHANNELS) * len(COUNTRIES)
FLAGSHIPS = len(COUNTRIES)

OPENED_LATER_SHARE = 0.25
CLOSED_SHARE = 0.05
SHORTEST_LIFE_DAYS = 200
LONGEST_LIFE_DAYS = 1500
OLDEST_DAYS = 7000


@dataclass(frozen=True)
class Stores:
    """Stores by position; a row's id is its position plus one.

    Remote ones come first, by channel and country; then a flagship per country that is always open; then the others.
    """

    country: Ints
    channel: Ints
    region_id: Ints
    opened: Ints
    closed: Ints  # the first day without sales
    is_closed: Flags
    weight: Floats
    missing: tuple[tuple[int, int], ...] = ()  # stores and days of which nothing is heard

    def remote(self, channel: Ints, country: Ints) -> Ints:
        """The one store of a channel without bookstores, by country."""
        return np.searchsorted(REMOTE_CHANNELS, channel) * len(COUNTRIES) + country

    def bookstores_of(self, country: int) -> Ints:
        return np.flatnonzero((self.country == country) & (self.channel == STORE))

    def open_or_flagship(self, store: Ints, day: Ints) -> Ints:
        """The store itself if it is open on the day, else the flagship of its country."""
        is_open = (self.opened[store] <= day) & (day < self.closed[store])
        for missing_store, missing_day in self.missing:
            is_open &= (store != missing_store) | (day != missing_day)
        return np.where(is_open, store, REMOTE_STORES + self.country[store])


def make_stores(plan: ShopPlan) -> Stores:
    random = random_for(plan, "sales_store")
    bookstores = sizes_of(plan).bookstores
    first_of_each = np.tile(np.arange(len(COUNTRIES)), len(REMOTE_CHANNELS) + 1)
    country = np.concatenate([first_of_each, draw_shares(random, COUNTRY_SHARES, bookstores - FLAGSHIPS)])
    channel = np.concatenate([np.repeat(REMOTE_CHANNELS, len(COUNTRIES)), np.full(bookstores, STORE)])
    opened, closed, is_closed = _lives(plan, random, len(country))
    return Stores(
        country=country,
        channel=channel,
        region_id=np.where(channel == STORE, region_beneath(random, country), country + 1),
        opened=opened,
        closed=closed,
        is_closed=is_closed,
        weight=random.lognormal(0.0, 0.7, len(country)),
    )


def stores_table(plan: ShopPlan, stores: Stores) -> pa.Table:
    opening = opening_of(plan)
    created = np.maximum((stores.opened - 30) * DAY + 9 * HOUR, opening)
    updated = np.where(stores.is_closed, (stores.closed - 1) * DAY + 20 * HOUR, created)
    return pa.table(
        {
            "id": row_ids(len(stores.country)),
            "code": [_code(stores, n) for n in range(len(stores.country))],
            "name": [_name(stores, n) for n in range(len(stores.country))],
            "region_id": stores.region_id,
            "channel_id": stores.channel + 1,
            "opened_on": days(stores.opened),
            "closed_on": days(stores.closed - 1, missing=~stores.is_closed),
            **life(created, np.maximum(updated, created)),
        }
    )


def _lives(plan: ShopPlan, random: np.random.Generator, count: int) -> tuple[Ints, Ints, Flags]:
    """First day, day after the last one, and whether there is a last one."""
    start, end = window_days(plan)
    may_vary = np.arange(count) >= REMOTE_STORES + FLAGSHIPS
    opens_later = may_vary & (random.random(count) < OPENED_LATER_SHARE)
    long_ago = start - random.integers(1, OLDEST_DAYS, count)
    opened = np.where(opens_later, random.integers(start, end, count), long_ago)
    lifetime = random.integers(SHORTEST_LIFE_DAYS, LONGEST_LIFE_DAYS, count)
    closed = np.maximum(opened, start) + lifetime
    is_closed = may_vary & (random.random(count) < CLOSED_SHARE) & (closed < end)
    return opened, np.where(is_closed, closed, end), is_closed


def region_beneath(random: np.random.Generator, country: Ints) -> Ints:
    """A region beneath each country."""
    of_country = [regions_of_country(n) for n in range(len(COUNTRIES))]
    counts = np.array([len(regions) for regions in of_country])
    starts = np.cumsum(counts) - counts
    chosen = starts[country] + (random.random(len(country)) * counts[country]).astype(np.int64)
    region: Ints = np.concatenate(of_country)[chosen]
    return region


def _code(stores: Stores, position: int) -> str:
    if stores.channel[position] != STORE:
        return f"{COUNTRIES[stores.country[position]]}-{CHANNELS[stores.channel[position]].upper()}"
    return f"{_region(stores, position)[0]}-{position + 1:04d}"


def _name(stores: Stores, position: int) -> str:
    if stores.channel[position] != STORE:
        return f"{CHANNEL_NAMES[stores.channel[position]]} {COUNTRY_NAMES[stores.country[position]]}"
    return f"Bookshop {_region(stores, position)[1]} {position + 1}"


def _region(stores: Stores, position: int) -> tuple[str, str]:
    _, code, name = REGIONS[stores.region_id[position] - len(COUNTRIES) - 1]
    return code, name
