"""A generated shop of 3,000 lines in a database of the test's own, until 30 June 2025, and its rows by plain SQL."""

from contextlib import closing
from datetime import date

import psycopg2
import pytest

from datagen.plan import ShopPlan
from datagen.shop import generate_shop

PLAN = ShopPlan(sales=3_000, years=2, until=date(2025, 6, 30))


@pytest.fixture
def simulated_shop(shop_database, quiet):
    """The connection string; `before_sale` and `before_book` hold what the shop held when it was generated."""
    generate_shop(shop_database, PLAN, quiet)
    query(shop_database, "create table before_sale as table sales_sale; create table before_book as table books_book")
    return shop_database


@pytest.fixture
def rows(simulated_shop):
    """What one statement gives."""
    return lambda statement: query(simulated_shop, statement)


def query(dsn, statement):
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("set timezone to 'UTC'")
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
