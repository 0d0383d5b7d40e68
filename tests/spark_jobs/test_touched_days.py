from datetime import UTC, datetime

import pytest
from frames import assert_rows, table

from spark_jobs.touched_days import of_changed_inputs, spans_that_differ

ALWAYS = {"valid_from": "0001-01-01 00:00:00", "valid_to": "9999-12-31 00:00:00"}
MEANING = {"shop_currency": "USD", "reporting_currency": "USD", "snapshot_at": datetime(2024, 3, 9, tzinfo=UTC)}


def sale(sale_id, day, **values):
    return {"source": "shop", "sale_id": sale_id, "book_id": 1, "store_id": 1, "sold_at": f"{day} 12:00:00",
            "sale_date": day, "currency": "EUR", **values}  # fmt: skip


def version(key, since, until, cost="5.00", book_id=1, source="shop"):
    return {"book_key": key, "source": source, "book_id": book_id, "unit_cost": cost, "genre_key": 1, "publisher_key": 1,
            "valid_from": f"{since} 00:00:00", "valid_to": f"{until} 00:00:00"}  # fmt: skip


BEFORE = {
    "sales": ("silver.sales", [
        sale(1, "2024-03-01"), sale(2, "2024-03-02"), sale(3, "2024-03-03", book_id=2, store_id=2, promotion_id=7),
        sale(4, "2024-03-04", book_id=2, store_id=2, customer_id=8, currency="GBP"),
        sale(5, "2024-03-05", deleted_at="2024-03-06 00:00:00"),
    ]),
    "books": ("gold.dim_book", [version(4, "0001-01-01", "9999-12-31"), version(5, "0001-01-01", "9999-12-31", book_id=2)]),
    "stores": ("gold.dim_store", [{"source": "shop", "store_id": number, "store_key": number, "region_key": 1} for number in (1, 2)]),
    "promotions": ("gold.dim_promotion", []),
    "customers": ("silver.customers", [{"source": "shop", "customer_id": 8, "customer_hash": "aa"}]),
    "customer_keys": ("gold.dim_customer", [{"source": "shop", "customer_hash": "aa", "customer_key": 80}]),
    "exchange_rates": ("silver.exchange_rates", [
        {"source": "shop", "exchange_rate_id": 1, "rate_date": "2024-03-01", "currency": "EUR", "rate_to_reporting": "1.1"},
    ]),
}  # fmt: skip

CHANGES = {
    "a new price touches the sales since it holds": (
        {"books": [version(4, "0001-01-01", "2024-03-02"), version(6, "2024-03-02", "9999-12-31", "6.00"),
                   version(5, "0001-01-01", "9999-12-31", book_id=2)]},
        ["2024-03-02"],
    ),
    "a new book touches its sales": (
        {"books": [version(4, "0001-01-01", "9999-12-31"), version(5, "0001-01-01", "9999-12-31", book_id=2),
                   version(6, "0001-01-01", "9999-12-31", book_id=1, source="kiosk")]},
        [],
    ),
    "a book that says otherwise of all time touches all its sales": (
        {"books": [{**version(4, "0001-01-01", "9999-12-31"), "format": "ebook"},
                   version(5, "0001-01-01", "9999-12-31", book_id=2)]},
        ["2024-03-01", "2024-03-02"],
    ),
    "a store in another region touches all its days": (
        {"stores": [{"source": "shop", "store_id": 1, "store_key": 1, "region_key": 1},
                    {"source": "shop", "store_id": 2, "store_key": 2, "region_key": 9}]},
        ["2024-03-03", "2024-03-04"],
    ),
    "a promotion that came late touches its sales": (
        {"promotions": [{"source": "shop", "promotion_id": 7, "promotion_key": 3}]}, ["2024-03-03"]
    ),
    "a customer that is gone touches their sales": ({"customers": []}, ["2024-03-04"]),
    "a rate that came late touches the days until the next": (
        {"exchange_rates": [
            {"source": "shop", "exchange_rate_id": 1, "rate_date": "2024-03-01", "currency": "EUR", "rate_to_reporting": "1.1"},
            {"source": "shop", "exchange_rate_id": 2, "rate_date": "2024-03-02", "currency": "EUR", "rate_to_reporting": "1.2"},
            {"source": "shop", "exchange_rate_id": 3, "rate_date": "2024-03-04", "currency": "EUR", "rate_to_reporting": "1.1"},
        ]},
        ["2024-03-02", "2024-03-03"],
    ),
    "a promotion that nobody used touches nothing": (
        {"promotions": [{"source": "shop", "promotion_id": 70, "promotion_key": 3}]}, []
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "days"), CHANGES.values(), ids=CHANGES)
def test_a_change_touches_the_days_on_which_it_makes_a_difference(spark, changed, days):
    before = {alias: table(spark, name, *rows) for alias, (name, rows) in BEFORE.items()}
    now = {**before, **{alias: table(spark, BEFORE[alias][0], *rows) for alias, rows in changed.items()}}

    touched = of_changed_inputs(before, now, set(changed), **MEANING)

    assert_rows(touched, "sale_date date", *((day,) for day in days))


def test_of_two_versions_only_the_span_in_which_another_holds_differs(spark):
    before = table(
        spark, "gold.dim_book", version(4, "0001-01-01", "2024-01-01"), version(5, "2024-01-01", "9999-12-31")
    )
    now = table(
        spark, "gold.dim_book", version(4, "0001-01-01", "2024-01-01"), version(5, "2024-01-01", "2024-06-01"),
        version(6, "2024-06-01", "9999-12-31", "6.00"),
    )  # fmt: skip

    assert_rows(
        spans_that_differ(before, now),
        "_book_id bigint, _from timestamp, _to timestamp",
        (1, "2024-06-01 00:00:00", "9999-12-31 00:00:00"),
    )
