"""A generated shop of 3,000 lines in a database of the test's own, until 30 June 2025, and its rows by plain SQL."""

import io
from contextlib import closing
from datetime import date

import psycopg2
import pytest

from datagen.changes.kinds import Simulation
from datagen.changes.simulate import simulate_days
from datagen.plan import ShopPlan
from datagen.shop import generate_shop
from jobs_config.progress import Progress

PLAN = ShopPlan(sales=3_000, years=2, until=date(2025, 6, 30))
BUSY = Simulation(sales=600, corrections=90, soft_deletes=20, hard_deletes=30, book_changes=10)


@pytest.fixture
def simulated_shop(shop_database, quiet):
    """The connection string; `before_sale` and `before_book` hold what the shop held when it was generated."""
    return make_shop(shop_database, quiet)


@pytest.fixture
def rows(simulated_shop):
    """What one statement gives."""
    return lambda statement: query(simulated_shop, statement)


@pytest.fixture(scope="module")
def busy_day(postgres):
    """A shop with one busy day that nobody changes further: its rows by a statement, and what was said of the day."""
    postgres.create_database("busy_day")
    shop = make_shop(postgres.owner_dsn("busy_day"), Progress(io.StringIO(), terminal=False))
    (done,) = simulate_days(shop, BUSY, Progress(io.StringIO(), terminal=False))
    yield done, lambda statement: query(shop, statement)
    postgres.drop_database("busy_day")


def make_shop(dsn, progress):
    generate_shop(dsn, PLAN, progress)
    query(dsn, "create table before_sale as table sales_sale; create table before_book as table books_book")
    return dsn


def query(dsn, statement):
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("set timezone to 'UTC'")
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
