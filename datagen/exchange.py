"""Daily exchange rates: each currency wanders slowly around its usual worth."""

import numpy as np
import pyarrow as pa

from datagen.arrays import DAY, HOUR, Floats, random_for
from datagen.columns import RATE, days, decimals, life, picked, row_ids
from datagen.places import CURRENCIES, PARITY
from datagen.plan import ShopPlan
from datagen.season import window_days

REPORTING_CURRENCY = "USD"
DAYS_BEFORE_FIRST_SALE = 366
DAILY_VOLATILITY = 0.004
# A shock fades by this much per day and is forgotten after a year.
PERSISTENCE = 0.99
MEMORY_DAYS = 366
PUBLISHED_HOUR = 16


def exchange_rates_table(plan: ShopPlan) -> pa.Table:
    """One row per day and currency but the reporting currency, in USD for one unit."""
    start, end = window_days(plan)
    quoted = np.array([n for n, currency in enumerate(CURRENCIES) if currency != REPORTING_CURRENCY])
    calendar = np.arange(start - DAYS_BEFORE_FIRST_SALE, end)
    rates = PARITY[quoted] * np.exp(_wander(plan, len(calendar), len(quoted)))
    rate_day = np.repeat(calendar, len(quoted))
    return pa.table(
        {
            "id": row_ids(rates.size),
            "rate_date": days(rate_day),
            "currency": picked(CURRENCIES, np.tile(quoted, len(calendar))),
            "rate_to_reporting": decimals(np.rint(rates.ravel() * 1e8).astype(np.int64), RATE),
            **life(rate_day * DAY + PUBLISHED_HOUR * HOUR),
        }
    )


def _wander(plan: ShopPlan, day_count: int, currencies: int) -> Floats:
    """Mean-reverting noise, one column per currency: yesterday's shocks fade, today's is added."""
    shocks = random_for(plan, "sales_exchange_rate").normal(0, DAILY_VOLATILITY, (currencies, day_count + MEMORY_DAYS))
    fading = PERSISTENCE ** np.arange(MEMORY_DAYS)
    return np.stack([np.convolve(row, fading, mode="valid")[:day_count] for row in shocks], axis=1)
