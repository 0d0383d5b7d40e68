"""All tables of a shop, in the order they are loaded."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from datagen.anomalies import MISSING_SHOP_DAY, Anomaly, make_anomalies
from datagen.authors import Authorship, authors_table, book_authors_table, make_authorship, series_table
from datagen.blocks import BLOCK_LINES, make_blocks
from datagen.books import Books, books_table, make_books
from datagen.carried import CarriedInMemory
from datagen.demand import Demand
from datagen.editions import make_editions
from datagen.exchange import exchange_rates_table
from datagen.genres import genres_table
from datagen.gone import tombstones_table
from datagen.names import make_names
from datagen.orders import Counter
from datagen.people import Buyers, Customers, customers_table, make_customers
from datagen.places import channels_table, regions_table
from datagen.plan import ShopPlan
from datagen.promotions import Promotions, make_promotions, promotions_table
from datagen.publishers import Publishers, make_publishers, publishers_table
from datagen.sales import SalesPlan, make_sales, sales_table
from datagen.stores import Stores, make_stores, stores_table
from datagen.works import Works, make_works, works_table


@dataclass(frozen=True)
class World:
    """The shop before its sales."""

    plan: ShopPlan
    publishers: Publishers
    works: Works
    authorship: Authorship
    books: Books
    stores: Stores
    customers: Customers
    promotions: Promotions
    anomalies: tuple[Anomaly, ...]

    @property
    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """The finished dimension tables, each made as it is asked for."""
        plan, names = self.plan, make_names(self.plan)
        yield "books_publisher", publishers_table(plan, self.publishers)
        yield "books_author", authors_table(plan, names)
        yield "books_genre", genres_table(plan)
        yield "books_series", series_table(plan)
        yield "books_work", works_table(plan, self.works)
        yield "books_book", books_table(plan, self.books, self.works)
        yield "books_book_authors", book_authors_table(self.books.work, self.books.created, self.authorship)
        yield "sales_region", regions_table(plan)
        yield "sales_channel", channels_table(plan)
        yield "sales_store", stores_table(plan, self.stores)
        yield "sales_customer", customers_table(plan, self.customers, names)
        yield "sales_promotion", promotions_table(plan, self.promotions)
        yield "sales_exchange_rate", exchange_rates_table(plan)


def make_world(plan: ShopPlan) -> World:
    publishers = make_publishers(plan)
    works = make_works(plan, publishers)
    authorship = make_authorship(plan, works)
    books = make_books(plan, works, make_editions(plan, works), publishers, authorship)
    stores, customers, promotions = make_stores(plan), make_customers(plan), make_promotions(plan)
    anomalies = make_anomalies(plan, books, stores)
    missing = tuple((anomaly.store, anomaly.first) for anomaly in anomalies if anomaly.kind == MISSING_SHOP_DAY)
    stores = replace(stores, missing=missing)
    return World(plan, publishers, works, authorship, books, stores, customers, promotions, anomalies)


def write_answers(plan: ShopPlan, path: Path) -> None:
    """The answer key of the plan's anomalies."""
    path.write_text(json.dumps([anomaly.answer for anomaly in make_world(plan).anomalies], indent=1) + "\n")


def plan_sales(world: World, block_lines: int = BLOCK_LINES) -> SalesPlan:
    """What the world's sales are made of; made once for all blocks. Blocks of another size make other data."""
    plan = world.plan
    counter = Counter(world.books, world.stores, Buyers(world.customers), world.promotions, world.anomalies)
    demand = Demand(plan, world.books, world.promotions, world.anomalies)
    return SalesPlan(plan, demand, counter, make_blocks(plan, demand.arrived, block_lines))


def sell(sales: SalesPlan) -> Iterator[pa.Table]:
    """The rows of sales_sale in chunks, in order of arrival."""
    carried = CarriedInMemory()
    for block in range(len(sales.blocks)):
        yield from sales_table(make_sales(sales, block, carried))


def shop_tables(plan: ShopPlan) -> Iterator[tuple[str, pa.Table]]:
    """Each table's name and rows, sales_sale in chunks: the whole shop without a database."""
    world = make_world(plan)
    yield from world.tables
    sales = plan_sales(world)
    yield from (("sales_sale", chunk) for chunk in sell(sales))
    yield "etl_tombstone", tombstones_table(plan, sales.blocks)
