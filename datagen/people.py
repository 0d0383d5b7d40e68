"""Customers: who they are, when they joined, and who of them buys."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datagen.arrays import DAY, HOUR, SECOND, Flags, Floats, Ints, draw_shares, instant_of, random_for
from datagen.columns import life, picked, row_ids
from datagen.genres import GENRES, TITLE_SHARES
from datagen.names import NamePools, ascii_name
from datagen.places import COUNTRIES, opening_of
from datagen.plan import ShopPlan
from datagen.season import window_days
from datagen.sizes import sizes_of
from datagen.stores import region_beneath

SEGMENTS = ("consumer", "library", "school", "reseller")
SEGMENT_SHARES = (0.90, 0.03, 0.04, 0.03)
# Who buys through a channel: people, institutions (libraries and schools) or resellers.
PEOPLE, INSTITUTIONS, RESELLERS = range(3)
BUYERS_OF_SEGMENT = np.array([PEOPLE, INSTITUTIONS, INSTITUTIONS, RESELLERS])
BUYERS_OF_CHANNEL = np.array((PEOPLE, PEOPLE, PEOPLE, RESELLERS, INSTITUTIONS))
# Orders of people that go to somebody who likes the genre; anybody makes the others.
FAITHFUL_SHARE = 0.6
ANY_TASTE = len(GENRES)
FIRST_SEGMENTS = np.array([0, 2, 3])  # one of each kind per country, so that no channel lacks a buyer
FOUNDERS = len(FIRST_SEGMENTS) * len(COUNTRIES)

COUNTRY_SHARES = (0.55, 0.20, 0.12, 0.13)
EARLY_SHARE = 0.35
CHANGED_SHARE = 0.15
DELETED_SHARE = 0.002
CAPITALISED_SHARE = 0.03
CONSENT_SHARE = 0.45
DOMAINS = ("example.com", "example.org", "example.net")

_Code = TypeVar("_Code", int, Ints)


@dataclass(frozen=True)
class Customers:
    """Customers in the order they joined; a row's id is its position plus one. The taste is the genre they like."""

    country: Ints
    segment: Ints
    taste: Ints
    region_id: Ints
    joined: Ints
    changed: Ints
    is_deleted: Flags
    weight: Floats


class Buyers:
    """Customers in pools, of which those who had joined are drawn for each order; some buy far more than others."""

    def __init__(self, customers: Customers) -> None:
        kind = BUYERS_OF_SEGMENT[customers.segment]
        self._pools: dict[int, _Pool] = {}
        for country, buyers in np.ndindex(len(COUNTRIES), len(FIRST_SEGMENTS)):
            all_of_kind = np.flatnonzero((customers.country == country) & (kind == buyers))
            self._pools[_pool_of(country, buyers, ANY_TASTE)] = _Pool(customers, all_of_kind)
            if buyers == PEOPLE:
                for taste in range(len(GENRES)):
                    of_taste = all_of_kind[customers.taste[all_of_kind] == taste]
                    self._pools[_pool_of(country, buyers, taste)] = _Pool(customers, of_taste)

    def draw(self, random: np.random.Generator, country: Ints, channel: Ints, genre: Ints, at: Ints) -> Ints:
        """A customer for each order, of the right country and kind, who had joined by then."""
        chance = random.random(len(at))
        kind = BUYERS_OF_CHANNEL[channel]
        is_faithful = (kind == PEOPLE) & (random.random(len(at)) < FAITHFUL_SHARE)
        code = _pool_of(country, kind, np.where(is_faithful, genre, ANY_TASTE)).astype(np.int16)
        chosen = np.empty(len(at), dtype=np.int64)
        order = np.argsort(code, kind="stable")
        codes, begins = np.unique(code[order], return_index=True)
        for pool, orders in zip(codes.tolist(), np.split(order, begins[1:]), strict=True):
            drawn = self._pools[pool].draw(chance[orders], at[orders])
            nobody = np.flatnonzero(drawn < 0)
            if len(nobody):
                anybody = self._pools[pool - pool % (ANY_TASTE + 1) + ANY_TASTE]
                drawn[nobody] = anybody.draw(chance[orders[nobody]], at[orders[nobody]])
            chosen[orders] = drawn
        return chosen


class _Pool:
    """Some customers, in the order they joined."""

    def __init__(self, customers: Customers, members: Ints) -> None:
        self._members = members
        self._joined = customers.joined[members]
        self._totals = np.cumsum(customers.weight[members])

    def draw(self, chance: Floats, at: Ints) -> Ints:
        """One of those who had joined by each instant, by weight; -1 where nobody had."""
        if not len(self._members):
            return np.full(len(at), -1)
        known = np.searchsorted(self._joined, at, side="right")
        last = np.maximum(known - 1, 0)
        drawn = np.searchsorted(self._totals, chance * self._totals[last], side="right")
        return np.where(known > 0, self._members[np.minimum(drawn, last)], -1)


def _pool_of(country: _Code, kind: _Code, taste: _Code) -> _Code:
    """The number of the pool of customers of a country, a kind and a taste."""
    return (country * len(FIRST_SEGMENTS) + kind) * (ANY_TASTE + 1) + taste


def make_customers(plan: ShopPlan) -> Customers:
    random = random_for(plan, "sales_customer")
    count = sizes_of(plan).customers
    country = draw_shares(random, COUNTRY_SHARES, count)
    segment = draw_shares(random, SEGMENT_SHARES, count)
    country[:FOUNDERS] = np.tile(np.arange(len(COUNTRIES)), len(FIRST_SEGMENTS))
    segment[:FOUNDERS] = np.repeat(FIRST_SEGMENTS, len(COUNTRIES))
    joined = _joined(plan, random, count)
    is_deleted = _deleted(random, count)
    return Customers(
        country=country,
        segment=segment,
        taste=draw_shares(random, TITLE_SHARES, count),
        region_id=region_beneath(random, country),
        joined=joined,
        changed=_changed(plan, random, joined, is_deleted),
        is_deleted=is_deleted,
        weight=random.lognormal(0.0, 1.0, count),
    )


def customers_table(plan: ShopPlan, customers: Customers, names: NamePools) -> pa.Table:
    random = random_for(plan, "sales_customer names")
    count = len(customers.country)
    first, last = names.draw(random, customers.country)
    return pa.table(
        {
            "id": row_ids(count),
            "email": _emails(random, names, first, last),
            "full_name": pc.binary_join_element_wise(picked(names.first, first), picked(names.last, last), " "),
            "region_id": customers.region_id,
            "segment": picked(SEGMENTS, customers.segment),
            "marketing_consent": pa.array(random.random(count) < CONSENT_SHARE),
            **life(customers.joined, customers.changed, customers.is_deleted),
        }
    )


def _joined(plan: ShopPlan, random: np.random.Generator, count: int) -> Ints:
    opening, (start, end) = opening_of(plan), window_days(plan)
    early = random.random(count) < EARLY_SHARE
    chance = random.random(count)
    before = opening + DAY + chance * (start * DAY - opening - DAY)
    within = (start + chance * (end - start)) * DAY
    joined = np.sort(np.where(early, before, within).astype(np.int64) // SECOND * SECOND)
    joined[:FOUNDERS] = opening + np.arange(FOUNDERS) * SECOND
    return joined


def _deleted(random: np.random.Generator, count: int) -> Flags:
    is_deleted = random.random(count) < DELETED_SHARE
    is_deleted[:FOUNDERS] = False
    is_deleted[-1] = True  # however small the shop, somebody left it
    return is_deleted


def _changed(plan: ShopPlan, random: np.random.Generator, joined: Ints, is_deleted: Flags) -> Ints:
    """The last update: never for most; accounts are closed at night, after the last day with sales."""
    as_of = instant_of(plan.as_of)
    is_changed = random.random(len(joined)) < CHANGED_SHARE
    later = joined + (random.random(len(joined)) * (as_of - joined)).astype(np.int64)
    at_night = as_of - random.integers(SECOND, 2 * HOUR, len(joined))
    return np.where(is_deleted, at_night, np.where(is_changed, later, joined))


def _emails(random: np.random.Generator, names: NamePools, first: Ints, last: Ints) -> pa.Array:
    """Unique by the number at the end; some were typed with capitals."""
    numbers = pa.array(row_ids(len(first))).cast(pa.string())
    local = pc.binary_join_element_wise(
        picked([ascii_name(name) for name in names.first], first),
        picked([ascii_name(name) for name in names.last], last),
        ".",
    )
    domains = picked(DOMAINS, random.integers(0, len(DOMAINS), len(first)))
    lower = pc.binary_join_element_wise(pc.binary_join_element_wise(local, numbers, ""), domains, "@")
    is_capitalised = pa.array(random.random(len(first)) < CAPITALISED_SHARE)
    return pc.if_else(is_capitalised, pc.utf8_title(lower), lower)
