"""All tables of a shop, in the order they are loaded."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from datagen.amounts import make_amounts
from datagen.authors import authors_table, book_authors_table, make_authorship, series_table
from datagen.books import Books, books_table, make_books
from datagen.demand import draw_lines
from datagen.editions import make_editions
from datagen.exchange import exchange_rates_table
from datagen.genres import genres_table
from datagen.names import make_names
from datagen.orders import make_orders
from datagen.people import Customers, customers_table, make_customers
from datagen.places import channels_table, regions_table
from datagen.plan import ShopPlan
from datagen.promotions import Promotions, make_promotions, promotions_table
from datagen.publishers import make_publishers, publishers_table
from datagen.returns import make_returns
from datagen.sales import Sales, make_sales, sales_table, tombstones_table
from datagen.sizes import sizes_of
from datagen.stores import Stores, make_stores, stores_table
from datagen.works import make_works, works_table


@dataclass(frozen=True)
class World:
    """The shop before its sales: the finished dimension tables, and what sales are drawn from."""

    tables: dict[str, pa.Table]
    books: Books
    stores: Stores
    customers: Customers
    promotions: Promotions


def make_world(plan: ShopPlan) -> World:
    names = make_names(plan)
    publishers = make_publishers(plan)
    works = make_works(plan, publishers)
    books = make_books(plan, works, make_editions(plan, works), publishers)
    stores, customers, promotions = make_stores(plan), make_customers(plan), make_promotions(plan)
    tables = {
        "books_publisher": publishers_table(plan, publishers),
        "books_author": authors_table(plan, names),
        "books_genre": genres_table(plan),
        "books_series": series_table(plan),
        "books_work": works_table(plan, works),
        "books_book": books_table(plan, books, works),
        "books_book_authors": book_authors_table(books, make_authorship(plan, works)),
        "sales_region": regions_table(plan),
        "sales_channel": channels_table(plan),
        "sales_store": stores_table(plan, stores),
        "sales_customer": customers_table(plan, customers, names),
        "sales_promotion": promotions_table(plan, promotions),
        "sales_exchange_rate": exchange_rates_table(plan),
    }
    return World(tables, books, stores, customers, promotions)


def sell(plan: ShopPlan, world: World) -> Sales:
    """The sales and returns of a world."""
    returned = sizes_of(plan).returns
    lines = draw_lines(plan, world.books, plan.sales - returned)
    orders, basket = make_orders(plan, lines, world.books, world.stores, world.customers, world.promotions)
    amounts = make_amounts(plan, orders, basket, world.books, world.promotions)
    returns = make_returns(plan, orders, basket, amounts, world.books, returned)
    return make_sales(plan, orders, basket, amounts, returns, world.stores)


def shop_tables(plan: ShopPlan) -> Iterator[tuple[str, pa.Table]]:
    """Each table's name and rows, sales_sale in chunks: the whole shop without a database."""
    world = make_world(plan)
    yield from world.tables.items()
    sales = sell(plan, world)
    yield from (("sales_sale", chunk) for chunk in sales_table(sales))
    yield "etl_tombstone", tombstones_table(sales)
