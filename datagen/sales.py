"""The rows of sales_sale that arrive in one block of days: sale lines and returns, numbered in order of arrival.

A block is a function of the plan, its number, and the returned lines that earlier blocks have left to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from datagen.amounts import make_amounts, part_of
from datagen.arrays import DAY, Columns, Flags, Ints, instant_of, order_of, random_for
from datagen.blocks import Blocks
from datagen.carried import Carried, packed, unpacked
from datagen.columns import decimals, instants, life, optional, picked
from datagen.demand import Demand
from datagen.gone import kept_ids
from datagen.orders import Counter, is_thin, make_orders
from datagen.places import CURRENCIES
from datagen.plan import ShopPlan
from datagen.return_times import ReturnTimes, return_times, times_of_carried
from datagen.returns import choose_returned, returned_quantity
from datagen.stores import Stores

CHUNK_ROWS = 250_000
KINDS = ("sale", "return")
CORRECTED_SHARE = 0.003
DELETED_SHARE = 0.001
# What a return has of the line that it gives back.
OF_THE_LINE = ("book", "customer", "store", "promotion", "unit_price", "currency")


@dataclass(frozen=True)
class SalesPlan:
    """All that the blocks of a plan's sales are made of."""

    plan: ShopPlan
    demand: Demand
    counter: Counter
    blocks: Blocks


def make_sales(sales: SalesPlan, block: int, carried: Carried) -> Columns:
    """The rows of one block; `original`, `customer` and `promotion` are 0 for none, money is in cents.

    Takes what earlier blocks have left in `carried`, and leaves there what later ones need.
    """
    plan, blocks = sales.plan, sales.blocks
    sold, channel = _sold(sales, block)
    back = _coming_back(sales, block, sold, channel)
    own = {name: values[: blocks.returned[block, block]] for name, values in back.items()}
    own_times, carried_times = _return_times(sales, block, channel[own["line"]], own)
    created = np.concatenate([sold["created"], own_times.created, carried_times.created])
    sequence, ids = order_of(created), kept_ids(plan, blocks, block)
    id_of_row = np.empty(len(ids), dtype=np.int64)
    id_of_row[sequence] = ids
    back["original"] = id_of_row[back["line"]]
    own["original"] = back["original"][: len(own["line"])]
    carried.put(block, packed(back)[len(own["line"]) :], blocks.returned[block, block + 1 :])
    returns = [
        _as_rows(own, own_times, sales.counter.stores),
        _as_rows(unpacked(carried.take(block)), carried_times, sales.counter.stores),
    ]
    rows = {name: np.concatenate([sold[name], *(of_kind[name] for of_kind in returns)])[sequence] for name in sold}
    is_alone = np.ones(len(sequence), dtype=bool)
    is_alone[back["line"]] = False
    is_alone[len(channel) :] = False
    rows["id"] = ids
    rows["order"] = int(blocks.first_id[block]) + np.cumsum(_differs_from_the_last(rows["order"])) - 1
    rows["updated"], rows["is_deleted"] = _changes(plan, block, rows["created"], is_alone[sequence])
    return rows


def _sold(sales: SalesPlan, block: int) -> tuple[Columns, Ints]:
    """The block's sale lines by order, and the channel of each."""
    plan, counter = sales.plan, sales.counter
    first, last = sales.blocks.starts[block : block + 2].tolist()
    count = int(sales.blocks.lines[block])
    lines = sales.demand.draw(random_for(plan, "sales_sale demand", block), first, last, count)
    orders, basket = make_orders(random_for(plan, "sales_sale orders", block), lines, counter, last, is_thin(plan))
    random = random_for(plan, "sales_sale amounts", block)
    amounts = make_amounts(random, orders, basket, counter)
    order = basket.order
    return {
        "order": order,
        "number": basket.number,
        "original": np.zeros(count, dtype=np.int64),
        "book": basket.book + 1,
        "customer": orders.customer[order] + 1,
        "store": orders.store[order] + 1,
        "promotion": orders.promotion[order] + 1,
        "sold_at": orders.sold_at[order],
        "unit_price": amounts.unit_price,
        "quantity": amounts.quantity,
        "discount": amounts.discount,
        "tax": amounts.tax,
        "currency": orders.country[order],  # currencies and countries have the same order
        "created": orders.created[order],
    }, orders.channel[order]


def _coming_back(sales: SalesPlan, block: int, sold: Columns, channel: Ints) -> Columns:
    """The lines that come back, in order of the day when they do: `line` is the position, amounts are what is given back."""
    random, blocks = random_for(sales.plan, "sales_sale returns", block), sales.blocks
    format_ = sales.counter.books.format[sold["book"] - 1]
    arrived_on = sold["created"] // DAY
    line, day = choose_returned(random, arrived_on, channel, format_, blocks.starts, blocks.returned[block])
    whole = sold["quantity"][line]
    quantity = returned_quantity(random, channel[line], whole)
    return {
        **{name: sold[name][line] for name in OF_THE_LINE},
        "line": line,
        "day": day,
        "not_before": sold["created"][line],
        "quantity": quantity,
        "discount": part_of(sold["discount"][line], quantity, whole),
        "tax": part_of(sold["tax"][line], quantity, whole),
    }


def _return_times(sales: SalesPlan, block: int, channel: Ints, own: Columns) -> tuple[ReturnTimes, ReturnTimes]:
    """Times of the returns of the block's own lines, and of those of earlier blocks' lines."""
    random, blocks = random_for(sales.plan, "sales_sale return times", block), sales.blocks
    first, last = blocks.starts[block : block + 2].tolist()
    of_own = return_times(random, channel, own["day"], own["not_before"])
    arrived = sales.demand.arrived[first - sales.demand.start : last - sales.demand.start]
    return of_own, times_of_carried(random, first, arrived, int(blocks.returned[:block, block].sum()))


def _as_rows(returns: Columns, times: ReturnTimes, stores: Stores) -> Columns:
    """Each return is an order of its own, at the store of the sale or the flagship, and never before its line."""
    count = len(returns["book"])
    sold_at = np.maximum(times.sold_at, returns["not_before"])
    store = stores.open_or_flagship(returns["store"] - 1, sold_at // DAY)
    return {name: returns[name] for name in (*OF_THE_LINE, "original")} | {
        "order": -1 - returns["original"],  # apart from the orders of sales, and from each other
        "number": np.ones(count, dtype=np.int64),
        "store": store + 1,
        "sold_at": sold_at,
        "created": times.created,
        **{name: -returns[name] for name in ("quantity", "discount", "tax")},
    }


def _changes(plan: ShopPlan, block: int, created: Ints, is_alone: Flags) -> tuple[Ints, Ints]:
    """Last update and whether it was a soft delete; only lines that no return belongs to are deleted."""
    random, as_of, count = random_for(plan, "sales_sale changes", block), instant_of(plan.as_of), len(created)
    is_deleted = is_alone & (random.random(count) < DELETED_SHARE / max(is_alone.mean(), DELETED_SHARE))
    if block == 0:
        is_deleted[np.flatnonzero(is_alone)[1:2]] = True  # however small the shop, it deleted a line
    is_changed = is_deleted | (random.random(count) < CORRECTED_SHARE)
    updated = created.copy()
    changed = np.flatnonzero(is_changed)
    updated[changed] += (random.random(len(changed)) * (as_of - created[changed])).astype(np.int64)
    return updated, is_deleted.astype(np.int64)


def _differs_from_the_last(order: Ints) -> Flags:
    differs = np.ones(len(order), dtype=bool)
    differs[1:] = order[1:] != order[:-1]
    return differs


def sales_table(rows: Columns) -> Iterator[pa.Table]:
    """The rows in chunks, in order of arrival."""
    for start in range(0, len(rows["id"]), CHUNK_ROWS):
        chunk = {name: values[start : start + CHUNK_ROWS] for name, values in rows.items()}
        yield pa.table(
            {
                "id": chunk["id"],
                "order_id": chunk["order"],
                **line_columns(chunk, chunk["currency"]),
                **life(chunk["created"], chunk["updated"], chunk["is_deleted"].astype(bool)),
            }
        )


def line_columns(rows: Columns, currency: Ints) -> dict[str, pa.Array | Ints]:
    """What a line is, by column of sales_sale: all but its id, its order and when it was recorded."""
    return {
        "line_number": rows["number"],
        "kind": picked(KINDS, (rows["quantity"] < 0).astype(np.int64)),
        "original_sale_id": optional(rows["original"], missing=rows["original"] == 0),
        "book_id": rows["book"],
        "customer_id": optional(rows["customer"], missing=rows["customer"] == 0),
        "store_id": rows["store"],
        "promotion_id": optional(rows["promotion"], missing=rows["promotion"] == 0),
        "sold_at": instants(rows["sold_at"]),
        "unit_price": decimals(rows["unit_price"]),
        "quantity": rows["quantity"],
        "discount_amount": decimals(rows["discount"]),
        "tax_amount": decimals(rows["tax"]),
        "currency": picked(CURRENCIES, currency),
    }
