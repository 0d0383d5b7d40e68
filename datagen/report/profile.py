"""What a generated shop looks like: counts over all its rows, gathered in one pass and in constant memory."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from datagen.arrays import DAY as DAY_MICROS
from datagen.arrays import Columns, Ints
from datagen.arrival import MOST_DAYS_LATE
from datagen.editions import FORMATS
from datagen.places import CHANNELS
from datagen.plan import ShopPlan
from datagen.report.reading import DAY, INSTANT, MONEY, TEXT, WHOLE, GeneratedTables, ints
from datagen.season import weekday_of, window_days
from jobs_config.errors import RefusedError

FRONTLIST_DAYS = 365
LAUNCH_WEEKS = 52
SALES_COLUMNS = {
    "id": WHOLE, "order_id": WHOLE, "book_id": WHOLE, "customer_id": WHOLE, "store_id": WHOLE, "original_sale_id": WHOLE,
    "sold_at": INSTANT, "created_at": INSTANT, "unit_price": MONEY, "quantity": WHOLE,
}  # fmt: skip
BOOK_COLUMNS = {"id": WHOLE, "work_id": WHOLE, "format": TEXT, "published_on": DAY, "isbn13": TEXT}


@dataclass
class Profile:
    """Counts of sale lines and units; arrays by position in CHANNELS, FORMATS, weekdays from Monday, days of the plan."""

    rows: int = 0
    returns: int = 0
    orders: int = 0
    ids_ascend: bool = True
    impossible_lines: int = 0  # sold before the book came out, or recorded before they were sold
    valid_isbns: int = 0
    books: int = 0
    units_by_work: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    frontlist_units: int = 0
    units_by_launch_week: Ints = field(default_factory=lambda: np.zeros(LAUNCH_WEEKS, dtype=np.int64))
    units_by_day: Ints = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))  # and channel
    sold: Ints = field(default_factory=lambda: np.zeros((len(CHANNELS), len(FORMATS)), dtype=np.int64))
    returned: Ints = field(default_factory=lambda: np.zeros((len(CHANNELS), len(FORMATS)), dtype=np.int64))
    lines_by_weekday: Ints = field(default_factory=lambda: np.zeros((len(CHANNELS), 7), dtype=np.int64))
    lines_by_days_late: Ints = field(default_factory=lambda: np.zeros(MOST_DAYS_LATE + 1, dtype=np.int64))
    retail_lines: int = 0
    retail_lines_with_usual_ending: int = 0
    orders_by_customer: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def units(self) -> int:
        return int(self.sold.sum())


@dataclass(frozen=True)
class _Books:
    """By id, from 0 on: position of the format, work, day of publication."""

    format: Ints
    work: Ints
    published: Ints


def profile_of(plan: ShopPlan, tables: GeneratedTables) -> Profile:
    """Read a shop back. Ids of books, stores and customers are taken to be dense, as the generator makes them."""
    start, end = window_days(plan)
    profile = Profile(units_by_day=np.zeros((end - start, len(CHANNELS)), dtype=np.int64))
    books = _read_books(tables, profile)
    channel = _by_id(tables, "sales_store", "channel_id") - 1
    customers = sum(piece.num_rows for piece in tables.pieces("sales_customer", {"id": WHOLE}))
    profile.orders_by_customer = np.zeros(customers + 1, dtype=np.int64)
    profile.units_by_work = np.zeros(int(books.work.max()) + 1, dtype=np.int64)
    last_id, last_order = 0, 0
    for piece in tables.pieces("sales_sale", SALES_COLUMNS):
        rows = {name: ints(piece, name) for name in SALES_COLUMNS}
        profile.ids_ascend &= bool((np.diff(rows["id"], prepend=last_id) > 0).all())
        _add(profile, rows, books, channel, start, last_order)
        last_id, last_order = int(rows["id"][-1]), int(rows["order_id"][-1])
    return profile


def _add(profile: Profile, rows: Columns, books: _Books, channel: Ints, start: int, last_order: int) -> None:
    is_sale = rows["quantity"] > 0
    if int(rows["sold_at"].max()) // DAY_MICROS - start >= len(profile.units_by_day):
        raise RefusedError(
            "the shop went on after it was generated: it has sales after the plan's last day, so its shape is its own"
        )
    profile.rows += len(is_sale)
    profile.returns += int((~is_sale).sum())
    cell = channel[rows["store_id"]] * len(FORMATS) + books.format[rows["book_id"]]
    profile.returned -= _summed(cell[~is_sale], rows["quantity"][~is_sale], profile.returned.shape)
    begins = is_sale & (np.diff(rows["order_id"], prepend=last_order) != 0)
    profile.orders += int(begins.sum())
    profile.orders_by_customer += np.bincount(rows["customer_id"][begins], minlength=len(profile.orders_by_customer))
    _add_sales(profile, {name: values[is_sale] for name, values in rows.items()}, cell[is_sale], books, channel, start)


def _add_sales(profile: Profile, rows: Columns, cell: Ints, books: _Books, channel: Ints, start: int) -> None:
    book, quantity, of_channel = rows["book_id"], rows["quantity"], channel[rows["store_id"]]
    day = rows["sold_at"] // DAY_MICROS
    age = day - books.published[book]
    late = np.clip(rows["created_at"] // DAY_MICROS - day, 0, MOST_DAYS_LATE)
    profile.impossible_lines += int(((age < 0) | (rows["created_at"] < rows["sold_at"])).sum())
    profile.sold += _summed(cell, quantity, profile.sold.shape)
    profile.units_by_work += _summed(books.work[book], quantity, profile.units_by_work.shape)
    profile.frontlist_units += int(quantity[age < FRONTLIST_DAYS].sum())
    in_launch = (age >= 0) & (age < LAUNCH_WEEKS * 7)
    profile.units_by_launch_week += _summed(age[in_launch] // 7, quantity[in_launch], (LAUNCH_WEEKS,))
    day_cell = (day - start) * len(CHANNELS) + of_channel
    profile.units_by_day += _summed(day_cell, quantity, profile.units_by_day.shape)
    weekday_cell = of_channel * 7 + weekday_of(day)
    profile.lines_by_weekday += np.bincount(weekday_cell, minlength=len(CHANNELS) * 7).reshape(len(CHANNELS), 7)
    profile.lines_by_days_late += np.bincount(late, minlength=MOST_DAYS_LATE + 1)
    is_retail = of_channel != CHANNELS.index("wholesale")
    profile.retail_lines += int(is_retail.sum())
    profile.retail_lines_with_usual_ending += int(np.isin(rows["unit_price"][is_retail] % 100, (95, 99)).sum())


def _read_books(tables: GeneratedTables, profile: Profile) -> _Books:
    books = pa.concat_tables(tables.pieces("books_book", BOOK_COLUMNS)).sort_by("id")
    digits = np.array([[int(digit) for digit in isbn] for isbn in books.column("isbn13").to_pylist()])
    weights = np.array([1, 3] * 6 + [1])
    profile.books, profile.valid_isbns = len(digits), int(((digits * weights).sum(axis=1) % 10 == 0).sum())
    codes = {name: code for code, name in enumerate(FORMATS)}
    format_ = np.array([codes[name] for name in books.column("format").to_pylist()])
    published = ints(books, "published_on")
    return _Books(*(np.insert(values, 0, 0) for values in (format_, ints(books, "work_id"), published)))


def _by_id(tables: GeneratedTables, table: str, column: str) -> Ints:
    rows = pa.concat_tables(tables.pieces(table, {"id": WHOLE, column: WHOLE})).sort_by("id")
    return np.insert(ints(rows, column), 0, 0)


def _summed(cell: Ints, values: Ints, shape: tuple[int, ...]) -> Ints:
    """Values added up by cell, in the shape of the cells."""
    return np.bincount(cell, values, minlength=int(np.prod(shape))).astype(np.int64).reshape(shape)
