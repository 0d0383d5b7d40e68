"""Sale lines and returns as rows of sales_sale, numbered in order of arrival."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from datagen.amounts import Amounts
from datagen.arrays import DAY, Flags, Ints, instant_of, random_for
from datagen.arrival import arrival
from datagen.columns import decimals, instants, life, optional, picked, row_ids
from datagen.orders import Basket, Orders
from datagen.places import CURRENCIES
from datagen.plan import ShopPlan
from datagen.returns import Returns
from datagen.sizes import sizes_of
from datagen.stores import Stores

CHUNK_ROWS = 250_000
KINDS = ("sale", "return")
CORRECTED_SHARE = 0.003
DELETED_SHARE = 0.001

Columns = dict[str, Ints]


@dataclass(frozen=True)
class Sales:
    """All rows of sales_sale by arrival, and the ids of those that were deleted for good before."""

    columns: Columns  # `original`, `customer` and `promotion` are 0 for none; money in cents
    lost_ids: Ints
    lost_at: Ints


def make_sales(
    plan: ShopPlan, orders: Orders, basket: Basket, amounts: Amounts, returns: Returns, stores: Stores
) -> Sales:
    random = random_for(plan, "sales_sale arrival")
    sold = _sale_rows(plan, random, orders, basket, amounts)
    given_back = _return_rows(plan, orders, basket, returns, stores, sold)
    rows = {name: np.concatenate([sold[name], given_back[name]]) for name in sold}
    is_alone = np.ones(len(rows["order"]), dtype=bool)
    is_alone[: len(sold["order"])][returns.line] = False
    is_alone[len(sold["order"]) :] = False
    rows["updated"], rows["is_deleted"] = _changes(plan, random, rows["created"], is_alone)
    return _numbered(plan, random, rows)


def sales_table(sales: Sales) -> Iterator[pa.Table]:
    """The rows in chunks, in order of arrival."""
    for start in range(0, len(sales.columns["id"]), CHUNK_ROWS):
        rows = {name: values[start : start + CHUNK_ROWS] for name, values in sales.columns.items()}
        yield pa.table(
            {
                "id": rows["id"],
                "order_id": rows["order"],
                **line_columns(rows, rows["currency"]),
                **life(rows["created"], rows["updated"], rows["is_deleted"].astype(bool)),
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


def tombstones_table(sales: Sales) -> pa.Table:
    """What the delete trigger left of rows that the shop had before it is first seen."""
    return pa.table(
        {
            "id": row_ids(len(sales.lost_ids)),
            "table_name": picked(("sales_sale",), np.zeros(len(sales.lost_ids), dtype=np.int64)),
            "row_key": sales.lost_ids,
            "created_at": instants(sales.lost_at),
            "updated_at": instants(sales.lost_at),
            "deleted_at": instants(sales.lost_at),
        }
    )


def _sale_rows(
    plan: ShopPlan, random: np.random.Generator, orders: Orders, basket: Basket, amounts: Amounts
) -> Columns:
    order = basket.order
    return {
        "order": order,
        "number": basket.number,
        "original": np.zeros(len(order), dtype=np.int64),
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
        "created": arrival(plan, random, orders.sold_at, orders.sold_at)[order],
    }


def _return_rows(
    plan: ShopPlan,
    orders: Orders,
    basket: Basket,
    returns: Returns,
    stores: Stores,
    sold: Columns,
) -> Columns:
    """Each return is an order of its own, at the store of the sale, and arrives after the line it gives back."""
    random = random_for(plan, "sales_sale return arrival")
    line, count = returns.line, len(returns.line)
    rows = {name: values[line] for name, values in sold.items()}
    store = stores.open_or_flagship(orders.store[basket.order[line]], returns.sold_at // DAY)
    return rows | {
        "order": len(orders.sold_at) + np.arange(count),
        "number": np.ones(count, dtype=np.int64),
        "original": line + 1,
        "store": store + 1,
        "sold_at": returns.sold_at,
        "quantity": -returns.quantity,
        "discount": -returns.discount,
        "tax": -returns.tax,
        "created": arrival(plan, random, returns.sold_at, not_before=sold["created"][line]),
    }


def _changes(plan: ShopPlan, random: np.random.Generator, created: Ints, is_alone: Flags) -> tuple[Ints, Ints]:
    """Last update and whether it was a soft delete; only lines that no return belongs to are deleted."""
    as_of, count = instant_of(plan.as_of), len(created)
    is_deleted = is_alone & (random.random(count) < DELETED_SHARE / is_alone.mean())
    is_deleted[np.flatnonzero(is_alone)[1:2]] = True  # however small the shop, it deleted a line
    is_changed = is_deleted | (random.random(count) < CORRECTED_SHARE)
    later = created + (random.random(count) * (as_of - created)).astype(np.int64)
    return np.where(is_changed, later, created), is_deleted.astype(np.int64)


def _numbered(plan: ShopPlan, random: np.random.Generator, rows: Columns) -> Sales:
    """Ids and order numbers by arrival; some ids are missing, as their rows were deleted for good."""
    sequence = np.lexsort((rows["number"], rows["order"], rows["created"]))
    count, lost = len(sequence), sizes_of(plan).tombstones
    is_lost = np.zeros(count + lost, dtype=bool)
    is_lost[random.choice(count + lost, lost, replace=False)] = True
    ids = row_ids(count + lost)
    id_of_row = np.zeros(count + 1, dtype=np.int64)  # 0 stays 0: no original
    id_of_row[sequence + 1] = ids[~is_lost]
    ordered = {name: values[sequence] for name, values in rows.items()}
    ordered["id"] = ids[~is_lost]
    ordered["original"] = id_of_row[ordered["original"]]
    ordered["order"] = np.cumsum(np.diff(ordered["order"], prepend=-1) != 0)
    seen = ordered["created"][np.minimum(np.flatnonzero(is_lost), count - 1)]
    lost_at = seen + (random.random(lost) * (instant_of(plan.as_of) - seen)).astype(np.int64)
    return Sales(ordered, ids[is_lost], lost_at)
