"""Earlier lines that a day touches: found by random instants, so that the cost follows the change, not the shop."""

from collections.abc import Callable

import numpy as np
from psycopg2 import extensions

from datagen.arrays import DAY, Columns, Ints
from datagen.changes.clock import SimulatedClock
from datagen.changes.pool import code_lists
from datagen.changes.read import joined, read_columns, row_count, taken

# Drawn again, further back each time, until there are enough.
DRAWS = 9
OVERDRAWN = 2
FEWEST_DRAWN = 100

# Each instant finds the next line; of lines sold at one instant, as those of an order are, any of them.
LINES = """
select
    found.id,
    found.book_id as book,
    found.store_id as store,
    coalesce(found.customer_id, 0) as customer,
    coalesce(found.promotion_id, 0) as promotion,
    (extract(epoch from found.sold_at) * 1000000)::bigint as sold_at,
    (found.unit_price * 100)::bigint as unit_price,
    found.quantity,
    (found.discount_amount * 100)::bigint as discount,
    (found.tax_amount * 100)::bigint as tax,
    array_position(%(currencies)s, found.currency::text) - 1 as country,
    array_position(%(channels)s, sales_channel.code::text) - 1 as channel,
    array_position(%(formats)s, books_book.format::text) - 1 as format,
    books_book.published_on - date '1970-01-01' as published,
    (sales_store.closed_on is null or sales_store.closed_on >= %(day)s)::integer as is_open,
    (exists (select from sales_sale as back where back.original_sale_id = found.id))::integer as is_returned
from unnest(%(instants)s::bigint[]) with ordinality as drawn (instant, place)
cross join lateral (
    select *
    from sales_sale
    where
        sold_at >= timestamptz 'epoch' + drawn.instant * interval '1 microsecond'
        and sold_at < %(day)s::date
        and kind = 'sale'
        and deleted_at is null
        and currency = any(%(currencies)s)
    order by sold_at, (id * 7919 + drawn.instant) %% 1009, id
    limit 1
) as found
inner join books_book on found.book_id = books_book.id
inner join sales_store on found.store_id = sales_store.id
inner join sales_channel on sales_store.channel_id = sales_channel.id
order by drawn.place
"""

DaysBack = Callable[[int, int], Ints]


def draw_lines(cursor: extensions.cursor, clock: SimulatedClock, name: str, count: int, days_back: DaysBack) -> Columns:
    """Up to about `count` live sale lines, each once, in the order they were drawn.

    `days_back(n, reach)` gives n numbers of days before the simulated one; it is asked with a reach of 1, 4, 16 …
    while the days it names hold too few lines.
    """
    random = clock.random(f"{name} instants")
    found = _find(cursor, clock, np.zeros(0, dtype=np.int64))
    for draw in range(DRAWS):
        missing = count - row_count(found)
        if missing <= 0:
            break
        size = missing * OVERDRAWN + FEWEST_DRAWN
        day = np.maximum(clock.number - np.maximum(days_back(size, 4**draw), 1), clock.first_number)
        found = _distinct(joined(found, _find(cursor, clock, day * DAY + random.integers(0, DAY, size))))
    return found


def _find(cursor: extensions.cursor, clock: SimulatedClock, instants: Ints) -> Columns:
    return read_columns(cursor, LINES, {"day": clock.day, "instants": instants.tolist(), **code_lists()})


def _distinct(lines: Columns) -> Columns:
    _, first = np.unique(lines["id"], return_index=True)
    return taken(lines, np.sort(first))
