"""Where the shop sells: countries with their regions, and channels."""

import numpy as np
import pyarrow as pa

from datagen.arrays import DAY, Ints
from datagen.columns import life, optional, picked, row_ids
from datagen.plan import ShopPlan
from datagen.season import window_days

# Countries, and in the same order their currency and its usual worth in USD.
COUNTRIES = ("US", "GB", "CA", "DE")
COUNTRY_NAMES = ("United States", "United Kingdom", "Canada", "Germany")
CURRENCIES = ("USD", "GBP", "CAD", "EUR")
PARITY = np.array([1.0, 1.27, 0.74, 1.08])

REGIONS = (
    (0, "US-NE", "Northeast"),
    (0, "US-MA", "Mid-Atlantic"),
    (0, "US-SE", "Southeast"),
    (0, "US-MW", "Midwest"),
    (0, "US-PL", "Plains"),
    (0, "US-SW", "Southwest"),
    (0, "US-MT", "Mountain"),
    (0, "US-PC", "Pacific"),
    (1, "GB-LN", "London"),
    (1, "GB-SE", "South East"),
    (1, "GB-SW", "South West"),
    (1, "GB-MD", "Midlands"),
    (1, "GB-NO", "North of England"),
    (1, "GB-SC", "Scotland"),
    (1, "GB-WA", "Wales"),
    (1, "GB-NI", "Northern Ireland"),
    (2, "CA-AT", "Atlantic Canada"),
    (2, "CA-QC", "Quebec"),
    (2, "CA-ON", "Ontario"),
    (2, "CA-PR", "Prairies"),
    (2, "CA-BC", "British Columbia"),
    (3, "DE-NO", "Northern Germany"),
    (3, "DE-WE", "Western Germany"),
    (3, "DE-EA", "Eastern Germany"),
    (3, "DE-SO", "Southern Germany"),
    (3, "DE-BE", "Berlin"),
)

CHANNELS = ("web", "app", "store", "wholesale", "education")
CHANNEL_NAMES = ("Web shop", "Mobile app", "Bookstores", "Wholesale", "Schools and colleges")
WEB, APP, STORE, WHOLESALE, EDUCATION = range(5)


def opening_of(plan: ShopPlan) -> int:
    """The instant the shop's database went into service, a year before the first sale."""
    return (window_days(plan)[0] - 366) * DAY


def regions_table(plan: ShopPlan) -> pa.Table:
    country_count = len(COUNTRIES)
    countries = np.array([*range(country_count), *(country for country, _, _ in REGIONS)])
    is_country = np.arange(len(countries)) < country_count
    return pa.table(
        {
            "id": row_ids(len(countries)),
            "code": [*COUNTRIES, *(code for _, code, _ in REGIONS)],
            "name": [*COUNTRY_NAMES, *(name for _, _, name in REGIONS)],
            "country_code": picked(COUNTRIES, countries),
            "parent_id": optional(countries + 1, missing=is_country),
            **life(np.full(len(countries), opening_of(plan))),
        }
    )


def regions_of_country(country: int) -> Ints:
    """Ids of the regions beneath a country."""
    positions = [n for n, (belongs_to, _, _) in enumerate(REGIONS) if belongs_to == country]
    return np.array(positions) + len(COUNTRIES) + 1


def channels_table(plan: ShopPlan) -> pa.Table:
    return pa.table(
        {
            "id": row_ids(len(CHANNELS)),
            "code": list(CHANNELS),
            "name": list(CHANNEL_NAMES),
            **life(np.full(len(CHANNELS), opening_of(plan))),
        }
    )
