"""A small star schema for tests: 18 books, 7 stores, 15 months of sales, and the lines that numbers go wrong on.

The same numbers every time. `tables()` gives the rows, `publish_star()` writes them as Parquet files, as the lake would
do, and publishes them.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs_config.state import open_state
from warehouse.contract import Contract
from warehouse.ddl import gold_contracts
from warehouse.embedded.publishing import publish
from warehouse.publication import Publication, TableExport

FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2025, 3, 20)
SHOP, LEGACY, RESELLER = "bookstore", "legacy_csv", "reseller_feed"
SEGMENTS = (
    "consumer",
    "consumer",
    "consumer",
    "library",
    "school",
    "consumer",
    "library",
    "consumer",
    "consumer",
    "reseller",
)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
RENAMED_AT = datetime(2024, 9, 1, tzinfo=UTC)
EURO = Decimal("1.0837")
CENT = Decimal("0.01")

Row = dict[str, Any]

PUBLISHERS = [
    (1, "Harbour House", "Harbour House"),
    (2, "Harbour House", "Lantern Press"),
    (3, "Meridian Books", "Meridian Books"),
]
GENRES = [
    (1, "Fiction", "Crime"),
    (2, "Fiction", "Literary"),
    (3, "Fiction", "Fantasy"),
    (4, "Children", "Picture books"),
    (5, "Children", "Middle grade"),
    (6, "Non-fiction", "History"),
    (7, "Non-fiction", "Cookery"),
    (8, "Education", "Textbooks"),
]
REGIONS = [
    (1, "New England", "United States", "US"),
    (2, "West Coast", "United States", "US"),
    (3, "Midwest", "United States", "US"),
    (4, "Scotland", "United Kingdom", "GB"),
    (5, "London", "United Kingdom", "GB"),
    (6, "Bavaria", "Germany", "DE"),
]
EVENTS = {
    date(2024, 11, 29): "Black Friday",
    date(2024, 12, 25): "Christmas Day",
    date(2025, 2, 14): "Valentine's Day",
}
CHANNELS = [(1, "web", "Web shop"), (2, "app", "App"), (3, "store", "Book shops"), (4, "wholesale", "Wholesale")]
# store_key, name, region_key, channel_key, currency, weight
STORES = [
    (1, "bookstore.example", 2, 1, "USD", 30),
    (2, "Bookstore app", 2, 2, "USD", 14),
    (3, "Boston, Newbury Street", 1, 3, "USD", 16),
    (4, "Chicago, The Loop", 3, 3, "USD", 12),
    (5, "Edinburgh, West Port", 4, 3, "USD", 8),
    (6, "London, Charing Cross", 5, 3, "USD", 11),
    (7, "Munich, Isar", 6, 3, "EUR", 9),
]
# book_id, title, authors, publisher_key, genre_key, format, list price, published on, weight
BOOKS = [
    (1, "The Salt Cartographer", "Ines Okafor", 1, 2, "hardcover", "28.00", date(2023, 9, 12), 16),
    (2, "The Salt Cartographer", "Ines Okafor", 1, 2, "ebook", "13.99", date(2023, 9, 12), 8),
    (3, "Murder at Low Water", "Tom Brannigan", 2, 1, "mass_market", "9.99", date(2022, 5, 3), 13),
    (4, "A Fire in the Archive", "Tom Brannigan", 2, 1, "trade_paperback", "17.99", date(2024, 4, 9), 15),
    (5, "Cats & <b>Dogs</b>: *a* $5 [story]_", "Pia Lund; Otis Grey", 3, 4, "board", "8.99", date(2021, 2, 2), 12),
    (6, "The Moon Who Was Late", "Pia Lund", 3, 4, "hardcover", "18.99", date(2024, 10, 1), 11),
    (7, "Nine Doors to Winter", "Rafael Quist", 1, 3, "trade_paperback", "18.99", date(2023, 11, 7), 10),
    (8, "Nine Doors to Winter", "Rafael Quist", 1, 3, "audiobook", "24.50", date(2023, 11, 7), 5),
    (9, "The Ember Crown", "Rafael Quist", 1, 3, "hardcover", "30.00", date(2025, 1, 14), 14),
    (10, "The School Under the Lake", "Greta Amsel", 3, 5, "trade_paperback", "10.99", date(2022, 8, 16), 9),
    (11, "Rivers of the Old World", "Samuel Adeyemi", 1, 6, "hardcover", "35.00", date(2020, 3, 24), 6),
    (12, "Bread, Salt, Time", "Lucia Ferrante", 2, 7, "hardcover", "39.95", date(2023, 10, 17), 9),
    (13, "Weeknight Garden", "Lucia Ferrante", 2, 7, "trade_paperback", "24.95", date(2024, 3, 19), 6),
    (14, "Principles of Measurement", "Hana Novak; Karl Weiss", 3, 8, "trade_paperback", "64.00", date(2019, 8, 6), 4),
    (15, "The Quiet Orchard", "Ines Okafor", 1, 2, "trade_paperback", "16.99", date(2018, 6, 5), 7),
    (16, "Harbour Lights", "Maeve Donnelly", 2, 2, "ebook", "11.99", date(2021, 7, 20), 5),
    (17, "How Small the Stars", "Otis Grey", 3, 5, "hardcover", "17.99", date(2024, 5, 14), 6),
    (18, "Never Sold", "Nobody Yet", 3, 6, "hardcover", "22.00", date(2025, 6, 1), 0),
]
# Book 4 was first sold as another genre, under another title; its second version holds from RENAMED_AT.
FIRST_TITLE, FIRST_GENRE = "Fire in the Archive (proof)", 6
RENAMED_KEY = 104


def tables() -> dict[str, list[Row]]:
    """Every gold table's rows, dimensions and facts."""
    dimensions, sales = _dimensions(), _sales()
    for customer in dimensions["dim_customer"]:
        bought = [line["sale_date"] for line in sales if line["customer_key"] == customer["customer_key"] > 0]
        customer["first_sale_date"] = min(bought, default=None)
    return {**dimensions, "fact_sales": sales}


def empty_tables() -> dict[str, list[Row]]:
    """The same dimensions, and no sale."""
    return {**tables(), "fact_sales": []}


def _dimensions() -> dict[str, list[Row]]:
    member = {"source": SHOP, "is_deleted": False}
    authors = sorted({name for book in BOOKS for name in book[2].split("; ")})
    return {
        "dim_date": [_day(FIRST_DAY + timedelta(days=number)) for number in range(-10, 800)],
        "dim_author": [
            {"author_key": 0, "author": "Unknown", "is_deleted": False},
            *(
                {**member, "author_key": key, "author_id": str(key), "author": name}
                for key, name in enumerate(authors, 1)
            ),
        ],
        "dim_publisher": [
            {"publisher_key": 0, "publisher": "Unknown", "imprint": "Unknown", "is_deleted": False},
            *(
                {**member, "publisher_key": key, "publisher_id": key, "publisher": house, "imprint": imprint}
                for key, house, imprint in PUBLISHERS
            ),
        ],
        "dim_genre": [
            {"genre_key": 0, "genre": "Unknown", "subgenre": "Unknown", "is_deleted": False},
            *(
                {**member, "genre_key": key, "genre_id": key, "genre": genre, "subgenre": subgenre}
                for key, genre, subgenre in GENRES
            ),
        ],
        "dim_region": [
            {"region_key": 0, "region": "Unknown", "country": "Unknown", "is_deleted": False},
            *(
                {
                    **member,
                    "region_key": key,
                    "region_id": key,
                    "region": region,
                    "country": country,
                    "country_code": code,
                }
                for key, region, country, code in REGIONS
            ),
        ],
        "dim_channel": [
            {"channel_key": 0, "channel": "Unknown", "is_deleted": False},
            *(
                {**member, "channel_key": key, "channel_id": key, "code": code, "channel": name}
                for key, code, name in CHANNELS
            ),
        ],
        "dim_store": [
            {"store_key": 0, "store": "Unknown", "region_key": 0, "channel_key": 0, "is_deleted": False},
            *(
                {
                    **member,
                    "store_key": key,
                    "store_id": key,
                    "code": f"S{key}",
                    "store": name,
                    "region_key": region,
                    "channel_key": channel,
                }
                for key, name, region, channel, _, _ in STORES
            ),
        ],
        "dim_promotion": [{"promotion_key": 0, "promotion": "No promotion", "is_deleted": False}],
        "dim_customer": [
            {"customer_key": 0, "region_key": 0, "segment": "unknown", "is_erased": False, "is_deleted": False},
            {"customer_key": -1, "region_key": 0, "segment": "erased", "is_erased": True, "is_deleted": False},
            *(
                {
                    **member,
                    "customer_key": key,
                    "customer_hash": f"{key:064x}",
                    "region_key": 1,
                    "segment": SEGMENTS[key % len(SEGMENTS)],
                    "is_erased": False,
                }
                for key in range(1, 201)
            ),
        ],
        "dim_book": _books(),
        "bridge_book_author": [
            {"source": SHOP, "book_id": book[0], "author_key": authors.index(name) + 1, "position": position}
            for book in BOOKS
            for position, name in enumerate(book[2].split("; "), 1)
        ],
    }


def _day(day: date) -> Row:
    return {
        "date": day,
        "day_of_week": day.isoweekday(),
        "day_name": day.strftime("%A"),
        "week_start": day - timedelta(days=day.isoweekday() % 7),
        "iso_year": day.isocalendar().year,
        "iso_week": day.isocalendar().week,
        "month": day.month,
        "month_name": day.strftime("%B"),
        "month_start": day.replace(day=1),
        "quarter": (day.month + 2) // 3,
        "quarter_start": date(day.year, (day.month + 2) // 3 * 3 - 2, 1),
        "year": day.year,
        "year_start": date(day.year, 1, 1),
        "is_weekend": day.isoweekday() > 5,
        "event": EVENTS.get(day),
    }


def _books() -> list[Row]:
    unknown: Row = {"book_key": 0, "title": "Unknown", "genre_key": 0, "publisher_key": 0, "format": "unknown"}
    always = {"valid_from": EARLIEST, "valid_to": FOREVER, "is_current": True, "is_deleted": False}
    rows = [
        {**unknown, **always, "genre": "Unknown", "subgenre": "Unknown", "publisher": "Unknown", "imprint": "Unknown"}
    ]
    for book in BOOKS:
        version = {**_book(book), **always}
        if book[0] == 4:
            rows.append(
                {**version, **_genre(FIRST_GENRE), "title": FIRST_TITLE, "valid_to": RENAMED_AT, "is_current": False}
            )
            version |= {"book_key": RENAMED_KEY, "valid_from": RENAMED_AT}
        rows.append(version)
    return rows


def _book(book: tuple[Any, ...]) -> Row:
    book_id, title, authors, publisher_key, genre_key, book_format, price, published_on, _ = book
    _, house, imprint = PUBLISHERS[publisher_key - 1]
    return {
        "book_key": book_id,
        "source": SHOP,
        "book_id": book_id,
        "work_id": book_id,
        "isbn13": f"97800000000{book_id:02d}",
        "title": title,
        "author_names": authors,
        "publisher_key": publisher_key,
        "publisher": house,
        "imprint": imprint,
        **_genre(genre_key),
        "format": book_format,
        "list_price": Decimal(price),
        "unit_cost": (Decimal(price) * Decimal("0.42")).quantize(CENT, ROUND_HALF_UP),
        "currency": "USD",
        "published_on": published_on,
    }


def _genre(genre_key: int) -> Row:
    _, genre, subgenre = GENRES[genre_key - 1]
    return {"genre_key": genre_key, "genre": genre, "subgenre": subgenre}


def _sales() -> list[Row]:
    lines = [*_ordinary_sales(), *_awkward_lines()]
    return [{"sale_id": number, **line} for number, line in enumerate(lines, 1)]


def _ordinary_sales() -> Iterable[Row]:
    random = Random(20240101)
    order_id = 0
    for number in range((LAST_DAY - FIRST_DAY).days + 1):
        day = FIRST_DAY + timedelta(days=number)
        for _ in range(int(_demand(day) * (0.7 + 0.6 * random.random()))):
            order_id += 1
            store, customer = _pick(random, STORES), int(random.random() * 240)
            for line_number in range(1, 2 + int(random.random() * 1.8)):
                book = _pick(random, [book for book in BOOKS if book[7] <= day])
                quantity = 1 + int(random.random() ** 6 * 6)
                line = _line(day, book, store, quantity, Decimal("0.10") if random.random() < 0.2 else Decimal(0))
                line |= {
                    "order_id": order_id,
                    "line_number": line_number,
                    "customer_key": customer if customer <= 200 else -1 if customer > 220 else 0,
                }
                yield line
                returned_on = day + timedelta(days=5 + int(random.random() * 25))
                if random.random() < 0.06 and returned_on <= LAST_DAY:
                    yield _returned(line, returned_on)


def _demand(day: date) -> float:
    """Orders of a day: more at weekends, most before Christmas, a little growth."""
    season = {11: 1.35, 12: 2.0, 1: 0.95, 8: 1.15}.get(day.month, 1.0)
    return 4.2 * season * (1.35 if day.isoweekday() > 5 else 1.0) * (1 + (day - FIRST_DAY).days / 1800)


def _pick(random: Random, choices: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """One of the choices by its last field, the weight."""
    mark = random.random() * sum(choice[-1] for choice in choices)
    for choice in choices:
        mark -= choice[-1]
        if mark < 0:
            return choice
    raise AssertionError("weights add up to nothing")


def _awkward_lines() -> list[Row]:
    store, book = STORES[2], BOOKS[0]
    line = _line(date(2025, 3, 15), book, store, 2)
    feed = {"order_id": 1, "line_number": 1}
    unknown = {**line, "book_key": 0, "publisher_key": 0, "genre_key": 0, "is_frontlist": False}
    return [
        {**line, **feed, "source": LEGACY},  # another source's order 1 is another order
        {
            **line,
            **feed,
            "source": RESELLER,
            "in_default_totals": False,
            "quantity": 500,
        },  # counted by the shop already
        {**unknown, "order_id": 900_001, "line_number": 1, "customer_key": 0},
        {
            **_returned(_line(date(2024, 1, 2), BOOKS[10], store, 40), date(2024, 2, 14)),
            "order_id": 900_002,
            "line_number": 1,
        },
    ]


def _line(
    day: date, book: tuple[Any, ...], store: tuple[Any, ...], quantity: int, discount: Decimal = Decimal(0)
) -> Row:
    store_key, _, region_key, channel_key, currency, _ = store
    is_renamed = book[0] == 4 and day >= RENAMED_AT.date()
    price = Decimal(book[6]) if currency == "USD" else (Decimal(book[6]) / EURO).quantize(CENT, ROUND_HALF_UP)
    gross = quantity * price
    cost = quantity * (Decimal(book[6]) * Decimal("0.42")).quantize(CENT, ROUND_HALF_UP)
    amounts = _amounts(gross, (gross * discount).quantize(CENT, ROUND_HALF_UP), cost, currency)
    return {
        "source": SHOP,
        "sale_date": day,
        "sold_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        "book_key": RENAMED_KEY if is_renamed else book[0],
        "publisher_key": book[3],
        "genre_key": FIRST_GENRE if book[0] == 4 and not is_renamed else book[4],
        "region_key": region_key,
        "store_key": store_key,
        "channel_key": channel_key,
        "promotion_key": 0,
        "customer_key": 7,
        "is_return": False,
        "is_frontlist": 0 <= (day - book[7]).days < 365,
        "quantity": quantity,
        "currency": currency,
        "unit_price": price,
        **amounts,
        "in_default_totals": True,
    }


def _amounts(gross: Decimal, discount: Decimal, cost: Decimal, currency: str) -> Row:
    own = {"gross": gross, "discount": discount, "tax": Decimal(0), "cost": cost}
    rate = EURO if currency == "EUR" else Decimal(1)
    reporting = {name: (amount * rate).quantize(CENT, ROUND_HALF_UP) for name, amount in own.items()}
    own["net"], reporting["net"] = own["gross"] - own["discount"], reporting["gross"] - reporting["discount"]
    return {f"{name}_amount": own[name] for name in own} | {
        f"{name}_reporting_amount": reporting[name] for name in reporting
    }


def _returned(line: Row, day: date) -> Row:
    """The whole line taken back on another day: every amount negative."""
    negative = {name: -value for name, value in line.items() if name == "quantity" or name.endswith("_amount")}
    moment = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    return {
        **line,
        **negative,
        "is_return": True,
        "sale_date": day,
        "sold_at": moment,
        "original_sale_date": line["sale_date"],
    }


def write_exports(folder: Path, rows: dict[str, list[Row]]) -> dict[str, TableExport]:
    """One Parquet file per table, typed by its contract, with its true counts and money totals."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        contract.name: _export(folder / f"{contract.name}.parquet", contract, rows[contract.name])
        for contract in gold_contracts()
    }


def _export(file: Path, contract: Contract, rows: list[Row]) -> TableExport:
    names = [name for name in contract.columns if name not in contract.partition_by]
    schema = pa.schema([(name, _arrow_type(contract.columns[name].type)) for name in names])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
    money = [name for name in names if name.endswith("_reporting_amount")]
    sums = {name: f"{sum((row[name] for row in rows), Decimal(0)):.2f}" for name in money} if rows else {}
    return TableExport([str(file)], lake_version=1, row_count=len(rows), sums=sums)


def _arrow_type(lake_type: str) -> pa.DataType:
    if lake_type.startswith("decimal"):
        precision, scale = lake_type.removeprefix("decimal(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    plain = {
        "bigint": pa.int64(),
        "int": pa.int32(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "string": pa.string(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    return plain[lake_type]


def described(run_seq: int) -> Callable[[int, int, date | None, date | None], Publication]:
    """What a run says of its publication: everything fixed but what the warehouse counted."""

    def describe(generation: int, sale_count: int, data_from: date | None, data_through: date | None) -> Publication:
        return Publication(
            generation=generation,
            run_seq=run_seq,
            published_at=datetime(2025, 3, 21, 6, 30, tzinfo=UTC),
            snapshot_at=datetime(2025, 3, 21, 6, 0, tzinfo=UTC),
            data_from=data_from,
            data_through=data_through,
            reporting_currency="USD",
            time_zone="UTC",
            retail_week_start="sunday",
            sale_count=sale_count,
        )

    return describe


def publish_star(
    warehouse: Path, parquet: Path, rows: dict[str, list[Row]] | None = None, run_seq: int = 1
) -> Publication:
    """Publish the small star (or other rows for its tables) as the next generation of the warehouse."""
    exports = write_exports(parquet, tables() if rows is None else rows)
    return publish(warehouse, exports, described(run_seq), ops_rows={}, keep=2, memory_mb=512)


def published_once(folder: Path) -> Path:
    """The warehouse folder of one publication of the small star in the state folder `folder`, made by the first caller."""
    open_state(folder)
    if not (folder / "warehouse" / "CURRENT").exists():
        publish_star(folder / "warehouse", folder / "lake")
    return folder / "warehouse"
