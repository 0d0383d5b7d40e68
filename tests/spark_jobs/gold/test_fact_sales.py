from datetime import UTC, datetime

from frames import assert_rows, frame, table

from spark_jobs.gold.fact_sales import transform, with_amounts, with_book_version, with_members, with_original_date

RATES = "source string, rate_currency string, rate_day date, rate decimal(20,10)"
LINE = (
    "source string, sale_id bigint, kind string, sale_date date, quantity int, unit_price decimal(12,2), "
    "discount_amount decimal(12,2), tax_amount decimal(12,2), currency string, "
    "_unit_cost decimal(12,2), _cost_currency string, in_default_totals boolean"
)


def line(sale_id, quantity, unit_price, discount="0", tax="0", currency="EUR", cost=None, cost_currency=None):
    kind = "return" if quantity < 0 else "sale"
    return (
        "shop",
        sale_id,
        kind,
        "2024-03-01",
        quantity,
        unit_price,
        discount,
        tax,
        currency,
        cost,
        cost_currency,
        None,
    )


def amounts(spark, *lines):
    rates = frame(
        spark,
        RATES,
        ("shop", "EUR", "2024-02-29", "9"),
        ("shop", "EUR", "2024-03-01", "1.1"),
        ("shop", "GBP", "2024-03-01", "1.25"),
        ("shop", "TRY", "2024-03-01", "0.3"),
        ("kiosk", "EUR", "2024-03-01", "9"),
    )
    return with_amounts(frame(spark, LINE, *lines), rates, "USD")


def test_a_line_is_judged_by_the_book_version_that_held_when_it_was_sold(spark):
    books = table(
        spark,
        "gold.dim_book",
        {"book_key": 0, "valid_from": "0001-01-01 00:00:00", "valid_to": "9999-12-31 00:00:00"},
        {"book_key": 4, "source": "shop", "book_id": 1, "publisher_key": 20, "genre_key": 30, "unit_cost": "7.00",
         "valid_from": "0001-01-01 00:00:00", "valid_to": "2024-03-01 09:30:00"},
        {"book_key": 5, "source": "shop", "book_id": 1, "publisher_key": 21, "genre_key": 31, "unit_cost": "8.00",
         "valid_from": "2024-03-01 09:30:00", "valid_to": "9999-12-31 00:00:00"},
    )  # fmt: skip
    sales = table(
        spark,
        "silver.sales",
        {"source": "shop", "sale_id": 1, "book_id": 1, "sold_at": "2024-03-01 09:29:59.999999"},
        {"source": "shop", "sale_id": 2, "book_id": 1, "sold_at": "2024-03-01 09:30:00"},
        {"source": "shop", "sale_id": 3, "book_id": 99, "sold_at": "2024-03-01 09:30:00"},
        {"source": "kiosk", "sale_id": 4, "book_id": 1, "sold_at": "2024-03-01 09:30:00"},
    )

    judged = with_book_version(sales, books)

    assert_rows(
        judged,
        "sale_id bigint, book_key bigint, publisher_key bigint, genre_key bigint, _unit_cost decimal(12,2)",
        (1, 4, 20, 30, "7.00"),
        (2, 5, 21, 31, "8.00"),
        (3, 0, 0, 0, None),
        (4, 0, 0, 0, None),
    )


def test_a_book_is_frontlist_in_its_first_365_days(spark):
    always = {"valid_from": "0001-01-01 00:00:00", "valid_to": "9999-12-31 00:00:00", "source": "shop"}
    books = table(
        spark,
        "gold.dim_book",
        {"book_key": 4, "book_id": 1, "published_on": "2023-03-02", **always},
        {"book_key": 5, "book_id": 2, **always},
    )
    days = {1: "2023-03-01", 2: "2023-03-02", 3: "2024-02-29", 4: "2024-03-01"}
    sold = [
        {"source": "shop", "sale_id": sale_id, "book_id": 1, "sold_at": f"{day} 12:00:00", "sale_date": day}
        for sale_id, day in days.items()
    ]
    of_unknown_age = {**sold[1], "sale_id": 5, "book_id": 2}

    judged = with_book_version(table(spark, "silver.sales", *sold, of_unknown_age), books)

    # The 365th day is 29 February 2024.
    assert_rows(
        judged, "sale_id bigint, is_frontlist boolean", (1, False), (2, True), (3, True), (4, False), (5, False)
    )


def test_the_region_and_the_channel_are_the_stores_what_is_not_known_is_member_0_who_was_erased_member_minus_1(spark):
    stores = table(
        spark, "gold.dim_store", {"store_key": 10, "source": "shop", "store_id": 1, "region_key": 50, "channel_key": 60}
    )
    promotions = table(spark, "gold.dim_promotion", {"promotion_key": 70, "source": "shop", "promotion_id": 7})
    customers = frame(spark, "source string, customer_id bigint, customer_key bigint", ("shop", 8, 80))
    sales = table(
        spark,
        "silver.sales",
        {"source": "shop", "sale_id": 1, "store_id": 1, "promotion_id": 7, "customer_id": 8},
        {"source": "shop", "sale_id": 2, "store_id": 1},
        {"source": "shop", "sale_id": 3, "store_id": 99, "promotion_id": 99, "customer_id": 99},
        {"source": "kiosk", "sale_id": 4, "store_id": 1, "promotion_id": 7, "customer_id": 8},
        {"source": "shop", "sale_id": 5, "store_id": 1, "customer_id": -1},
    )

    found = with_members(sales, stores, promotions, customers)

    assert_rows(
        found,
        "sale_id bigint, store_key bigint, region_key bigint, channel_key bigint, promotion_key bigint, customer_key bigint",
        (1, 10, 50, 60, 70, 80),
        (2, 10, 50, 60, 0, 0),
        (3, 0, 0, 0, 0, 0),
        (4, 0, 0, 0, 0, 0),
        (5, 10, 50, 60, 0, -1),
    )


def test_a_return_has_the_business_date_of_the_line_it_takes_back_also_of_a_deleted_one(spark):
    sold = {"source": "shop", "sale_id": 1, "sale_date": "2024-02-01"}
    deleted = {"source": "shop", "sale_id": 2, "sale_date": "2024-02-02", "deleted_at": "2024-02-03 00:00:00"}
    returns = [
        {"source": "shop", "sale_id": 3, "sale_date": "2024-03-01", "original_sale_id": 1},
        {"source": "shop", "sale_id": 4, "sale_date": "2024-03-01", "original_sale_id": 1},
        {"source": "shop", "sale_id": 5, "sale_date": "2024-03-01", "original_sale_id": 2},
        {"source": "shop", "sale_id": 6, "sale_date": "2024-03-01", "original_sale_id": 99},
        {"source": "kiosk", "sale_id": 7, "sale_date": "2024-03-01", "original_sale_id": 1},
    ]
    everything = table(spark, "silver.sales", sold, deleted, *returns)

    dated = with_original_date(everything.filter("deleted_at is null"), everything)

    assert_rows(
        dated,
        "sale_id bigint, sale_date date, original_sale_date date",
        (1, "2024-02-01", None),
        (3, "2024-03-01", "2024-02-01"),
        (4, "2024-03-01", "2024-02-01"),
        (5, "2024-03-01", "2024-02-02"),
        (6, "2024-03-01", None),
        (7, "2024-03-01", None),
    )


def test_amounts_are_rounded_half_up_per_line_and_net_is_their_difference(spark):
    found = amounts(
        spark,
        line(1, 3, "9.95", "2.95", "1.05"),
        line(2, -3, "9.95", "-2.95", "-1.05"),
        line(3, 1, "0.04", "0.02", currency="TRY"),
        line(4, 1, "10.00", currency="USD"),
    )

    # 29.85 × 1.1 = 32.835; 2.95 × 1.1 = 3.245; 1.05 × 1.1 = 1.155. In line 3 each of 0.04 and 0.02 becomes 0.01, so nothing
    # is left of it, where 0.02 × 0.3 = 0.006 would have been rounded up.
    assert_rows(
        found,
        "sale_id bigint, is_return boolean, gross_amount decimal(18,2), discount_amount decimal(18,2), "
        "net_amount decimal(18,2), tax_amount decimal(18,2), gross_reporting_amount decimal(18,2), "
        "discount_reporting_amount decimal(18,2), net_reporting_amount decimal(18,2), tax_reporting_amount decimal(18,2)",
        (1, False, "29.85", "2.95", "26.90", "1.05", "32.84", "3.25", "29.59", "1.16"),
        (2, True, "-29.85", "-2.95", "-26.90", "-1.05", "-32.84", "-3.25", "-29.59", "-1.16"),
        (3, False, "0.04", "0.02", "0.02", "0", "0.01", "0.01", "0", "0"),
        (4, False, "10.00", "0", "10.00", "0", "10.00", "0", "10.00", "0"),
    )


def test_the_cost_is_converted_from_the_books_currency_at_the_rate_of_the_business_date(spark):
    found = amounts(
        spark,
        line(1, 3, "20.00", cost="4.15", cost_currency="EUR"),
        line(2, 2, "20.00", cost="4.00", cost_currency="GBP"),
        line(3, 2, "20.00", cost="4.00", cost_currency="USD"),
        line(4, -2, "20.00", currency="USD", cost="4.01", cost_currency="EUR"),
        line(5, 2, "20.00"),
    )

    assert_rows(
        found,
        "sale_id bigint, cost_amount decimal(18,2), cost_reporting_amount decimal(18,2)",
        (1, "12.45", "13.70"),  # 12.45 EUR × 1.1 = 13.695
        (2, "9.09", "10.00"),  # 8.00 GBP × 1.25 = 10.00 USD; ÷ 1.1 = 9.0909 EUR
        (3, "7.27", "8.00"),  # 8.00 USD ÷ 1.1 = 7.2727 EUR
        (4, "-8.82", "-8.82"),  # −8.02 EUR × 1.1 = −8.822 USD
        (5, "0", "0"),  # a book without a cost
    )


def test_an_amount_whose_rate_is_not_known_is_null(spark):
    found = amounts(
        spark,
        line(1, 1, "5.00", currency="CHF"),
        line(2, 1, "5.00", cost="4.00", cost_currency="CHF"),
        line(3, 1, "5.00", currency="CHF", cost="4.00", cost_currency="EUR"),
    )

    assert_rows(
        found,
        "sale_id bigint, gross_amount decimal(18,2), gross_reporting_amount decimal(18,2), net_reporting_amount decimal(18,2), "
        "cost_amount decimal(18,2), cost_reporting_amount decimal(18,2)",
        (1, "5.00", None, None, None, "0"),
        (2, "5.00", "5.50", "5.50", None, None),
        (3, "5.00", None, None, None, "4.40"),
    )


def test_a_deleted_line_is_no_fact_and_every_live_line_is_one(spark):
    live = {
        "source": "shop", "sale_id": 1, "kind": "sale", "book_id": 1, "customer_id": 8, "store_id": 1, "quantity": 1,
        "sold_at": "2024-03-01 12:00:00", "sale_date": "2024-03-01", "unit_price": "5.00", "discount_amount": "0.50",
        "tax_amount": "0", "currency": "USD",
    }  # fmt: skip
    deleted = {**live, "sale_id": 2, "deleted_at": "2024-03-02 00:00:00"}

    sales = table(spark, "silver.sales", live, deleted)
    facts = transform(
        sales=sales,
        originals=sales,
        books=table(spark, "gold.dim_book"),
        stores=table(spark, "gold.dim_store"),
        promotions=table(spark, "gold.dim_promotion"),
        customers=table(spark, "silver.customers", {"source": "shop", "customer_id": 8, "customer_hash": "aa"}),
        customer_keys=table(spark, "gold.dim_customer", {"source": "shop", "customer_hash": "aa", "customer_key": 80}),
        exchange_rates=table(spark, "silver.exchange_rates"),
        shop_currency="USD",
        reporting_currency="USD",
        snapshot_at=datetime(2024, 5, 1, 6, tzinfo=UTC),
    )

    assert_rows(
        facts,
        "sale_id bigint, customer_key bigint, book_key bigint, net_reporting_amount decimal(18,2), in_default_totals boolean",
        (1, 80, 0, "4.50", True),
    )
