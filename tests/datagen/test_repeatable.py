import hashlib
from dataclasses import replace
from datetime import date

import pytest

from datagen.load import csv_of
from datagen.plan import ShopPlan
from datagen.world import shop_tables

PLAN = ShopPlan(sales=2_000, until=date(2025, 6, 30))
DRAWN_TABLES = ("books_publisher", "books_author", "books_work", "books_book", "sales_customer", "sales_sale")


def fingerprints(plan):
    """A digest of the very bytes that would be loaded, by table."""
    digests = {}
    for name, rows in shop_tables(plan):
        digests.setdefault(name, hashlib.sha256()).update(csv_of(rows))
    return {name: digest.hexdigest() for name, digest in digests.items()}


def test_equal_plans_make_equal_bytes():
    assert fingerprints(PLAN) == fingerprints(replace(PLAN))


@pytest.mark.parametrize(
    "other",
    [replace(PLAN, seed=8), replace(PLAN, sales=2_100), replace(PLAN, until=date(2025, 6, 29))],
    ids=["seed", "size", "last day"],
)
def test_a_plan_that_differs_in_anything_makes_other_sales(other):
    assert fingerprints(PLAN)["sales_sale"] != fingerprints(other)["sales_sale"]


def test_another_seed_draws_every_table_anew():
    ours, others = fingerprints(PLAN), fingerprints(replace(PLAN, seed=8))

    assert [name for name in DRAWN_TABLES if ours[name] == others[name]] == []
