"""Faults planted in a shop: the answer key names every row that differs from the same shop without them."""

from collections import namedtuple
from contextlib import closing
from dataclasses import replace
from datetime import date

import psycopg2
import pytest

from datagen.plan import ShopPlan
from datagen.shop import generate_shop, read_mark
from datagen.shop_faults import FAULTS
from jobs_config.errors import ConfigError, RefusedError

PLAN = ShopPlan(sales=3_000, years=1, until=date(2025, 6, 30))
SHARE = 0.05
Planted = namedtuple("Planted", "table key fault column before after")
COLUMNS = sorted({(fault.table, fault.column) for fault in FAULTS})


def planted_in(dsn):
    """The answer key."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select table_name, row_key, fault, column_name, before, after from datagen_fault")
        return [Planted(*row) for row in cursor.fetchall()]


def values(dsn):
    """By table, column and key: the values that faults are planted in."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        found = {}
        for table, column in COLUMNS:
            cursor.execute(f"select id, {column}::text from {table}")
            found |= {(table, column, key): value for key, value in cursor.fetchall()}
    return found


@pytest.fixture(scope="module")
def shops(postgres, quiet_progress):
    """The values of a shop and of the same one with faults, and what was planted."""
    dsns = []
    for name, share in (("whole", 0.0), ("damaged", SHARE)):
        postgres.create_database(name)
        dsns.append(postgres.owner_dsn(name))
        generate_shop(dsns[-1], replace(PLAN, faults=share), quiet_progress)
    assert planted_in(dsns[0]) == []
    yield [values(dsn) for dsn in dsns], planted_in(dsns[1]), dsns[1]
    for name in ("whole", "damaged"):
        postgres.drop_database(name)


def test_the_key_names_every_row_that_differs(shops):
    (whole, damaged), planted, _ = shops

    differing = {place for place, value in whole.items() if damaged[place] != value}

    assert {(fault.table, fault.column, fault.key) for fault in planted} == differing
    assert all(whole[fault.table, fault.column, fault.key] == fault.before for fault in planted)
    assert all(damaged[fault.table, fault.column, fault.key] == fault.after for fault in planted)


def test_every_kind_is_there_as_often_as_was_asked(shops):
    (whole, _), planted, _ = shops
    rows = {table: sum(place[0] == table for place in whole) for table, _ in COLUMNS}
    sales = sum(fault.table == "sales_sale" for fault in planted)

    assert {fault.name for fault in FAULTS} == {fault.fault for fault in planted}
    # Two columns of each sale are looked at.
    assert sales == pytest.approx(rows["sales_sale"] / 2 * SHARE, rel=0.25)
    assert len({(fault.table, fault.key) for fault in planted}) == len(planted)


def test_a_shop_with_faults_is_another_shop(shops, quiet):
    _, _, dsn = shops

    assert read_mark(dsn).is_of(replace(PLAN, faults=SHARE))
    assert not generate_shop(dsn, replace(PLAN, faults=SHARE), quiet).is_new
    with pytest.raises(RefusedError, match=r"holds another generated shop \(sales=3000 .* faults=0\.05 "):
        generate_shop(dsn, PLAN, quiet)


@pytest.mark.parametrize("share", [-0.1, 0.6, float("nan")])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(ConfigError, match=r"from 0 to 0\.5"):
        replace(PLAN, faults=share)
