"""The newest sale lines: new ones are drawn after them, so that books, stores and buyers sell as they did of late."""

import numpy as np
from psycopg2 import extensions

from datagen.arrays import Columns, Floats
from datagen.changes.clock import SimulatedClock
from datagen.changes.read import read_columns, row_count
from datagen.editions import FORMATS
from datagen.people import SEGMENTS
from datagen.places import CHANNELS, COUNTRIES, CURRENCIES
from datagen.season import weekday_of, weekday_weights
from jobs_config.errors import RefusedError

POOL_LINES = 100_000
# Judgement: a title's sales halve about monthly once its launch is over.
HALF_LIFE_DAYS = 28

# Books, stores and customers that are gone sell no more, though their old lines stay.
POOL = """
with recent as (
    select id, book_id, store_id, customer_id, quantity, sold_at
    from sales_sale
    where kind = 'sale' and deleted_at is null and sold_at < %(day)s::date
    order by sold_at desc, id desc
    limit %(limit)s
)

select
    recent.book_id as book,
    recent.store_id as store,
    recent.quantity,
    recent.sold_at::date - date '1970-01-01' as day,
    coalesce(sales_customer.id, 0) as customer,
    coalesce(sales_customer.region_id, 0) as region,
    coalesce(array_position(%(segments)s, sales_customer.segment::text), 1) - 1 as segment,
    array_position(%(channels)s, sales_channel.code::text) - 1 as channel,
    array_position(%(countries)s, sales_region.country_code::text) - 1 as country,
    array_position(%(formats)s, books_book.format::text) - 1 as format,
    (books_book.list_price * 100)::bigint as price,
    array_position(%(currencies)s, books_book.currency::text) - 1 as currency,
    books_book.published_on - date '1970-01-01' as published,
    sales_store.opened_on - date '1970-01-01' as opened
from recent
inner join books_book on recent.book_id = books_book.id
inner join sales_store on recent.store_id = sales_store.id
inner join sales_channel on sales_store.channel_id = sales_channel.id
inner join sales_region on sales_store.region_id = sales_region.id
left join sales_customer on recent.customer_id = sales_customer.id and sales_customer.deleted_at is null
where
    books_book.deleted_at is null
    and books_book.published_on <= %(day)s
    and books_book.currency = any(%(currencies)s)
    and sales_store.deleted_at is null
    and sales_store.opened_on <= %(day)s
    and (sales_store.closed_on is null or sales_store.closed_on >= %(day)s)
order by recent.sold_at, recent.id
"""


def read_pool(cursor: extensions.cursor, clock: SimulatedClock) -> Columns:
    """Lines to draw after, oldest first; codes are positions in the generator's lists, customer 0 is none.

    Raises RefusedError where the shop has none.
    """
    pool = read_columns(cursor, POOL, {"day": clock.day, "limit": POOL_LINES, **code_lists()})
    if not row_count(pool):
        raise RefusedError(f"the shop holds no sale before {clock.day} of a book and a store that are still there")
    return pool


def code_lists() -> dict[str, object]:
    """The generator's lists of codes, as parameters of queries that turn codes into positions."""
    return {
        "channels": list(CHANNELS),
        "countries": list(COUNTRIES),
        "currencies": list(CURRENCIES),
        "formats": list(FORMATS),
        "segments": list(SEGMENTS),
    }


def pool_totals(pool: Columns, clock: SimulatedClock) -> Floats:
    """Running totals of how likely each line is drawn after: the newer the likelier, and as its channel's weekday is."""
    age = clock.number - pool["day"]
    weekdays, channel = weekday_weights(), pool["channel"]
    today = np.full(len(age), weekday_of(np.array([clock.number]))[0])
    weekday = weekdays[channel, today] / weekdays[channel, weekday_of(pool["day"])]
    totals: Floats = np.cumsum(0.5 ** ((age - age.min()) / HALF_LIFE_DAYS) * weekday)
    return totals
