"""Writing a day's changes, by COPY and one statement per kind."""

import numpy as np
import pyarrow as pa
from psycopg2 import extensions
from psycopg2.extras import execute_values

from datagen.arrays import Ints
from datagen.changes.book_changes import BookChange
from datagen.changes.clock import SimulatedClock
from datagen.changes.day import DayChanges
from datagen.changes.newcomers import newcomers_table
from datagen.changes.read import joined, row_count, taken
from datagen.changes.touched import Touched
from datagen.columns import decimals, instants
from datagen.load import copy_rows
from datagen.names import NamePools
from datagen.sales import Columns, line_columns

NEXT_CUSTOMERS = """
select nextval(pg_get_serial_sequence('sales_customer', 'id')) from generate_series(1, %(count)s)
"""
LAST_ORDER = "select coalesce(max(order_id), 0) from sales_sale"
RATES = "insert into sales_exchange_rate (rate_date, currency, rate_to_reporting) values %s"
PROMOTIONS = "insert into sales_promotion (code, name, starts_on, ends_on, discount_ratio) values %s"
MAKE_CORRECTIONS = """
create temporary table simulated_correction (
    id bigint, sold_at timestamptz, quantity integer, discount_amount numeric(12, 2), tax_amount numeric(12, 2)
) on commit drop
"""
CORRECT = """
update sales_sale
set
    sold_at = simulated_correction.sold_at,
    quantity = simulated_correction.quantity,
    discount_amount = simulated_correction.discount_amount,
    tax_amount = simulated_correction.tax_amount
from simulated_correction
where sales_sale.id = simulated_correction.id
"""
SOFT_DELETE = "update sales_sale set deleted_at = now() where id = any(%(ids)s::bigint[])"
HARD_DELETE = "delete from sales_sale where id = any(%(ids)s::bigint[])"
CHANGE_BOOKS = """
update books_book
set
    title = changed.title,
    list_price = changed.price / 100.0,
    unit_cost = changed.cost / 100.0,
    genre_id = changed.genre_id,
    publisher_id = changed.publisher_id
from (values %s) as changed (id, title, price, cost, genre_id, publisher_id)
where books_book.id = changed.id
"""


def write_day(cursor: extensions.cursor, clock: SimulatedClock, changes: DayChanges, names: NamePools) -> None:
    """All of a day's changes. Rows say by created_at when they came; updated_at is the wall clock's: what a sync reads by."""
    customers = _add_customers(cursor, clock, changes.sales.newcomers, names)
    _add_lines(cursor, changes.sales.lines, changes.returns, customers)
    _touch_lines(cursor, changes.touched)
    _insert(cursor, CHANGE_BOOKS, [_values(change) for change in changes.books])
    _insert(cursor, RATES, [(clock.day, *item) for item in changes.rates.items()])
    _insert(cursor, PROMOTIONS, [tuple(vars(promotion).values()) for promotion in changes.promotions])


def _add_customers(cursor: extensions.cursor, clock: SimulatedClock, newcomers: Columns, names: NamePools) -> Ints:
    """The ids of the new customers."""
    cursor.execute(NEXT_CUSTOMERS, {"count": row_count(newcomers)})
    ids = np.array([key for (key,) in cursor.fetchall()], dtype=np.int64)
    copy_rows(cursor, "sales_customer", [newcomers_table(clock, newcomers, ids, names)], is_new=False)
    return ids


def _add_lines(cursor: extensions.cursor, sales: Columns, returns: Columns, customers: Ints) -> None:
    """Sales and returns in order of arrival, their orders numbered behind those the shop has."""
    cursor.execute(LAST_ORDER)
    (last_order,) = cursor.fetchone() or (0,)
    order_count = int(sales["order"].max(initial=-1)) + 1
    customer = sales["customer"].copy()
    is_new = customer < 0
    customer[is_new] = customers[-1 - customer[is_new]]
    rows = joined(sales | {"customer": customer}, returns | {"order": returns["order"] + order_count})
    rows = taken(rows, np.lexsort((rows["number"], rows["order"], rows["created"])))
    copy_rows(cursor, "sales_sale", [_lines_table(rows, last_order + 1)], is_new=False)


def _lines_table(rows: Columns, first_order: int) -> pa.Table:
    return pa.table(
        {
            "order_id": rows["order"] + first_order,
            **line_columns(rows, rows["country"]),  # currencies and countries have the same order
            "created_at": instants(rows["created"]),
        }
    )


def _touch_lines(cursor: extensions.cursor, touched: Touched) -> None:
    """Correct and delete; a return goes before the line it gives back."""
    cursor.execute(MAKE_CORRECTIONS)
    for lines in touched.corrected.values():
        copy_rows(cursor, "simulated_correction", [_corrections_table(lines)])
    cursor.execute(CORRECT)
    cursor.execute("drop table simulated_correction")
    for statement, ids in (
        (SOFT_DELETE, touched.soft_deleted),
        (HARD_DELETE, touched.returns_of_deleted),
        (HARD_DELETE, touched.hard_deleted),
    ):
        cursor.execute(statement, {"ids": ids.tolist()})


def _corrections_table(lines: Columns) -> pa.Table:
    return pa.table(
        {
            "id": lines["id"],
            "sold_at": instants(lines["sold_at"]),
            "quantity": lines["quantity"],
            "discount_amount": decimals(lines["discount"]),
            "tax_amount": decimals(lines["tax"]),
        }
    )


def _values(change: BookChange) -> tuple[object, ...]:
    return (
        change.after.id,
        change.after.title,
        change.after.price,
        change.after.cost,
        change.after.genre_id,
        change.after.publisher_id,
    )


def _insert(cursor: extensions.cursor, statement: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        execute_values(cursor, statement, rows)
