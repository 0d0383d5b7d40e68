"""What a day brings by itself: its exchange rates, and promotions that are announced."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from psycopg2 import extensions

from datagen.arrays import day_number
from datagen.changes.clock import SimulatedClock
from datagen.changes.read import read_columns
from datagen.exchange import DAILY_VOLATILITY, PERSISTENCE
from datagen.places import CURRENCIES, PARITY
from datagen.promotions import ANNOUNCED_DAYS_AHEAD, DISCOUNT_STEPS, EVENTS, SHIFT_DAYS, Promotions

LATEST_RATES = """
select distinct on (currency) currency, rate_to_reporting, rate_date = %(day)s as is_there
from sales_exchange_rate
where rate_date <= %(day)s
order by currency, rate_date desc
"""
PROMOTIONS = """
select
    id,
    starts_on - date '1970-01-01' as starts,
    ends_on - date '1970-01-01' as ends,
    (discount_ratio * 100)::bigint as percent
from sales_promotion
where deleted_at is null
order by starts_on, id
"""
PROMOTION_CODES = "select code from sales_promotion"


@dataclass(frozen=True)
class NewPromotion:
    """A promotion to come, as in sales_promotion."""

    code: str
    name: str
    starts_on: date
    ends_on: date
    discount_ratio: Decimal


def new_rates(cursor: extensions.cursor, clock: SimulatedClock) -> dict[str, Decimal]:
    """The day's rate of each quoted currency that has none yet: yesterday's, a shock, and a pull to its usual worth."""
    random = clock.random("exchange rates")
    cursor.execute(LATEST_RATES, {"day": clock.day})
    latest = cursor.fetchall()
    shocks = random.normal(0, DAILY_VOLATILITY, len(latest))
    usual = dict(zip(CURRENCIES, PARITY.tolist(), strict=True))
    rates = {}
    for (currency, rate, is_there), shock in zip(latest, shocks.tolist(), strict=True):
        parity = usual.get(currency, float(rate))
        if not is_there:
            rates[currency] = Decimal(str(round(parity * (float(rate) / parity) ** PERSISTENCE * np.exp(shock), 8)))
    return rates


def read_promotions(cursor: extensions.cursor) -> tuple[Promotions, list[int]]:
    """The promotions that the shop holds, and their ids, in order of their start."""
    found = read_columns(cursor, PROMOTIONS, {})
    ids: list[int] = found["id"].tolist()
    return Promotions([str(key) for key in ids], found["starts"], found["ends"], found["percent"]), ids


def new_promotions(cursor: extensions.cursor, clock: SimulatedClock) -> list[NewPromotion]:
    """Those of the yearly promotions that begin within the next month and are not known yet; lines use them from tomorrow."""
    cursor.execute(PROMOTION_CODES)
    known = {code for (code,) in cursor.fetchall()}
    coming = [promotion for year in (clock.day.year, clock.day.year + 1) for promotion in _of_year(clock, year)]
    horizon = clock.number + ANNOUNCED_DAYS_AHEAD
    return [
        promotion
        for promotion in coming
        if clock.number <= day_number(promotion.starts_on) <= horizon and promotion.code not in known
    ]


def _of_year(clock: SimulatedClock, year: int) -> list[NewPromotion]:
    """A year's promotions: the same on whichever day they are looked at."""
    random = np.random.default_rng(np.random.SeedSequence(clock.seed, spawn_key=(year,)))
    shifts = random.integers(-SHIFT_DAYS, SHIFT_DAYS + 1, len(EVENTS)).tolist()
    steps = random.choice(DISCOUNT_STEPS, len(EVENTS)).tolist()
    promotions = []
    for (name, month, day, length, percent), shift, step in zip(EVENTS, shifts, steps, strict=True):
        starts_on = date(year, month, day) + timedelta(days=shift)
        title = f"{name} {year}"
        promotions.append(
            NewPromotion(
                title.upper().replace(" ", "-"),
                title,
                starts_on,
                starts_on + timedelta(days=length - 1),
                Decimal(percent + step) / 100,
            )
        )
    return promotions
